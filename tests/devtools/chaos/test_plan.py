"""A seed is a plan: the same again for the same seed, and every plan has all that a run may not miss."""

from collections import Counter
from itertools import pairwise

import pytest

from devtools.chaos.bookings import plan_meetings
from devtools.chaos.bot_scripts import WEIGHTS, script_rule
from devtools.chaos.fault_plan import BRIDGE, SERVER, WORKERS, plan_process_faults
from devtools.chaos.faults import KINDS, refusals, standing_faults
from devtools.chaos.plan import CustomerAction, ProcessFault, ProcessFaultKind, Scenario
from devtools.chaos.scale import SPEED, Scale, scale_for
from devtools.simulator.faults.control_models import ONE, SEVERAL
from devtools.simulator.models import ScriptRule

SEEDS = range(20)
FULL, SHORT = scale_for(500, short=False), scale_for(60, short=True)


def process_faults_of(seed: int, scale: Scale) -> Counter[tuple[ProcessFaultKind, str]]:
    return Counter((fault.kind, fault.target) for fault in plan_process_faults(seed, scale))


def test_a_seed_repeats_its_plan_and_another_seed_has_another() -> None:
    assert plan_meetings(7, 500, FULL) == plan_meetings(7, 500, FULL) != plan_meetings(8, 500, FULL)
    assert plan_process_faults(7, FULL) == plan_process_faults(7, FULL) != plan_process_faults(8, FULL)
    assert list(refusals(7, FULL)) == list(refusals(7, FULL)) != list(refusals(8, FULL))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_full_run_has_all_its_blows(seed: int) -> None:
    process_faults = process_faults_of(seed, FULL)
    assert sum(process_faults[ProcessFaultKind.KILL, worker] for worker in WORKERS) >= 10
    assert sum(process_faults[ProcessFaultKind.FREEZE, worker] for worker in WORKERS) >= 2
    assert process_faults[ProcessFaultKind.KILL, SERVER] >= 3
    assert process_faults[ProcessFaultKind.KILL, BRIDGE] >= 5
    (outage,) = [fault for fault in plan_process_faults(seed, FULL) if fault.kind is ProcessFaultKind.OUTAGE]
    assert (outage.target, outage.seconds) == (SERVER, 60)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_short_run_has_some_of_each(seed: int) -> None:
    process_faults = process_faults_of(seed, SHORT)
    assert sum(process_faults[ProcessFaultKind.KILL, worker] for worker in WORKERS) >= 4
    assert process_faults[ProcessFaultKind.KILL, SERVER] + process_faults[ProcessFaultKind.OUTAGE, SERVER] >= 2
    assert process_faults[ProcessFaultKind.KILL, BRIDGE] >= 2
    assert sum(process_faults[ProcessFaultKind.FREEZE, worker] for worker in WORKERS) >= 2


def test_a_larger_run_is_struck_more_often() -> None:
    large = scale_for(2000, short=False)
    assert large.window > FULL.window
    assert len(plan_process_faults(7, large)) > 3 * len(plan_process_faults(7, FULL))


@pytest.mark.parametrize("scale", [FULL, SHORT])
@pytest.mark.parametrize("seed", SEEDS)
def test_blows_fall_within_the_window_and_not_while_there_is_no_server(seed: int, scale: Scale) -> None:
    process_faults = plan_process_faults(seed, scale)
    (outage,) = [fault for fault in process_faults if fault.kind is ProcessFaultKind.OUTAGE]
    assert all(0 < fault.at <= scale.window for fault in process_faults)
    assert [fault for fault in process_faults if outage.at <= fault.at <= outage.at + outage.seconds] == [outage]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_supervisor_is_made_to_give_up(seed: int) -> None:
    """Four ends within ten seconds of a start, in a row, look as if the service could not run at all."""
    for target in (*WORKERS, SERVER, BRIDGE):
        kills = [fault.at for fault in plan_process_faults(seed, FULL) if _ends(fault, target)]
        quick = [later - earlier < 12 for earlier, later in pairwise(kills)]
        assert not any(all(quick[start : start + 3]) for start in range(len(quick) - 2)), kills


def _ends(fault: ProcessFault, target: str) -> bool:
    return fault.target == target and fault.kind is not ProcessFaultKind.FREEZE


@pytest.mark.parametrize(("count", "scale"), [(500, FULL), (60, SHORT)])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_wish_and_every_life_is_among_the_meetings(seed: int, count: int, scale: Scale) -> None:
    meetings = plan_meetings(seed, count, scale)
    assert len(meetings) == count
    assert {meeting.scenario for meeting in meetings} >= set(Scenario)
    assert {meeting.script for meeting in meetings} >= set(WEIGHTS)
    acts = {change.action for meeting in meetings for change in meeting.changes}
    assert acts >= set(CustomerAction) - {CustomerAction.RELEASE}


@pytest.mark.parametrize(("count", "scale"), [(500, FULL), (60, SHORT)])
def test_meetings_can_be_booked_as_they_are_planned(count: int, scale: Scale) -> None:
    for seed in SEEDS:
        for meeting in plan_meetings(seed, count, scale):
            assert meeting.book_at >= 0
            assert max(meeting.start_at, meeting.book_at) + 1 < meeting.end_at
            for change in meeting.changes:
                start, end = change.onto or (change.start_in, change.end_in)
                assert change.action is not CustomerAction.MOVE or start + 1 < end


def test_a_meeting_that_is_booked_twice_is_the_same_meeting_under_two_names() -> None:
    meetings = [meeting for meeting in plan_meetings(7, 500, FULL) if isinstance(meeting.scenario, Scenario)]
    twins = [meeting for meeting in meetings if meeting.twin]
    for twin in twins:
        (first,) = [each for each in meetings if each.meeting_url == twin.meeting_url and not each.twin]
        assert (first.start_at, first.end_at) == (twin.start_at, twin.end_at)
    assert len({twin.twin for twin in twins}) == len(twins) > 0


def test_the_simulator_takes_every_life() -> None:
    scripts = {meeting.script for meeting in plan_meetings(7, 500, FULL)}
    for script in scripts:
        rule = ScriptRule.model_validate(script_rule(script, "https://meet.google.com/abc-defg-hij", 1, 40))
        assert (rule.script.name, rule.times) == (script, 1)


@pytest.mark.parametrize("scale", [FULL, SHORT])
def test_the_simulator_takes_every_fault_and_has_no_other_kinds(scale: Scale) -> None:
    given = [*standing_faults(scale), *(order for _, order in refusals(7, scale))]
    taken = SEVERAL.validate_python(given)
    assert {order.kind for order in taken} == KINDS
    known = ONE.json_schema()["discriminator"]["mapping"].keys()
    # A second bot for one request is planned for rooms of its own.
    assert known - {"mixture", "second_bot"} == KINDS


@pytest.mark.parametrize("scale", [FULL, SHORT])
def test_the_account_is_refused_twice_for_the_planned_time(scale: Scale) -> None:
    orders = list(refusals(7, scale))
    assert [order["kind"] for _, order in orders] == ["key_revoked", "no_tokens"]
    assert all(order["seconds"] == scale.refused * SPEED for _, order in orders)
    assert all(0 < at < scale.window for at, _ in orders)
