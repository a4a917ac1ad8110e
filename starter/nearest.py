"""The meetings that start nearest to an instant.

Temporal's SQL stores do not sort by an attribute. So spans of time are counted, which is cheap, until one is found
that holds about as many meetings as are wanted; only that one is listed.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from temporalio.client import Client, WorkflowExecution

from minutekeeper.temporal.search_attributes import MEETING_START

_FIRST_SPAN = timedelta(hours=1)
_GROWTH = 6
_LONGEST_SPAN = timedelta(days=3660)
_SHORTEST_SPAN = timedelta(seconds=1)
"""Meetings of one second are equally near."""

LARGEST_PAGE = 1000


class Side(NamedTuple):
    """All executions of a query that start from `since` on, or before it if it looks `backwards`."""

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


async def nearest(temporal: Client, side: Side, wanted: int) -> list[WorkflowExecution]:
    """At least `wanted` executions of a side, if it has so many, and none that is farther than one left out."""
    enough = 2 * wanted
    near, far = timedelta(), _FIRST_SPAN
    count = await _count(temporal, side.within(far))
    while count < wanted and far < _LONGEST_SPAN:
        near, far = far, min(far * _GROWTH, _LONGEST_SPAN)
        count = await _count(temporal, side.within(far))
    while count > enough and far - near > _SHORTEST_SPAN:
        middle = near + (far - near) / 2
        in_half = await _count(temporal, side.within(middle))
        if in_half < wanted:
            near = middle
        else:
            far, count = middle, in_half
    if count <= enough:
        return await listed(temporal, side.within(far), enough)
    return await listed(temporal, side.within(near), wanted) + await listed(
        temporal, side.between(near, far), wanted
    )


async def listed(temporal: Client, query: str, most: int) -> list[WorkflowExecution]:
    """The executions of a query, as many as `most`, in Temporal's own order: the newest first."""
    page = min(most, LARGEST_PAGE)
    return [each async for each in temporal.list_workflows(query, page_size=page, limit=most)]


async def _count(temporal: Client, query: str) -> int:
    return (await temporal.count_workflows(query)).count
