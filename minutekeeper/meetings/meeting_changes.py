"""Requests for a running meeting: reschedule, cancel, leave, send, claim, release.

Update handlers record them here. A request is validated before it is recorded; recording changes only the state,
and the main loop acts on it. Pure.
"""

from datetime import datetime

from minutekeeper.meetings import claims, descriptions
from minutekeeper.meetings.claims import Claim, ClaimRelease, ClaimResult
from minutekeeper.meetings.dispatch import is_worth_joining, unbookable
from minutekeeper.meetings.fields import MAX_METADATA, BotOptions, WantedArtifacts
from minutekeeper.meetings.meeting_keys import fullest_url, meeting_key
from minutekeeper.meetings.meeting_state import MeetingState
from minutekeeper.meetings.request import CalendarEventRef, MeetingRequest, Reschedule
from minutekeeper.meetings.session_state import StopKind, StopState
from minutekeeper.meetings.status import MeetingStatus, TranscriptState
from minutekeeper.meetings.views import RELEASED, Evidence


class ChangeRefusedError(Exception):
    """The change is not possible now; the message says why. `is_invalid`: its content makes no sense."""

    def __init__(self, message: str, *, is_invalid: bool = False) -> None:
        super().__init__(message)
        self.is_invalid = is_invalid


def check_reschedule(state: MeetingState, change: Reschedule, now: datetime) -> None:
    """Raises ChangeRefusedError for a move that makes no sense."""
    _check_open(state, "moved")
    _check_not_provider_scheduled(state, "moved")
    if state.stop:
        raise ChangeRefusedError("This meeting was stopped already and cannot be moved.")
    before, moved = state.request, state.request.moved(change)
    same = ("start_time", "end_time", "meeting_url")
    if all(getattr(moved, name) == getattr(before, name) for name in same):
        return
    if problem := unbookable(moved, now):
        raise ChangeRefusedError(problem, is_invalid=True)


def reschedule(state: MeetingState, change: Reschedule, now: datetime) -> None:
    """Moves the meeting, unless its bot is in the call: then the recording goes on, and `held_change` says so.

    To another room a running meeting moves all the same: another bot goes there.
    """
    state.held_change = ""
    if _moves(state, change) and state.is_in_call and not _goes_on_elsewhere(state, change, now):
        state.held_change = (
            "The bot is in the call, so its recording goes on and the meeting keeps its time; "
            "leave or cancel the meeting to end the recording."
        )
        state.note(now, "held", state.held_change)
        return
    _move(state, change, now)


def check_open_for_stop(state: MeetingState, kind: StopKind) -> None:
    """Raises ChangeRefusedError if the meeting is over, or no bot can leave."""
    _check_open(state, "cancelled" if kind is StopKind.CANCEL else "left")
    if kind is StopKind.LEAVE and state.current_status is MeetingStatus.SCHEDULED:
        raise ChangeRefusedError("No bot is in this meeting yet; cancel the meeting instead.")


def stop(state: MeetingState, kind: StopKind, reason: str, now: datetime, event: str = "") -> None:
    """Ends the meeting for us. A cancellation takes the place of a request to leave; a repeat changes nothing."""
    is_stronger = state.stop is not None and (state.stop.kind, kind) == (StopKind.LEAVE, StopKind.CANCEL)
    if state.stop is not None and not is_stronger:
        return
    evidence = Evidence(event=event or kind.value, at=now, text=reason)
    state.stop = StopState(kind=kind, evidence=evidence)
    for session in state.sessions:
        session.leave_requested = True
    what = "The meeting was cancelled" if kind is StopKind.CANCEL else "The bot was asked to leave"
    state.note(now, kind.value, f"{what}{f': {reason}' if reason else '.'}")


