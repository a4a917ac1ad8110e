"""How late bots were: measured where they were asked for, against the instant that follows from the booking."""

from datetime import datetime, timedelta

import pytest

from devtools.chaos.evidence import Evidence, InjectedFault
from devtools.chaos.lateness import measure
from devtools.chaos.ledger import Extra, Request
from devtools.chaos.plan import CustomerAction, ProcessFaultKind
from tests.devtools.chaos.support import START, URL, at, day, extra, ledger, order

LATER = START + timedelta(minutes=10)
"""Its bot is due ten minutes after noon."""


def asked(seconds: float, carrying: Extra | None = None) -> Request:
    body = {"extra": (carrying or extra()).model_dump()}
    return Request(received_at=at(seconds), method="POST", path="/bots/", body=body)


def kill(seconds: float, target: str = "worker-1") -> InjectedFault:
    return InjectedFault(kind=ProcessFaultKind.KILL, target=target, at=at(seconds), until=at(seconds))


def moved(start_time: datetime, seconds: float) -> Evidence:
    return day(orders=(order(CustomerAction.MOVE, seconds, meeting_url=URL, start_time=start_time),))


def test_the_first_request_counts_whatever_came_of_it() -> None:
    evidence = day(ledger=ledger(requests=(asked(7), asked(3), asked(9))))
    assert measure(evidence).first.longest == 3


def test_a_bot_for_a_new_time_is_due_four_minutes_before_it() -> None:
    requests = (asked(601.5, extra(0, LATER)),)
    evidence = moved(LATER, 30).model_copy(update={"ledger": ledger(requests=requests)})
    assert (measure(evidence).first.longest, measure(evidence).first.count) == (1.5, 1)


def test_a_bot_that_replaces_another_is_counted_apart() -> None:
    requests = (asked(1), asked(602, extra(1, LATER)))
    evidence = moved(LATER, 30).model_copy(update={"ledger": ledger(requests=requests)})
    lateness = measure(evidence)
    assert (lateness.first.longest, lateness.replacing.longest) == (1, 2)


def test_after_a_kill_the_next_that_was_due_counts() -> None:
    evidence = day(ledger=ledger(requests=(asked(4),)), injected=(kill(-2), kill(-60), kill(1)))
    lateness = measure(evidence)
    assert (lateness.next_after_worker_kill.count, lateness.next_after_worker_kill.longest) == (2, 4)
    assert (lateness.soon_after_worker_kill.count, lateness.soon_after_worker_kill.longest) == (1, 4)


def test_only_workers_count_as_killed() -> None:
    evidence = day(ledger=ledger(requests=(asked(4),)), injected=(kill(-2, "bridge"), kill(-2, "temporal")))
    assert measure(evidence).next_after_worker_kill.count == 0


@pytest.mark.parametrize("begins", [-1, 2])
def test_what_waited_for_a_server_does_not_count_against_a_kill(begins: float) -> None:
    outage = InjectedFault(kind=ProcessFaultKind.OUTAGE, target="temporal", at=at(begins), until=at(60))
    evidence = day(ledger=ledger(requests=(asked(62),)), injected=(kill(-2), outage))
    lateness = measure(evidence)
    assert (lateness.first.longest, lateness.next_after_worker_kill.count) == (62, 0)
