"""Visibility queries: filters by search attributes, and the meetings that start nearest to an instant."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from minutekeeper.meetings.meeting_urls import MeetingUrlError, Platform, parse_meeting_url
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.temporal.queries import IS_MEETING, quoted, quoted_list
from minutekeeper.temporal.search_attributes import (
    BOT_ID,
    CALENDAR_ID,
    MEETING_META,
    MEETING_PLATFORM,
    MEETING_START,
    MEETING_STATUS,
    MEETING_TITLE,
    MEETING_URL,
    as_keyword,
)
from starter.errors import MeetingInputError
from starter.meeting_snapshot import STATUS_OF_CLOSED_EXECUTION

ACTIVE_FROM = timedelta(minutes=15)
"""A meeting's attributes are up to date until this long before its start; after that its workflow is asked."""

LATEST_RUNS = f"{IS_MEETING} AND ExecutionStatus != 'ContinuedAsNew'"
"""Earlier runs of a long-sleeping meeting are not meetings of their own."""

HAS_BEGUN = f"{MEETING_STATUS.name} != '{MeetingStatus.SCHEDULED.value}'"

LARGEST_PAGE = 1000

_FIRST_SPAN = timedelta(hours=1)
_GROWTH = 6
_LONGEST_SPAN = timedelta(days=3660)
_SHORTEST_SPAN = timedelta(seconds=1)
"""Meetings of one second are equally near."""

_STATUS_IN_QUERIES = {
    WorkflowExecutionStatus.CANCELED: "Canceled",
    WorkflowExecutionStatus.TERMINATED: "Terminated",
    WorkflowExecutionStatus.FAILED: "Failed",
    WorkflowExecutionStatus.TIMED_OUT: "TimedOut",
}
_CLOSED_FROM_OUTSIDE = {_STATUS_IN_QUERIES[how]: end for how, end in STATUS_OF_CLOSED_EXECUTION.items()}


class MeetingFilter(NamedTuple):
    """Conditions that a listed meeting has to meet; None and empty text are no condition.

    `starts_from` is inclusive, `starts_before` exclusive. `reasons` (any of them) are no search attribute:
    they limit the query to failed meetings, and the caller compares them with their results.
    """

    status: MeetingStatus | None = None
    title: str = ""
    starts_from: datetime | None = None
    starts_before: datetime | None = None
    platform: Platform | None = None
    metadata: Mapping[str, str] = MappingProxyType({})
    reasons: Collection[FailureReason] = ()
    calendar: str = ""
    bot: str = ""
    """The bot's id; of several bots of a running meeting, the newest one counts."""
    url: str = ""

    @property
    def link(self) -> str:
        """The link as meetings are found by it. Raises MeetingInputError."""
        try:
            return parse_meeting_url(self.url).public if self.url else ""
        except MeetingUrlError as error:
            raise MeetingInputError("url", str(error)) from None

    @property
    def required_status(self) -> MeetingStatus | None:
        """The status that matching meetings have. Raises MeetingInputError where the filter contradicts itself."""
        if not self.reasons:
            return self.status
        if self.status not in {None, MeetingStatus.FAILED}:
            raise MeetingInputError(
                "reason", f"only failed meetings have a reason, not {self.status}; leave the status out"
            )
        return MeetingStatus.FAILED

    def query(self, now: datetime) -> str:
        """Finds all matching meetings, and may find some whose status has changed since."""
        conditions = [LATEST_RUNS]
        if status := self.required_status:
            conditions.append(_possible_status(status, now))
        if self.title:
            conditions += title_conditions(self.title)
        if self.starts_from is not None:
            conditions.append(f"{MEETING_START.name} >= '{self.starts_from.isoformat()}'")
        if self.starts_before is not None:
            conditions.append(f"{MEETING_START.name} < '{self.starts_before.isoformat()}'")
        if self.platform is not None:
            conditions.append(f"{MEETING_PLATFORM.name} = '{self.platform.value}'")
        if self.calendar:
            conditions.append(f"{CALENDAR_ID.name} = {quoted(as_keyword(self.calendar))}")
        if self.bot:
            conditions.append(f"{BOT_ID.name} = {quoted(as_keyword(self.bot))}")
        if self.url:
            conditions.append(f"{MEETING_URL.name} = {quoted(as_keyword(self.link))}")
        for key, value in self.metadata.items():
            conditions.append(f"{MEETING_META.name} = {quoted(as_keyword(f'{key}={value}'))}")
        return " AND ".join(conditions)


