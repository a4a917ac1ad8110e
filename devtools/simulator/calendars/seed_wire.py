"""What the old guide pages send and are answered; none of it is in the service's own specification."""

import json
import re
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from devtools.simulator.calendars import responses
from devtools.simulator.calendars.accounts import RawCalendar
from devtools.simulator.calendars.connected import Connected, Entry
from devtools.simulator.calendars.wire import Credentials, EventBot, NewCalendar
from devtools.simulator.models import SpeechToText, Strict
from devtools.simulator.responses import explain
from devtools.simulator.state import stamp

M = TypeVar("M", bound=BaseModel)

_CALENDAR, _EVENT = "cal_", "evt_"
"""How ids begin on the pages; here a uuid follows."""

_COMMENT = re.compile(rb"(?<=\s)//[^\n\"]*$", re.MULTILINE)
"""The pages' JSON has some."""


class SeedCredentials(Strict):
    """The pages' names for credentials. An update may leave out what stays."""

    provider: Literal["google", "microsoft"]
    client_id: str = ""
    client_secret: str = Field("", repr=False)
    refresh_token: str = Field("", repr=False)
    raw_calendar_id: str | None = None

    def to_real(self, known: Credentials | None = None) -> NewCalendar:
        return NewCalendar(
            platform="Google" if self.provider == "google" else "Microsoft",
            oauth_client_id=self.client_id or (known.oauth_client_id if known else ""),
            oauth_client_secret=self.client_secret or (known.oauth_client_secret if known else ""),
            oauth_refresh_token=self.refresh_token or (known.oauth_refresh_token if known else ""),
            raw_calendar_id=self.raw_calendar_id,
        )


class SeedBot(Strict):
    """The pages' names for how an event is recorded."""

    bot_name: str
    recording_mode: Literal["speaker_view", "gallery_view", "audio_only"] = "speaker_view"
    include_transcription: bool = False
    bot_avatar_url: str | None = None
    entry_message: str | None = None

    def to_real(self) -> EventBot:
        return EventBot(
            bot_name=self.bot_name,
            recording_mode=self.recording_mode,
            speech_to_text=SpeechToText(provider="Default") if self.include_transcription else None,
            bot_image=self.bot_avatar_url,
            enter_message=self.entry_message,
        )


async def loose_body(request: web.Request) -> dict[str, Any]:
    """The body, which may have comments or be missing. Raises 400 if it is no JSON object."""
    try:
        body = json.loads(_COMMENT.sub(b"", await request.read()) or b"{}")
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The body is no JSON object")
    return body


async def read_loose(request: web.Request, model: type[M], **known: str) -> M:
    """Query and body as one model. Raises 422 for a misfit, 400 for broken JSON."""
    fields = dict(request.query) | await loose_body(request) | known
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=f"The body does not fit: {explain(error)}") from None


def real_id(identifier: str) -> str:
    """The uuid in an id of the pages' form; a real one stays what it is."""
    return identifier.removeprefix(_CALENDAR).removeprefix(_EVENT)


def raw_calendar(raw: RawCalendar) -> dict[str, Any]:
    return {
        "id": raw.id,
        "name": raw.name,
        "description": f"Calendar of {raw.account.name or raw.account.email}",
        "is_primary": raw.is_primary,
    }


def calendar(connected: Connected) -> dict[str, Any]:
    status = "active" if connected.synced_at else "syncing"
    broken = {"status": "error", "error_message": connected.error} if connected.error else {}
    return {
        "id": f"{_CALENDAR}{connected.uuid.hex}",
        "provider": connected.raw.account.platform.lower(),
        "status": status,
        "created_at": stamp(connected.created_at),
        "raw_calendar_id": connected.raw.id,
        "calendar_name": connected.raw.name,
    } | broken


def event(entry: Entry) -> dict[str, Any]:
    """The real event and the ids as the pages have them."""
    ids = {"id": f"{_EVENT}{entry.uuid.hex}", "calendar_id": f"{_CALENDAR}{entry.calendar.uuid.hex}"}
    return responses.event(entry) | ids
