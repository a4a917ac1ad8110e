"""Opens the calendars of the providers that the settings name, in the same way for every process."""

from collections.abc import Callable, Mapping

from minutekeeper.config import Settings, signing_secrets
from minutekeeper.providers.api_connection import ApiConnection
from minutekeeper.providers.calendar_base import CalendarProvider
from minutekeeper.providers.calendar_registry import CalendarProviders
from minutekeeper.providers.calendar_users import CalendarUsers
from minutekeeper.providers.factory import secrets_of
from minutekeeper.providers.meetingbaas.calendars import MeetingBaasCalendars
from minutekeeper.providers.meetingbaas.request_models import SpeechToText
from minutekeeper.providers.meetingbaas_v2.calendars import MeetingBaasV2Calendars
from minutekeeper.providers.meetingbaas_v2.http import MEETING_BAAS_V2
from minutekeeper.providers.recall.calendars import RecallCalendars
from minutekeeper.providers.recall.http import open_recall, recall_address

OnCall = Callable[[], None]


def open_calendars(settings: Settings, on_call: OnCall | None = None) -> CalendarProviders:
    """The calendars of every provider that has a key; the caller closes them with `aclose`.

    The first is the one of MINUTEKEEPER_CALENDAR_PROVIDER. `on_call` is called for each call. Raises ValueError for
    a key that cannot be sent, and for a setting that names a provider without a key.
    """
    configured = [name for name in _OPENERS if _has_key(settings, name)] or [next(iter(_OPENERS))]
    first = settings.minutekeeper_calendar_provider or configured[0]
    if first not in configured:
        raise ValueError(
            f"MINUTEKEEPER_CALENDAR_PROVIDER is {first}, which is none of: {', '.join(configured)}; only providers "
            "with a key count"
        )
    names = [first, *(name for name in configured if name != first)]
    return CalendarProviders([_OPENERS[name](settings, on_call) for name in names])


def _open_meetingbaas(settings: Settings, on_call: OnCall | None) -> CalendarProvider:
    speech_key = settings.minutekeeper_speech_to_text_api_key.get_secret_value()
    return MeetingBaasCalendars(
        settings.meetingbaas_base_url,
        settings.meetingbaas_api_key.get_secret_value(),
        speech_to_text=SpeechToText(
            provider=settings.minutekeeper_speech_to_text_provider, api_key=speech_key or None
        ),
        secrets=secrets_of(settings),
        signing_secrets=signing_secrets(settings),
        on_call=on_call,
    )


def open_recall_users(settings: Settings) -> CalendarUsers:
    """The users of Recall.ai's Calendar V1; the caller closes them with `aclose`."""
    return _open_recall(settings, None).users


def _open_recall(settings: Settings, on_call: OnCall | None) -> RecallCalendars:
    base_url = settings.recall_base_url or recall_address(settings.recall_region)
    connection = open_recall(
        base_url,
        settings.recall_api_key.get_secret_value(),
        region="" if settings.recall_base_url else settings.recall_region,
        secrets=secrets_of(settings),
        on_call=on_call,
    )
    return RecallCalendars(connection, base_url)


def _open_meetingbaas_v2(settings: Settings, on_call: OnCall | None) -> CalendarProvider:
    key = settings.meetingbaas_v2_api_key.get_secret_value()
    connection = ApiConnection(
        MEETING_BAAS_V2, settings.meetingbaas_v2_base_url, key, secrets_of(settings), on_call
    )
    return MeetingBaasV2Calendars(connection)


_OPENERS: Mapping[str, Callable[[Settings, OnCall | None], CalendarProvider]] = {
    "meetingbaas": _open_meetingbaas,
    "meetingbaas-v2": _open_meetingbaas_v2,
    "recall": _open_recall,
}


def _has_key(settings: Settings, provider: str) -> bool:
    keys = {
        "meetingbaas": settings.meetingbaas_api_key,
        "meetingbaas-v2": settings.meetingbaas_v2_api_key,
        "recall": settings.recall_api_key,
    }
    return bool(keys[provider].get_secret_value().strip())