def title_conditions(title: str) -> list[str]:
    """Conditions for single words, each as a prefix in the usual cases, because PostgreSQL's index keeps case.

    Quotes and punctuation mean something different to each visibility store, so only word characters are used. `:*`
    makes a word a prefix in PostgreSQL, which finds "Review" in "Review, part two"; SQLite ignores it, as it
    ignores case.
    """
    words = re.findall(r"\w+", title.lower())
    if not words:
        raise MeetingInputError("title", f"{title!r} holds no word to look for")
    return [f"{MEETING_TITLE.name} = '{' '.join(_spellings(word))}'" for word in words]


class Side(NamedTuple):
    """All executions of a query that start from `since` on, or before it if `backwards`."""

    query: str
    since: datetime
    backwards: bool = False

    def within(self, span: timedelta) -> str:
        return self.between(timedelta(), span)

    def between(self, near: timedelta, far: timedelta) -> str:
        first, last = self.since + near, self.since + far
        if self.backwards:
            first, last = self.since - far, self.since - near
        name = MEETING_START.name
        return f"{self.query} AND {name} >= '{first.isoformat()}' AND {name} < '{last.isoformat()}'"


async def nearest(temporal: Client, side: Side, minimum: int) -> list[WorkflowExecution]:
    """Lists at least `minimum` executions of a side, if it has so many, and leaves out none that is nearer.

    Temporal's SQL stores do not sort by an attribute. So spans of time are counted, which is cheap, until one is
    found that holds about as many meetings as are needed; only that one is listed.
    """
    near, far, count = await _span_of(temporal, side, minimum)
    enough = 2 * minimum
    if count <= enough:
        return await list_executions(temporal, side.within(far), enough)
    return await list_executions(temporal, side.within(near), minimum) + await list_executions(
        temporal, side.between(near, far), minimum
    )


async def all_nearest(temporal: Client, side: Side, minimum: int) -> tuple[list[WorkflowExecution], bool]:
    """The same, but all executions of the span that holds so many; and whether there are no others on this side."""
    _, far, count = await _span_of(temporal, side, minimum)
    found = await list_executions(temporal, side.within(far), None)
    return found, count < minimum and far >= _LONGEST_SPAN


async def _span_of(temporal: Client, side: Side, minimum: int) -> tuple[timedelta, timedelta, int]:
    """A distance that holds too few executions, the one that holds enough, and how many these are."""
    enough = 2 * minimum
    near, far = timedelta(), _FIRST_SPAN
    count = await _count(temporal, side.within(far))
    while count < minimum and far < _LONGEST_SPAN:
        near, far = far, min(far * _GROWTH, _LONGEST_SPAN)
        count = await _count(temporal, side.within(far))
    while count > enough and far - near > _SHORTEST_SPAN:
        middle = near + (far - near) / 2
        in_half = await _count(temporal, side.within(middle))
        if in_half < minimum:
            near = middle
        else:
            far, count = middle, in_half
    return near, far, count


async def list_executions(temporal: Client, query: str, limit: int | None) -> list[WorkflowExecution]:
    """The executions of a query in Temporal's own order: the newest first."""
    page = min(limit or LARGEST_PAGE, LARGEST_PAGE)
    return [each async for each in temporal.list_workflows(query, page_size=page, limit=limit)]


async def _count(temporal: Client, query: str) -> int:
    return (await temporal.count_workflows(query)).count


def _possible_status(status: MeetingStatus, now: datetime) -> str:
    name = MEETING_STATUS.name
    if status is MeetingStatus.SCHEDULED:
        return f"(ExecutionStatus = 'Running' AND ({name} = '{status.value}' OR {name} IS NULL))"
    if status.is_final:
        # A workflow that was closed from outside keeps the attribute it had, so the way it closed decides.
        by_attribute = (
            f"({name} = '{status.value}' AND ExecutionStatus NOT IN ({quoted_list(_CLOSED_FROM_OUTSIDE)}))"
        )
        also = [how for how, end in _CLOSED_FROM_OUTSIDE.items() if end is status]
        return f"({by_attribute} OR ExecutionStatus IN ({quoted_list(also)}))" if also else by_attribute
    soon = (now + ACTIVE_FROM).isoformat()
    return f"(ExecutionStatus = 'Running' AND ({HAS_BEGUN} OR {MEETING_START.name} < '{soon}'))"


def _spellings(word: str) -> list[str]:
    return [f"{each}:*" for each in dict.fromkeys((word, word.capitalize(), word.upper()))]
