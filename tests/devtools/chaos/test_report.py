"""What a run came to, as people and as programs are told."""

import json

import pytest

from devtools.chaos.console_report import show
from devtools.chaos.evidence import InjectedFault
from devtools.chaos.ledger import Fault
from devtools.chaos.plan import CustomerAction, ProcessFaultKind
from devtools.chaos.report import Report, report_on
from tests.devtools.chaos.support import NOON, at, bot, day, ledger, order, run


def report(planned: int = 1, **planted: object) -> Report:
    return report_on(day(**planted), seed=7, planned=planned, short=False, began_at=NOON)


def test_a_good_day_is_clean_and_counted() -> None:
    good = report(
        orders=(
            order(CustomerAction.MOVE, 5),
            order(CustomerAction.LEAVE, 6, acknowledged_at=None, refusal="too late"),
        ),
        injected=(
            InjectedFault(kind=ProcessFaultKind.KILL, target="worker-1", at=at(1), until=at(1)),
            InjectedFault(kind=ProcessFaultKind.KILL, target="worker-2", at=at(2), until=at(2)),
            InjectedFault(kind=ProcessFaultKind.OUTAGE, target="temporal", at=at(3), until=at(63.5)),
        ),
        ledger=ledger(faults=(Fault(at=at(1), kind="lose"), Fault(at=at(2), kind="lose"))),
    )
    assert good.is_clean
    assert good.orders == {"leave refused": 1, "move acknowledged": 1}
    assert good.process_faults == {"SIGKILL worker": 2, "outage temporal": 1}
    assert good.seconds_without_server == 60.5
    assert (good.faults, good.deliveries, good.ends) == ({"lose": 2}, {"200": 2}, {"completed": 1})
    assert (good.bots, good.recordings) == (1, 1)


def test_a_single_breach_spoils_it_and_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    bad = report(ledger=ledger(bots=(bot(), bot("second", joined_at=None, recording=None))))
    assert not bad.is_clean
    show(bad)
    told = capsys.readouterr().out
    assert "bots sent twice for one dispatch: meeting-one: 2 bots for dispatch 0" in told


def test_a_booking_that_nobody_acknowledged_spoils_it(capsys: pytest.CaptureFixture[str]) -> None:
    bad = report(planned=2)
    assert not bad.is_clean
    show(bad)
    assert "1 bookings were never acknowledged" in capsys.readouterr().out


def test_programs_are_told_of_every_breach() -> None:
    open_runs = tuple(run(run_id=f"run {number}", status="running", outcome=None) for number in range(12))
    told = json.loads(report(runs=open_runs).model_dump_json())
    assert len(told["breaches"]["meetings without a final status"]) == 12
    assert told["seed"] == 7
    assert told["lateness"].keys() == {
        "first",
        "replacing",
        "next_after_worker_kill",
        "soon_after_worker_kill",
    }
