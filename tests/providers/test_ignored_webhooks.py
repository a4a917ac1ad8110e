"""Webhooks that mean nothing here: each is ignored with its reason, and nothing of ours depends on it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.messages import MAX_NAMED
from minutekeeper.providers.base import CalendarWebhook, IgnoredWebhook
from minutekeeper.providers.meetingbaas.webhooks import parse_webhook
from tests.providers.webhook_bodies import BOT, NOW, OUR_EXTRA, final, notice, parse, status

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "the body cannot be understood: it names no event"),
        ({"event": " "}, "the body cannot be understood: it names no event"),
        ({"event": "complete"}, "the body of complete cannot be understood: it holds no data object"),
        ({"event": "failed", "data": []}, "the body of failed cannot be understood: it holds no data object"),
        ({"event": "bot.completed", "data": {}}, "event 'bot.completed' is unknown"),
        ({"event": "complete", "data": {}}, "the body of complete names no bot"),
        ({"event": "bot.status_change", "data": {}}, "the body of bot.status_change names no bot"),
        (status(None), "a status without a code"),
        ({"event": "calendar.sync_events", "data": {}}, "the body of calendar.sync_events names no calendar"),
    ],
)
def test_what_is_ignored_says_why(document: Any, why: str) -> None:
    assert parse(document) == IgnoredWebhook(detail=why)


def test_the_name_of_an_unknown_event_shows_no_secret() -> None:
    body = json.dumps({"event": "k3y.x"}).encode()
    assert parse_webhook(body, NOW, ["k3y"]) == IgnoredWebhook(detail="event '***.x' is unknown")


@pytest.mark.parametrize(
    "document", [status(extra=None), final("complete"), final("failed"), final("transcription_complete")]
)
def test_the_dispatch_and_the_workflow_come_from_what_we_signed(document: dict[str, Any]) -> None:
    assert notice(document).event.dispatch is None
    assert notice(document).workflow_id == ""
    ours = {**document, "data": document["data"] | {"extra": OUR_EXTRA}}
    assert notice(ours).event.dispatch == 1
    assert notice(ours).workflow_id == "meeting-x"
    unsigned = parse_webhook(json.dumps(ours).encode(), NOW, (), ["another-secret-of-the-tests-with-letters"])
    assert not isinstance(unsigned, IgnoredWebhook | CalendarWebhook)
    assert (unsigned.event.dispatch, unsigned.workflow_id) == (None, "")


def test_a_status_from_the_future_happened_when_it_came() -> None:
    for ahead, at in ((HOUR, NOW + HOUR), (HOUR + timedelta(seconds=1), NOW), (-HOUR, NOW - HOUR)):
        assert notice(status(created_at=(NOW + ahead).isoformat())).event.occurred_at == at


@pytest.mark.parametrize("name", ["complete", "failed", "transcription_complete"])
def test_a_final_event_is_known_by_its_whole_body(name: str) -> None:
    first, other = notice(final(name)), notice(final(name, mp4="https://s3/x.mp4"))
    assert first.delivery.startswith(f"{name}|{BOT}|")
    assert len(first.delivery.rpartition("|")[2]) == 16
    assert first.delivery == notice(final(name), NOW + HOUR).delivery
    assert first.delivery != other.delivery
    assert first.keep_body is (name != "transcription_complete")


def test_the_texts_of_a_final_event_stand_behind_each_other() -> None:
    told = notice(final("failed", error="Oops", message="one", reason="two", end_reason="three"))
    assert (told.event.code, told.event.text) == ("Oops", "one: two: three")
    assert notice(final("complete", event_uuid="e-1")).event_id == "e-1"


def sync(**data: Any) -> CalendarWebhook:
    parsed = parse({"event": "calendar.sync_events", "data": {"calendar_id": "c1", **data}})
    assert isinstance(parsed, CalendarWebhook)
    return parsed


def test_a_sync_without_a_time_is_never_taken_for_a_repeat() -> None:
    body = {"event": "calendar.sync_events", "data": {"calendar_id": "c1"}}
    first, later = parse(body), parse(body, NOW + HOUR)
    assert isinstance(first, CalendarWebhook)
    assert isinstance(later, CalendarWebhook)
    assert first.delivery == f"calendar.sync_events|c1|received {NOW.isoformat()}"
    assert first.delivery != later.delivery


def test_a_sync_is_known_by_its_time_and_by_what_it_changed() -> None:
    at = {"last_updated_ts": "2026-03-01T10:00:00Z"}
    assert sync(**at).delivery == "calendar.sync_events|c1|2026-03-01T10:00:00+00:00"
    assert sync(last_updated_ts="once upon a time").delivery == "calendar.sync_events|c1|once upon a time"
    one, two = sync(**at, affected_event_uuids=["e1"]), sync(**at, affected_event_uuids=["e2"])
    assert one.delivery != two.delivery
    assert one.delivery.startswith("calendar.sync_events|c1|2026-03-01T10:00:00+00:00|")
    assert len(one.delivery.rpartition("|")[2]) == 16
    both = [sync(**at, affected_event_uuids=names).delivery for names in (["e1", "e2"], ["e2", "e1"])]
    assert both[0] == both[1]


def test_a_sync_of_very_many_events_is_one_of_everything() -> None:
    names = [f"e{number}" for number in range(MAX_NAMED)]
    named = sync(affected_event_uuids=names)
    assert (named.event_ids, named.everything) == (tuple(names), False)
    swept = sync(affected_event_uuids=[*names, "one more"])
    assert (swept.event_ids, swept.everything) == ((), True)
