"""What a meeting takes in from other workflows about its room: who needs it, who shares the bot, who removed it."""

from datetime import datetime

from minutekeeper.meetings import descriptions
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.rooms import CHANGEOVER, RoomNeeded, RoomShared

_MAX_REMOVED_BOTS = 20
_MAX_SHARERS = 50
"""Those beyond it hear of a removal when they ask the provider."""


def vacate(state: MeetingState, needed: RoomNeeded, now: datetime) -> None:
    """Has a bot leave just before another meeting begins in its room, unless that is before its own planned end."""
    leave_at = needed.at - CHANGEOVER
    for session in state.sessions:
        is_meant = session.dispatch == needed.dispatch and not session.is_gone and not session.leave_requested
        if not is_meant or needed.at < state.request.expected_end:
            continue
        if session.leave_at is None or leave_at < session.leave_at:
            session.leave_at = leave_at
            begins = descriptions.format_utc(needed.at)
            state.note(
                now, "room_needed", f"Meeting {needed.meeting_id} begins here at {begins}: the bot leaves by then."
            )


def share(state: MeetingState, shared: RoomShared, now: datetime) -> None:
    """Takes in that another workflow shares a bot of this meeting."""
    for session in state.sessions:
        is_meant = session.dispatch == shared.dispatch and not session.is_gone
        is_new = shared.workflow_id not in session.sharers and len(session.sharers) < _MAX_SHARERS
        if is_meant and is_new:
            session.sharers.append(shared.workflow_id)
            state.note(now, "shared", f"Workflow {shared.workflow_id} has this meeting too, and shares the bot.")


def lose_shared_bot(state: MeetingState, bot_id: str, now: datetime) -> None:
    """Takes in that the owner of a shared bot told it to leave, after which this meeting needs another one."""
    state.removed_bots = [*state.removed_bots, bot_id][-_MAX_REMOVED_BOTS:]
    for session in state.sessions:
        bot = session.bot
        if bot is not None and bot.shared_with and bot.bot_id == bot_id and not bot.taken_away:
            session.bot = bot.model_copy(update={"taken_away": True})
            state.note(now, "taken_away", f"Workflow {bot.shared_with} told the bot to leave, which both shared.")
