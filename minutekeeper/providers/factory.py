"""Opens the providers that the settings name, in the same way for every process."""

from collections.abc import Callable

from pydantic import SecretStr

from minutekeeper.config import Settings, load_deadlines, signing_secrets
from minutekeeper.meetings.dispatch import DispatchTerms
from minutekeeper.providers.base import Provider
from minutekeeper.providers.meetingbaas.client import MeetingBaasClient
from minutekeeper.providers.meetingbaas.provider import NAME, DispatchDefaults, MeetingBaasProvider
from minutekeeper.providers.meetingbaas.request_models import SpeechToText
from minutekeeper.providers.meetingbaas_v2.client import MeetingBaasV2Client
from minutekeeper.providers.meetingbaas_v2.provider import NAME_V2, BotSetup, MeetingBaasV2Provider
from minutekeeper.providers.recall.client import RecallClient
from minutekeeper.providers.recall.http import open_recall, recall_address
from minutekeeper.providers.recall.provider import NAME as RECALL
from minutekeeper.providers.recall.provider import RecallProvider
from minutekeeper.providers.recall.request_models import RecallBotDefaults
from minutekeeper.providers.registry import Providers
from minutekeeper.providers.webhook_signatures import WebhookSignatures

_LEAST_SECRET = 8


DEFAULT_PROVIDER = NAME
"""Sends the bots of meetings that name no other provider."""


def open_providers(settings: Settings) -> Providers:
    """Opens the providers that the settings have accounts for; the caller closes them with `aclose`.

    New bots come from those in MINUTEKEEPER_PROVIDERS, in that order; the others serve the bots that they sent.
    """
    openers: dict[str, Callable[[Settings], Provider]] = {
        NAME: _open_meetingbaas,
        NAME_V2: _open_meetingbaas_v2,
        RECALL: _open_recall,
    }
    names = [name for name in settings.configured_providers if name in openers] or [DEFAULT_PROVIDER]
    preferred = [name for name in settings.preferred_providers if name in openers]
    return Providers([openers[name](settings) for name in names], preferred)


def _open_meetingbaas(settings: Settings) -> MeetingBaasProvider:
    key = settings.meetingbaas_api_key.get_secret_value()
    speech_key = settings.minutekeeper_speech_to_text_api_key.get_secret_value()
    return MeetingBaasProvider(
        MeetingBaasClient(
            settings.meetingbaas_base_url,
            key,
            send_timeout=settings.minutekeeper_send_timeout_seconds,
            secrets=secrets_of(settings),
        ),
        webhook_keys=[key, settings.meetingbaas_api_key_previous.get_secret_value()],
        signing_secrets=signing_secrets(settings),
        speech_to_text=SpeechToText(
            provider=settings.minutekeeper_speech_to_text_provider, api_key=speech_key or None
        ),
        policy=DispatchDefaults(
            max_dispatches=settings.minutekeeper_max_dispatches,
            deadlines=load_deadlines(),
        ),
    )


def _open_meetingbaas_v2(settings: Settings) -> MeetingBaasV2Provider:
    has_own_transcriber = settings.minutekeeper_speech_to_text_provider == "Gladia"
    return MeetingBaasV2Provider(
        MeetingBaasV2Client(
            settings.meetingbaas_v2_base_url,
            settings.meetingbaas_v2_api_key.get_secret_value(),
            send_timeout=settings.minutekeeper_send_timeout_seconds,
            secrets=secrets_of(settings),
        ),
        webhook_secrets=[
            settings.meetingbaas_v2_webhook_secret.get_secret_value(),
            settings.meetingbaas_v2_webhook_secret_previous.get_secret_value(),
        ],
        signing_secrets=signing_secrets(settings),
        setup=BotSetup(
            transcriber_key=(
                settings.minutekeeper_speech_to_text_api_key.get_secret_value() if has_own_transcriber else ""
            ),
            max_dispatches=settings.minutekeeper_max_dispatches,
            deadlines=load_deadlines(),
        ),
    )


def _open_recall(settings: Settings) -> RecallProvider:
    deadlines = load_deadlines()
    connection = open_recall(
        settings.recall_base_url or recall_address(settings.recall_region),
        settings.recall_api_key.get_secret_value(),
        region="" if settings.recall_base_url else settings.recall_region,
        secrets=secrets_of(settings),
    )
    secrets = [settings.recall_webhook_secret, settings.recall_webhook_secret_previous]
    return RecallProvider(
        RecallClient(connection, send_timeout=settings.minutekeeper_send_timeout_seconds),
        signatures=WebhookSignatures([secret.get_secret_value() for secret in secrets]),
        signing_secrets=signing_secrets(settings),
        defaults=RecallBotDefaults(
            transcriber=settings.recall_transcriber,
            retention_hours=settings.recall_retention_hours,
            longest_seconds=deadlines.max_bot_lifetime,
        ),
        terms=DispatchTerms(deadlines=deadlines, max_dispatches=settings.minutekeeper_max_dispatches),
    )


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """All keys and secrets of the settings, for redaction.

    Very short ones are left out, because they occur in ordinary words.
    """
    values = [getattr(settings, name) for name in type(settings).model_fields]
    texts = [value.get_secret_value().strip() for value in values if isinstance(value, SecretStr)]
    return tuple(text for text in texts if len(text) >= _LEAST_SECRET)