def check_send(state: MeetingState, now: datetime) -> None:
    """Raises ChangeRefusedError unless another bot can be sent now."""
    _check_not_provider_scheduled(state, "joined by another bot")
    if state.stop:
        raise ChangeRefusedError("This meeting was stopped; book it again to have a bot in it.")
    if state.current is None or state.current_status is MeetingStatus.SCHEDULED:
        raise ChangeRefusedError("The meeting's first bot is still to be sent; no other one is needed yet.")
    bot = state.current.bot
    if bot is not None and bot.shared_with and not bot.has_left:
        raise ChangeRefusedError(
            f"The bot in this room belongs to workflow {bot.shared_with}, and both meetings share it; send another "
            "bot there."
        )
    if not is_worth_joining(state.request, now):
        end = descriptions.format_utc(state.request.expected_end)
        raise ChangeRefusedError(
            f"The meeting has less than a minute left (planned end: {end}); reschedule it to a later end first."
        )


def request_bot(state: MeetingState, reason: str, now: datetime) -> None:
    """Has another bot sent as soon as the present one is gone, which is told to leave."""
    state.send_requested = True
    state.failure = None
    for session in state.standing:
        session.leave_requested = session.leave_requested or not session.is_gone
    state.note(now, "send", f"Another bot was asked for{f': {reason}' if reason else '.'}")


def check_claim(state: MeetingState, wanted: Claim, now: datetime) -> None:
    """Raises ChangeRefusedError if the meeting can be claimed no more."""
    if state.outcome is not None or not is_continued_elsewhere(state, wanted, now):
        _check_open(state, "claimed")
    _check_not_provider_scheduled(state, "claimed")
    if state.stop:
        raise ChangeRefusedError("This meeting was stopped already and cannot be claimed.")


def claim(state: MeetingState, wanted: Claim, now: datetime) -> ClaimResult:
    """Takes in a calendar's claim, and moves the meeting where the leading claim wants it."""
    before = state.interest
    state.interest = claims.add_claim(before, wanted)
    if before.claims and wanted.calendar_id not in before.claims:
        state.note(now, "claimed", f"Calendar {wanted.calendar_id} has this meeting too.")
    if before.followed is None and (is_booked_by_hand(state) or _is_as_booked(state, wanted)):
        # The first one only tells what the meeting was booked for; people who booked it had reasons for theirs.
        state.interest = state.interest.model_copy(update={"followed": wanted})
    return _apply_leading_claim(state, now)


def is_continued_elsewhere(state: MeetingState, wanted: Claim, now: datetime) -> bool:
    """Whether the claim has a meeting whose bot is gone, or that has ended, go on in another room.

    Not once people have stopped it.
    """
    leading = claims.claim_to_apply(claims.add_claim(state.interest, wanted))
    if leading is None or state.stop is not None or state.request.follows is not None:
        return False
    return _goes_on_elsewhere(state, _as_change(state, leading), now)


def release(state: MeetingState, released: ClaimRelease, now: datetime) -> None:
    """Takes in that a calendar wants the meeting no more. It is cancelled when the last claim is released.

    A veto cancels it whatever others claim. A meeting that people booked themselves is not cancelled by a calendar.
    """
    before, state.interest = state.interest, claims.release_claim(state.interest, released)
    is_open = not (is_booked_by_hand(state) or state.stop)
    booker = state.request.calendar.calendar_id if state.request.calendar else ""
    had_claim = claims.had_claim(before, released, booker) or (is_open and claims.is_again(before, released))
    is_veto = released.for_all and is_open
    if state.interest is before or not (had_claim or is_veto):
        return
    event, what = ("released", "let go of this meeting") if had_claim else ("vetoed", "objects to any recording")
    state.note(now, event, f"Calendar {released.calendar_id} {what}. {released.why}".strip())
    is_wanted = bool(state.interest.claims) and not is_veto
    if is_wanted and not state.is_closing:
        _apply_leading_claim(state, now)
    if is_wanted or state.is_closing or is_booked_by_hand(state) or state.stop:
        return
    if state.is_in_call and not released.by_person and (released.deleted_at or now) >= state.request.start_time:
        state.note(now, "kept_on", "The meeting had begun, so its recording goes on.")
        return
    stop(state, StopKind.CANCEL, released.why, now, RELEASED)


