"""A run: every row or some, each shown as soon as it is done."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from devtools.benchmarks.cases import (
    account_limit,
    api,
    booking,
    cost,
    downloads,
    growth,
    idle_meetings,
    ingest,
    late_worker,
    outgoing_events,
    profile,
    punctuality,
    screen,
    spread,
)
from devtools.benchmarks.context import Bench
from devtools.benchmarks.machine import circumstances
from devtools.benchmarks.publishing import RESULTS, ROOT, publish, published, write_all
from devtools.benchmarks.report import Results, show, summary
from devtools.benchmarks.results import AccessFindings, Row
from devtools.stack.errors import UsageError
from starter.output import print_line

Measure = Callable[[Bench], Awaitable[AccessFindings]]

ROWS: dict[str, tuple[str, Measure]] = {
    "punctuality": (punctuality.TITLE, punctuality.measure),
    "spread": (spread.TITLE, spread.measure),
    "account-limit": (account_limit.TITLE, account_limit.measure),
    "late-worker": (late_worker.TITLE, late_worker.measure),
    "ingest": (ingest.TITLE, ingest.measure),
    "events": (outgoing_events.TITLE, outgoing_events.measure),
    "screen": (screen.TITLE, screen.measure),
    "cost": (cost.TITLE, cost.measure),
    "sleepers": (idle_meetings.TITLE, idle_meetings.measure),
    "booking": (booking.TITLE, booking.measure),
    "api": (api.TITLE, api.measure),
    "downloads": (downloads.TITLE, downloads.measure),
    "growth": (growth.TITLE, growth.measure),
    "profile": (profile.TITLE, profile.measure),
}
"""`profile` slows things down, so it is no part of a whole run."""

_GROUPS = (
    ("punctuality",),
    ("account-limit",),
    ("spread", "late-worker", "cost"),
    ("ingest",),
    ("events",),
    ("screen",),
    ("sleepers",),
    ("booking",),
    ("api",),
    ("downloads",),
    ("growth",),
)
"""A whole run, in this order; the rows of a group run beside each other, as they mostly wait."""

_SAMPLES = {"account-limit": 0.3, "spread": 1 / 3, "sleepers": 0.1, "api": 0.1}
"""What part of a row a whole run has the time for; alone it is measured in full."""

_ERRORS = "errors.log"


async def run(folder: Path, only: Sequence[str], share: float) -> int:
    """Measures and reports; 1 if a row could not be measured.

    A whole run replaces what the documents show. Rows that are measured alone take their places there if the rest
    was measured on the same machine with the same versions. Any other run writes into `folder` alone.
    """
    groups = [(name,) for name in only] or _GROUPS
    results = empty = Results(circumstances=circumstances(), seconds=0, share=share, rows=())
    try:
        async for results in _grown(empty, groups, folder, is_whole=not only):
            # After each group: whoever stops a run keeps what it has measured until then.
            written = write_all(results, folder, folder)
    except asyncio.CancelledError:
        done = ", ".join(row.name for row in results.rows) or "nothing"
        _warn(f"Stopped: {done} was measured until then; no document was changed.")
        raise
    print_line(f"\n{summary(results.rows)} {results.seconds:.0f} s. Written: {', '.join(map(str, written))}")
    if len(results.rows) < sum(map(len, groups)):
        _warn(f"Not everything could be measured, so no document was changed; see {folder / _ERRORS}.")
        return 1
    for path in published(results, ROOT, is_whole=not only):
        print_line(f"Written anew: {path}")
    return 0


async def rewrite_documents() -> int:
    """Writes pages and pictures anew from the results that are kept. Raises UsageError if there are none."""
    kept = Results.read(ROOT / RESULTS)
    if kept is None:
        raise UsageError(f"There are no results in {RESULTS} yet: run `make bench`.")
    for path in publish(kept, ROOT):
        print_line(f"Written anew: {path}")
    return 0


async def _grown(
    results: Results, groups: Sequence[tuple[str, ...]], folder: Path, *, is_whole: bool
) -> AsyncIterator[Results]:
    """The results after each group."""
    began = time.monotonic()
    for group in groups:
        print_line(f"\n{', '.join(group)} …", "dim", stderr=True)
        shares = [results.share * (_SAMPLES.get(name, 1) if is_whole else 1) for name in group]
        benches = [Bench(folder, _warn, share) for share in shares]
        found = await asyncio.gather(*(_measured(bench, name) for bench, name in zip(benches, group, strict=True)))
        measured = [row for row in found if row is not None]
        for row in measured:
            show(row)
        seconds = time.monotonic() - began
        results = results.model_copy(update={"rows": (*results.rows, *measured), "seconds": seconds})
        yield results


async def _measured(bench: Bench, name: str) -> Row | None:
    """None if it could not be measured: the other rows are worth having even so."""
    title, measure = ROWS[name]
    began = time.monotonic()
    try:
        findings = await measure(bench)
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the other rows
        bench.folder.mkdir(parents=True, exist_ok=True)
        with (bench.folder / _ERRORS).open("a") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {name}\n{traceback.format_exc()}\n")
        _warn(f"{name} could not be measured: {_innermost(error)}")
        return None
    seconds = time.monotonic() - began
    return Row(name=name, title=title, date=datetime.now(UTC).date(), seconds=seconds, findings=findings)


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _warn(text: str) -> None:
    print_line(text, stderr=True)
