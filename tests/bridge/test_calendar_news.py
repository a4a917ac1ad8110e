"""Where news of calendars goes: to the calendar of its provider, or to the check of access."""

from datetime import UTC, datetime

from bridge.delivery import WebhookDelivery
from minutekeeper.providers.base import CalendarWebhook
from minutekeeper.temporal.names import CALENDAR_EVENT_SIGNAL, CALENDAR_HEALTH_ID, CHECK_NOW_SIGNAL

NOW = datetime(2030, 5, 6, 12, tzinfo=UTC)


def test_each_providers_calendars_have_workflows_of_their_own() -> None:
    notice = CalendarWebhook(calendar_id="c1", delivery="d1", event_ids=("e1",))
    old, new = (WebhookDelivery.of_calendar(notice, name, NOW) for name in ("meetingbaas", "recall"))
    assert (old.workflow_id, new.workflow_id) == ("calendar-c1", "calendar-recall-c1")
    assert old.signal == new.signal == CALENDAR_EVENT_SIGNAL
    assert new.request_id != old.request_id
    assert new.message.model_dump()["calendar_id"] == "recall-c1"
    assert WebhookDelivery.model_validate_json(new.model_dump_json()) == new


def test_news_of_access_has_the_providers_calendars_checked() -> None:
    notice = CalendarWebhook(calendar_id="c1", delivery="d1", is_about_access=True)
    delivery = WebhookDelivery.of_calendar(notice, "recall", NOW)
    assert (delivery.workflow_id, delivery.signal) == (CALENDAR_HEALTH_ID, CHECK_NOW_SIGNAL)
    assert delivery.message.model_dump() == {"provider": "recall"}
    assert (delivery.bot_id, delivery.event) == ("", CHECK_NOW_SIGNAL)
    assert WebhookDelivery.model_validate_json(delivery.model_dump_json()) == delivery, "as the inbox stores it"