def is_booked_by_hand(state: MeetingState) -> bool:
    return state.request.calendar is None or state.request.follows is not None


def _apply_leading_claim(state: MeetingState, now: datetime) -> ClaimResult:
    wanted, followed = claims.claim_to_apply(state.interest), state.interest.followed
    _show_leading_calendar(state)
    if wanted is None:
        _join_by_fullest_link(state, now)
        return ClaimResult.ACCEPTED
    change = _as_change(state, wanted)
    is_late = bool(state.standing) and not is_worth_joining(state.request.moved(change), now)
    is_held = is_late or (state.is_in_call and not _goes_on_elsewhere(state, change, now))
    if _moves(state, change) and is_held:
        _follow_end(state, change, now)
        return ClaimResult.DEFERRED
    state.interest = state.interest.model_copy(update={"followed": wanted})
    _move(state, change, now)
    # An event without an end has none, although a change of the start alone would keep the length.
    update = {"bot": wanted.bot or BotOptions(), "end_time": wanted.end_time}
    state.request = state.request.model_copy(update=update | _kept_and_found_by(state, wanted, followed))
    if not state.standing and state.transcript in {TranscriptState.PENDING, TranscriptState.NOT_ASKED}:
        is_asked = state.request.wanted.transcript
        state.transcript = TranscriptState.PENDING if is_asked else TranscriptState.NOT_ASKED
    return ClaimResult.ACCEPTED


def _kept_and_found_by(state: MeetingState, wanted: Claim, followed: Claim | None) -> dict[str, object]:
    """What is kept of the meeting, and its data, after a claim; what people said of both when they booked it stays.

    A transcript that its bot was not asked for cannot be had any more. Of too many data, people's own stay.
    """
    before = state.request
    said_before = followed is not None and followed.wanted is not None
    kept = wanted.wanted or (WantedArtifacts() if said_before else before.wanted)
    if state.standing and not before.wanted.transcript:
        kept = kept.model_copy(update={"transcript": False})
    own = {key: text for key, text in before.metadata.items() if not followed or key not in followed.metadata}
    metadata = dict(list((own | wanted.metadata).items())[:MAX_METADATA])
    return {"wanted": kept, "metadata": metadata}


def _as_change(state: MeetingState, wanted: Claim) -> Reschedule:
    return Reschedule(
        start_time=wanted.start_time,
        end_time=wanted.end_time,
        # What the meeting was booked with may admit better than what its calendars know now.
        meeting_url=fullest_url(claims.link_to_join(state.interest, wanted.meeting_url), state.request.meeting_url),
        title=wanted.title,
    )


def _follow_end(state: MeetingState, change: Reschedule, now: datetime) -> None:
    """A meeting that is shifted a little while it is recorded ends when the event does."""
    end, is_same_sitting = change.end_time, change.start_time < state.request.expected_end
    if end is None or end == state.request.end_time or end <= max(state.request.start_time, now):
        return
    if state.is_in_call and is_same_sitting:
        state.request = state.request.model_copy(update={"end_time": end})
        state.note(now, "changed", "The meeting's end was changed; it is recorded, so its start stays.")


def _goes_on_elsewhere(state: MeetingState, change: Reschedule, now: datetime) -> bool:
    """Whether a meeting to which a bot was sent goes on in another room while a bot is still worth sending."""
    before, moved = state.request, state.request.moved(change)
    is_elsewhere = meeting_key(moved.meeting_url) != meeting_key(before.meeting_url)
    is_same_sitting = bool(state.sessions) and moved.start_time < before.expected_end
    return is_elsewhere and is_same_sitting and is_worth_joining(moved, now)


