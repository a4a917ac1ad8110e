"""What a round of checks begins with, and what is said where nothing was found."""

from meetings.calendars.health import Ailment
from meetings.calendars.rounds import NOTHING_FOUND, Findings, RoundOrder, RoundResult, RoundsRequest, RoundsView

AN_HOUR = 3600.0


def test_nothing_is_needed_to_begin() -> None:
    assert dict(NOTHING_FOUND) == {"ailing": {}, "doubtful": ()}
    assert dict(RoundOrder()) == {"before": NOTHING_FOUND, "tell_all": False}
    assert dict(RoundResult()) == {"findings": NOTHING_FOUND, "calendars": 0, "again_in": AN_HOUR}
    assert dict(RoundsRequest()) == {
        "findings": NOTHING_FOUND,
        "calendars": 0,
        "told_all_at": None,
        "last_round_at": None,
        "again_in": AN_HOUR,
        "trouble": "",
    }
    assert dict(RoundsView()) == {
        "calendars": 0,
        "findings": NOTHING_FOUND,
        "last_round_at": None,
        "next_round_at": None,
        "trouble": "",
    }


def test_the_calendars_with_one_ailment_are_told_from_the_others() -> None:
    found = Findings(ailing={"a": Ailment.USER, "b": Ailment.APP, "c": Ailment.USER}, doubtful=("d",))
    assert found.of(Ailment.USER) == {"a", "c"}
    assert found.of(Ailment.APP) == {"b"}
    assert found.of(Ailment.LOST) == set()
