"""How the list of meetings reads its address."""

from datetime import UTC, datetime

import pytest

from minutekeeper.meetings.status import NEVER_JOINED, FailureReason, MeetingStatus, is_our_fault
from web.pages.meeting_query import ListQueryError, read_list_query


def test_an_address_without_anything_asks_for_all_meetings() -> None:
    query = read_list_query({"title": " ", "status": "", "page": ""})
    assert (query.conditions.status, query.conditions.title, list(query.reasons), query.page) == (None, "", [], 1)
    assert query.address() == "/meetings"


def test_an_address_names_the_conditions_of_the_api_days_and_own_data() -> None:
    given = {
        "status": "completed",
        "title": "weekly",
        "from": "2026-12-01",
        "to": "2026-12-02T10:00:00Z",
        "platform": "zoom",
        "metadata.deal": "4711",
        "page": "3",
    }
    query = read_list_query(given)
    assert query.conditions.status is MeetingStatus.COMPLETED
    assert query.conditions.starts_from == datetime(2026, 12, 1, tzinfo=UTC)
    assert query.conditions.starts_before == datetime(2026, 12, 2, 10, tzinfo=UTC)
    assert query.conditions.metadata == {"deal": "4711"}
    assert query.metadata == {"metadata.deal": "4711"}
    assert query.page == 3
    assert query.address(page="4", status="", title="") == (
        "/meetings?from=2026-12-01&to=2026-12-02T10%3A00%3A00Z&platform=zoom&metadata.deal=4711&page=4"
    )


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"fault": "ours"}, {each for each in FailureReason if is_our_fault(each)}),
        ({"fault": "meeting"}, {each for each in FailureReason if not is_our_fault(each)}),
        ({"joined": "no"}, set(NEVER_JOINED)),
        ({"joined": "yes", "fault": "meeting", "reason": "removed"}, {FailureReason.REMOVED}),
    ],
)
def test_faults_and_whether_a_bot_got_in_are_sets_of_reasons(
    given: dict[str, str], reasons: set[FailureReason]
) -> None:
    assert set(read_list_query(given).reasons) == reasons


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": "bogus"}, "reason"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-13-01"}, "from"),
        ({"fault": "theirs"}, "fault"),
        ({"page": "0"}, "page"),
        ({"page": "9" * 5_000}, "page"),
        ({"page": "0000019999999999"}, "page"),
        ({"page": "٣"}, "page"),
        ({"status": "completed", "fault": "ours"}, "status"),
        ({"reason": "missed", "fault": "meeting"}, "status"),
        ({"metadata.": "x" * 10_000}, "metadata"),
    ],
)
def test_what_cannot_be_understood_is_told_by_its_field(given: dict[str, str], field: str) -> None:
    with pytest.raises(ListQueryError) as refused:
        read_list_query(given)
    assert set(refused.value.errors) == {field}
    assert refused.value.errors[field].endswith(".")
    assert refused.value.given == given
