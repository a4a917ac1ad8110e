"""A report as people read it."""

from collections.abc import Iterator, Mapping

from rich.table import Table

from devtools.chaos.faults import KINDS
from devtools.chaos.lateness import Spread
from devtools.chaos.report import Report
from starter.output import console, print_line

_SHOWN = 10
"""Breaches of one rule that are shown; the JSON has them all."""


def show(report: Report) -> None:
    what = Table("what was done", "", title=f"seed {report.seed}, {report.seconds:.0f} s")
    for name, value in _facts(report):
        what.add_row(name, value)
    rules = Table("what may never happen", "times")
    for name, breaches in report.breaches.items():
        rules.add_row(name, str(len(breaches)), style="red" if breaches else "green")
    for table in (what, rules):
        console().print(table)
    for name, breaches in report.breaches.items():
        for breach in breaches[:_SHOWN]:
            print_line(f"{name}: {breach.workflow_id or 'the store'}: {breach.what}", "red")
        if len(breaches) > _SHOWN:
            print_line(f"{name}: {len(breaches) - _SHOWN} more in the report", "red")
    if report.booked < report.planned:
        print_line(f"{report.planned - report.booked} bookings were never acknowledged", "red")


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "meetings", f"{report.booked} of {report.planned} booked"
    yield "rooms for two bots", _listed(report.twins)
    yield "changes", _listed(report.orders)
    yield "process_faults", _listed(report.process_faults)
    yield "without any server", f"{report.seconds_without_server:.0f} s"
    yield "faults", _listed(report.faults)
    if missing := KINDS - report.faults.keys():
        yield "faults that met nothing", ", ".join(sorted(missing))
    yield "bots", f"{report.bots}, of which {report.recordings} recorded"
    yield "deliveries by answer", _listed(report.deliveries)
    yield "ends", _listed(report.ends)
    late = report.lateness
    yield "late: first bots", _spread(late.first)
    yield "late: bots that replace another", _spread(late.replacing)
    yield "late: the next after a worker's SIGKILL", _spread(late.next_after_worker_kill)
    yield "late: due within 25 s after one", _spread(late.soon_after_worker_kill)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"


def _spread(spread: Spread) -> str:
    if not spread.count:
        return "none"
    return f"p50 {spread.p50:.1f} s, p99 {spread.p99:.1f} s, longest {spread.longest:.1f} s of {spread.count}"
