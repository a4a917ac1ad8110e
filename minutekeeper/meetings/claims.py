"""Tracks which calendars claim a meeting. It is cancelled only when the last claim is released. Pure.

A claim or release that was overtaken changes nothing, because the work of a calendar may be repeated and delayed.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from minutekeeper.meetings.fields import (
    BotOptions,
    Metadata,
    NormalisedMeetingUrl,
    Title,
    UtcDatetime,
    WantedArtifacts,
    check_order,
)
from minutekeeper.meetings.meeting_keys import fullest_url
from minutekeeper.meetings.views import ClaimingCalendar


class Claim(BaseModel):
    """A calendar's claim on a meeting, with the times, link and options of its event.

    `seen_at` is when the calendar was read: of two claims or releases of a calendar the later one counts, whichever
    arrives first. `updated_at` is when the event itself was changed.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    event_id: str
    seen_at: UtcDatetime
    start_time: UtcDatetime
    meeting_url: NormalisedMeetingUrl
    end_time: UtcDatetime | None = None
    title: Title = Field("", max_length=500)
    bot: BotOptions | None = None
    wanted: WantedArtifacts | None = None
    """What is to be kept; None if the calendar does not say."""
    metadata: Metadata = {}
    is_organizer: bool = False
    updated_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        check_order(self.start_time, self.end_time)
        return self


class ClaimResult(StrEnum):
    ACCEPTED = "taken"
    DEFERRED = "held"
    """The claim is recorded, but the meeting is not moved, because it is being recorded."""


class ClaimRelease(BaseModel):
    """A calendar releases its claim. `seen_at` as for a claim.

    `deleted_at` is when the event was deleted, if that is the reason and the calendar says so. `by_person`: a
    person decided it, so that the bot leaves also while it records. `for_all`: a veto, whatever other calendars
    claim.
    """

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    seen_at: UtcDatetime
    why: str = Field("", max_length=500)
    deleted_at: UtcDatetime | None = None
    by_person: bool = False
    for_all: bool = False


class MeetingClaims(BaseModel):
    """The claims on a meeting by calendar id, and when other calendars last released theirs.

    `followed` is the claim whose time and link the meeting last applied.
    """

    model_config = ConfigDict(frozen=True)

    claims: dict[str, Claim] = {}
    released: dict[str, UtcDatetime] = {}
    followed: Claim | None = None


_MOST_RELEASES = 200

_NEVER = datetime.min.replace(tzinfo=UTC)


def initial_claims(claim: Claim | None) -> MeetingClaims:
    """The claims on a meeting that was just booked, by a calendar or by hand."""
    return MeetingClaims(claims={claim.calendar_id: claim}, followed=claim) if claim else MeetingClaims()


def add_claim(interest: MeetingClaims, claim: Claim) -> MeetingClaims:
    """The claims after a claim; unchanged if that calendar has sent a later message."""
    if claim.seen_at < _last_message_at(interest, claim.calendar_id):
        return interest
    claims = {**interest.claims, claim.calendar_id: claim}
    released = {name: at for name, at in interest.released.items() if name != claim.calendar_id}
    return interest.model_copy(update={"claims": claims, "released": released})


def release_claim(interest: MeetingClaims, release: ClaimRelease) -> MeetingClaims:
    """The claims after a release; unchanged if that calendar has sent a later message."""
    if release.seen_at < _last_message_at(interest, release.calendar_id):
        return interest
    claims = {name: claim for name, claim in interest.claims.items() if name != release.calendar_id}
    released = {**interest.released, release.calendar_id: release.seen_at}
    newest = sorted(released, key=lambda name: released[name])[-_MOST_RELEASES:]
    return interest.model_copy(update={"claims": claims, "released": {name: released[name] for name in newest}})


def had_claim(interest: MeetingClaims, release: ClaimRelease, booker: str) -> bool:
    """A calendar whose reconcile run died between booking and claim has the meeting all the same."""
    return release.calendar_id in interest.claims or (not interest.claims and release.calendar_id == booker)


def is_again(interest: MeetingClaims, release: ClaimRelease) -> bool:
    """Whether a person speaks for a calendar that let go of the meeting before, while no calendar claims it.

    A bot that was in the call has stayed then, and has to hear of it.
    """
    was_released = not interest.claims and release.calendar_id in interest.released
    return was_released and release.by_person and not release.for_all


def leading_claim(interest: MeetingClaims) -> Claim | None:
    """The claim that speaks for the meeting: the organiser's, else that of the event that was changed last."""
    return max(interest.claims.values(), key=_weight, default=None)


def claim_to_apply(interest: MeetingClaims) -> Claim | None:
    """The leading claim, if it wants the meeting to be otherwise than the one that was followed last.

    An attendee's copy that is older than what was followed is only not up to date.
    """
    leader, followed = leading_claim(interest), interest.followed
    if leader is None or followed is None:
        return leader
    is_news = leader.is_organizer or _changed_at(leader) >= _changed_at(followed)
    return leader if is_news and _desired(leader) != _desired(followed) else None


def link_to_join(interest: MeetingClaims, meeting_url: str) -> str:
    """The fullest link to the meeting of a link: calendars may know one without what admits to it."""
    claims = sorted(interest.claims.values(), key=_weight, reverse=True)
    return fullest_url(meeting_url, *(claim.meeting_url for claim in claims))


def claiming_calendars(interest: MeetingClaims) -> tuple[ClaimingCalendar, ...]:
    """The calendars that want the meeting, the one that speaks for it first."""
    claims = sorted(interest.claims.values(), key=_weight, reverse=True)
    return tuple(ClaimingCalendar(calendar_id=each.calendar_id, event_id=each.event_id) for each in claims)


def _last_message_at(interest: MeetingClaims, calendar_id: str) -> datetime:
    claim = interest.claims.get(calendar_id)
    words = [claim.seen_at] if claim else []
    if at := interest.released.get(calendar_id):
        words.append(at)
    return max(words, default=_NEVER)


def _weight(claim: Claim) -> tuple[bool, datetime, datetime, str]:
    return (claim.is_organizer, _changed_at(claim), claim.seen_at, claim.calendar_id)


def _changed_at(claim: Claim) -> datetime:
    return claim.updated_at or claim.seen_at


def _desired(claim: Claim) -> tuple[object, ...]:
    said = (claim.bot, claim.wanted, claim.metadata)
    return (claim.start_time, claim.end_time, claim.meeting_url, claim.title, *said)
