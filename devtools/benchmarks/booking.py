"""Booking many meetings, each with a link of its own."""

import asyncio
import string
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from minutekeeper.meetings.request import MeetingRequest

LEAD = timedelta(minutes=4)
"""Reserved bots are called so long before the start."""

_AT_ONCE = 50
_LETTERS = string.ascii_lowercase

_Item = TypeVar("_Item")


def link(series: str, number: int) -> str:
    """The Meet link of a meeting; a series is three letters, and numbers go far beyond a million."""
    code = ""
    for _ in range(7):
        number, letter = divmod(number, len(_LETTERS))
        code = _LETTERS[letter] + code
    return f"https://meet.google.com/{series}-{code[:4]}-{code[4:]}"


def called_at(instant: datetime, series: str, numbers: Iterable[int]) -> list[MeetingRequest]:
    """Meetings whose bots are due at an instant (whole seconds, UTC)."""
    return [MeetingRequest(meeting_url=link(series, n), start_time=instant + LEAD) for n in numbers]


def beginning_now(series: str, numbers: Iterable[int]) -> list[MeetingRequest]:
    """Meetings that have just begun, so that their bots are sent at once."""
    now = whole_second()
    return [MeetingRequest(meeting_url=link(series, n), start_time=now) for n in numbers]


def whole_second(ahead: float = 0.0) -> datetime:
    """The next whole second of the clock, or one so many seconds ahead."""
    return (datetime.now(UTC) + timedelta(seconds=1 + ahead)).replace(microsecond=0)


async def in_parallel(
    act: Callable[[_Item], Awaitable[object]], items: Sequence[_Item], at_once: int = _AT_ONCE
) -> float:
    """Acts on every item, so many at a time; the seconds that it took."""
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await act(item)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(at_once, len(items))):
            tasks.create_task(work())
    return time.monotonic() - began


async def sleep_until(instant: datetime) -> None:
    await asyncio.sleep(max(0.0, (instant - datetime.now(UTC)).total_seconds()))
