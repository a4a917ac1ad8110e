"""What a meeting does when a calendar claims it or lets go of it."""

from temporalio import workflow

from minutekeeper.temporal import search_attributes
from workflows.journal import Journal

with workflow.unsafe.imports_passed_through():
    from meetings import interest
    from meetings.dispatch import is_worth_joining
    from meetings.record import MeetingRecord
    from meetings.request import (
        BotOptions,
        CalendarOrigin,
        Claim,
        ClaimAnswer,
        Interest,
        Release,
        Reschedule,
    )
    from meetings.status import MeetingStatus

_IN_THE_CALL = frozenset({MeetingStatus.IN_CALL, MeetingStatus.RECORDING, MeetingStatus.PAUSED})


class Claims:
    """The claims of calendars on one meeting. A meeting that people booked themselves is never given up by them."""

    def __init__(self, journal: Journal, *, is_booked_by_hand: bool) -> None:
        self._journal = journal
        self._is_booked_by_hand = is_booked_by_hand

    def take(self, claim: Claim) -> tuple[ClaimAnswer, bool]:
        """The answer to a claim, and whether the meeting is now at another time or place."""
        record = self._journal.record
        before = record.interest
        record.interest = interest.with_claim(before, claim)
        self._show_calendars(before)
        if before.claims and claim.calendar_id not in before.claims:
            self._journal.note("claimed", f"Calendar {claim.calendar_id} has this meeting too.")
        if before.followed is None and (self._is_booked_by_hand or _is_as_wanted(record, claim)):
            # The first one only tells what the meeting was booked for; people who booked it had reasons for theirs.
            record.interest = record.interest.model_copy(update={"followed": claim})
        return self._follow()

    def let_go(self, release: Release, *, is_closing: bool) -> tuple[bool, bool]:
        """Whether nobody wants the meeting any more, and whether it is now at another time or place.

        One that is closing was held: it takes note, and stays where it was.
        """
        record = self._journal.record
        before = record.interest
        record.interest = interest.with_release(before, release)
        if not self._had_it(release.calendar_id, before) or release.calendar_id in record.interest.claims:
            return False, False
        self._show_calendars(before)
        self._journal.note(
            "released", f"Calendar {release.calendar_id} let go of this meeting. {release.why}".strip()
        )
        if is_closing:
            return False, False
        if record.interest.claims:
            return False, self._follow()[1]
        if self._is_booked_by_hand:
            return False, False
        if _is_in_the_call(record) and (release.deleted_at or workflow.now()) >= record.request.start_time:
            self._journal.note("kept_on", "The meeting had begun, so its recording goes on.")
            return False, False
        return True, False

    def _had_it(self, calendar_id: str, before: Interest) -> bool:
        """One whose look died after it booked the meeting, and before it could claim it, has it all the same."""
        origin = self._journal.record.request.calendar
        is_bookers = not before.claims and origin is not None and origin.calendar_id == calendar_id
        return is_bookers or calendar_id in before.claims

    def _follow(self) -> tuple[ClaimAnswer, bool]:
        record = self._journal.record
        wanted = interest.to_follow(record.interest)
        self._show_leader()
        if wanted is None:
            return ClaimAnswer.TAKEN, False
        moves = (wanted.start_time, wanted.meeting_url) != (record.request.start_time, record.request.meeting_url)
        change = Reschedule(
            start_time=wanted.start_time,
            end_time=wanted.end_time,
            meeting_url=wanted.meeting_url,
            title=wanted.title,
        )
        is_late = bool(record.tries) and not is_worth_joining(record.request.moved(change), workflow.now())
        if moves and (_is_in_the_call(record) or is_late):
            return ClaimAnswer.HELD, False
        record.interest = record.interest.model_copy(update={"followed": wanted})
        has_moved = record.move(change, workflow.now())
        # An event without an end has none, although a change of the start alone would keep the length.
        update = {"bot": wanted.bot or BotOptions(), "end_time": wanted.end_time}
        record.request = record.request.model_copy(update=update)
        self._journal.publisher.show(search_attributes.updated_attributes(record.request))
        return ClaimAnswer.TAKEN, has_moved

    def _show_leader(self) -> None:
        """The meeting says that it comes from the calendar which speaks for it now."""
        record = self._journal.record
        leader = interest.leading(record.interest)
        if leader is None or record.request.calendar is None:
            return
        origin = CalendarOrigin(calendar_id=leader.calendar_id, event_id=leader.event_id)
        record.request = record.request.model_copy(update={"calendar": origin})

    def _show_calendars(self, before: Interest) -> None:
        """The meeting can be found by every calendar that wants it; the booker's start has named the first."""
        record = self._journal.record
        calendars = [each.calendar_id for each in interest.calendars_of(record.interest)]
        origin = record.request.calendar
        known = set(before.claims) or ({origin.calendar_id} if origin else set())
        if set(calendars) != known:
            self._journal.publisher.show([search_attributes.calendar_attribute(calendars)])


def _is_as_wanted(record: MeetingRecord, claim: Claim) -> bool:
    request = record.request
    return (claim.start_time, claim.end_time, claim.meeting_url, claim.title) == (
        request.start_time,
        request.end_time,
        request.meeting_url,
        request.title,
    )


def _is_in_the_call(record: MeetingRecord) -> bool:
    if record.tries == 0:
        return False
    bot = record.newest
    return bot.final is None and (bot.recording_seen or bot.phase in _IN_THE_CALL)