def _join_by_fullest_link(state: MeetingState, now: datetime) -> None:
    """Bots that are sent from now on join by a fuller link to the same meeting, if a calendar has one."""
    request = state.request
    link = claims.link_to_join(state.interest, request.meeting_url)
    change = Reschedule(start_time=request.start_time, end_time=request.end_time, meeting_url=link)
    if link != request.meeting_url and not (_moves(state, change) and not is_worth_joining(request, now)):
        _move(state, change, now)


def _moves(state: MeetingState, change: Reschedule) -> bool:
    """Whether the change brings the meeting to another time or place, or its bot needs another link to get in."""
    before, moved = state.request, state.request.moved(change)
    if moved.start_time != before.start_time or meeting_key(moved.meeting_url) != meeting_key(before.meeting_url):
        return True
    is_admitted = all(session.has_reached_meeting for session in state.standing)
    return moved.meeting_url != before.meeting_url and not is_admitted


def _move(state: MeetingState, change: Reschedule, now: datetime) -> None:
    moves, goes_on = _moves(state, change), _goes_on_elsewhere(state, change, now)
    before, state.request = state.request, state.request.moved(change)
    if not moves:
        if before.meeting_url != state.request.meeting_url:
            state.note(now, "changed", "Its bot joins by another link to the same meeting.")
        else:
            state.note(now, "changed", "The meeting's end or title was changed; its start stays.")
        return
    for session in state.sessions:
        # A recording that runs is never cut for an event: people may be in the old room still, or come back.
        is_kept = goes_on and session.bot is not None and (session.bot.is_in_call or session.bot.has_left)
        is_here = meeting_key(session.meeting_url) == meeting_key(state.request.meeting_url)
        session.superseded = not (is_kept and is_here and session.bot is not None and session.bot.is_in_call)
        session.leave_requested = session.leave_requested or not is_kept
    state.failure = state.account_problem = None
    state.tried = []
    state.send_requested = False
    state.known_since = now
    state.note(now, "rescheduled", _describe_goal(state) if goes_on else _describe_move(before, state.request))


def _describe_goal(state: MeetingState) -> str:
    """Of a meeting that goes on in another room."""
    stays = " The one in the call stays there, because a running recording goes on." if state.is_in_call else ""
    return f"The meeting is at {state.request.public_url} now: another bot goes there.{stays}"


def _describe_move(before: MeetingRequest, after: MeetingRequest) -> str:
    is_same_room = meeting_key(before.meeting_url) == meeting_key(after.meeting_url)
    if is_same_room and before.start_time == after.start_time:
        return "Another bot joins by another link to the same meeting."
    link = "" if is_same_room else f", now at {after.public_url}"
    moved = (
        f"Moved from {descriptions.format_utc(before.start_time)} to {descriptions.format_utc(after.start_time)}"
    )
    return f"{moved}{link}."


def _show_leading_calendar(state: MeetingState) -> None:
    """The meeting names the calendar whose claim leads now as its origin."""
    leader = claims.leading_claim(state.interest)
    if leader is not None and state.request.calendar is not None:
        origin = CalendarEventRef(calendar_id=leader.calendar_id, event_id=leader.event_id)
        state.request = state.request.model_copy(update={"calendar": origin})


def _is_as_booked(state: MeetingState, wanted: Claim) -> bool:
    names = ("start_time", "end_time", "meeting_url", "title")
    return all(getattr(wanted, name) == getattr(state.request, name) for name in names)


def _check_open(state: MeetingState, what: str) -> None:
    if state.is_closing:
        status = state.current_status
        came_to = status.value if status.is_final else "what its bot left is being collected"
        raise ChangeRefusedError(f"This meeting is over ({came_to}) and cannot be {what} any more.")


def _check_not_provider_scheduled(state: MeetingState, what: str) -> None:
    if state.request.follows:
        raise ChangeRefusedError(
            f"The provider sent this bot by its own timer, so the meeting cannot be {what} here; "
            "change the event in its calendar."
        )
