"""The bodies of webhooks in every shape since 2024, as one model."""

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, PlainValidator

from providers.base import MalformedWebhookError
from providers.meetingbaas.decoding import UnwieldyJsonError, check_density, decode_json
from providers.meetingbaas.extra import ExtraField, ReceivedExtra
from providers.meetingbaas.fields import (
    Evidence,
    Identifier,
    Identifiers,
    Instant,
    Link,
    Text,
    Tolerant,
    objects,
)
from providers.meetingbaas.scanning import Scanner, decoded, without_halves

STATUS_CHANGE = "bot.status_change"
COMPLETE = "complete"
FAILED = "failed"
TRANSCRIPTION_COMPLETE = "transcription_complete"
CALENDAR_SYNC = "calendar.sync_events"

EVENTS = frozenset({STATUS_CHANGE, COMPLETE, FAILED, TRANSCRIPTION_COMPLETE, CALENDAR_SYNC})
"""What v1 sends. Its advertised others were never seen, and those of v2 have other names."""

_LARGE_BYTES = 64 * 1024
"""From here on a body is scanned for what is needed, and not read whole."""

_LIST_OF_OBJECTS = re.compile(rb"\[\s*\{")


class Status(Tolerant):
    code: Evidence = ""
    created_at: Instant = None
    error_type: Evidence = ""
    error_message: Evidence = ""
    reason: Evidence = ""
    end_reason: Evidence = ""


def _as_status(value: Any) -> Any:
    return value if isinstance(value, dict) else {"code": value if isinstance(value, str) else ""}


def _said(value: Any) -> list[dict[str, Any]] | None:
    """The segments of a transcript, also if there are explicitly none; None for what is no list of segments."""
    if not isinstance(value, list):
        return None
    return objects(value) or (None if value else [])


class DeliveryData(Tolerant):
    """`data` of any event; `mp4` and `audio` are signed URLs.

    `synced_at` is the time of a calendar's sync, `affected` are the events that it changed.
    """

    event: Text = ""
    bot_id: Identifier = ""
    status: Annotated[Status, BeforeValidator(_as_status)] = Status()
    error: Evidence = ""
    message: Evidence = ""
    reason: Evidence = ""
    end_reason: Evidence = ""
    mp4: Link = ""
    audio: Link = ""
    transcript: Annotated[list[dict[str, Any]] | None, PlainValidator(_said)] = Field(None, repr=False)
    event_uuid: Identifier = ""
    extra: ExtraField = ReceivedExtra()
    calendar_id: Identifier = Field("", validation_alias=AliasChoices("calendar_id", "calendar_uuid", "uuid"))
    synced_at: Evidence = Field("", validation_alias=AliasChoices("last_updated_ts", "last_updated_at"))
    affected: Identifiers = Field((), validation_alias="affected_event_uuids")


@dataclass(frozen=True)
class Delivery:
    """`data` is empty for events that are not ours to read; `trouble` says what keeps one from being understood."""

    event: str
    data: DeliveryData
    trouble: str = ""


def read_delivery(body: bytes, secrets: Collection[str] = ()) -> Delivery:
    """The whole delivery, with its transcript. Texts for people come without the `secrets`.

    Raises MalformedWebhookError for what is no JSON object, or cannot be read whole.
    """
    try:
        check_density(body)
        document = decode_json(body)
    except ValueError as error:
        raise _no_json(error) from None
    return _delivery(document, secrets)


def read_facts(body: bytes, secrets: Collection[str] = ()) -> Delivery:
    """The delivery in bounded time and memory: in place of a long transcript stands only whether there is one.

    Raises MalformedWebhookError for what is no JSON object.
    """
    try:
        body.decode()
        document = decode_json(body) if len(body) < _LARGE_BYTES else _scanned(body)
    except UnwieldyJsonError as error:
        text = body.removeprefix(BOM_UTF8).strip()
        if not (text.startswith(b"{") and text.endswith(b"}")):
            raise _no_json(error) from None
        return Delivery("", DeliveryData(), str(error))
    except ValueError as error:
        raise _no_json(error) from None
    return _delivery(document, secrets)


def _delivery(document: Any, secrets: Collection[str]) -> Delivery:
    if not isinstance(document, dict):
        raise MalformedWebhookError("The body is JSON, but no object.")
    raw = document.get("data")
    data = DeliveryData.model_validate(raw if isinstance(raw, dict) else {}, context=secrets)
    name = document.get("event")
    event = (name.strip() if isinstance(name, str) else "") or data.event
    if not event:
        return Delivery("", DeliveryData(), "it names no event")
    if event not in EVENTS:
        return Delivery(event, DeliveryData())
    return Delivery(event, data, "" if isinstance(raw, dict) else "it holds no data object")


def _scanned(body: bytes) -> Any:
    body = body.removeprefix(BOM_UTF8)
    try:
        members = _DOCUMENT.scan(body)
    except TypeError:
        return None
    except UnwieldyJsonError:
        raise
    except ValueError:
        body = without_halves(body)
        members = _DOCUMENT.scan(body)
    data = members.pop("data", None)
    document = decoded(members)
    if data is None:
        return document
    try:
        facts = _DATA.scan(data)
    except TypeError:
        return document
    transcript = facts.pop("transcript", b"")
    document["data"] = decoded(facts)
    if _LIST_OF_OBJECTS.match(transcript):
        document["data"]["transcript"] = [{}]
    return document


def _no_json(error: ValueError) -> MalformedWebhookError:
    return MalformedWebhookError(f"The body is no JSON document: {error}.")


def _names_of_members() -> Iterator[str]:
    for field in DeliveryData.model_fields.values():
        alias = field.validation_alias
        yield from map(str, alias.choices) if isinstance(alias, AliasChoices) else (str(alias),)


_DOCUMENT = Scanner(["event", "data"])
_DATA = Scanner(_names_of_members())
