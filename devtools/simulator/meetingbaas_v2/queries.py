"""The queries of the lists of bots."""

import json
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from devtools.simulator.meetingbaas_v2.models import Extra, Instant
from devtools.simulator.state import now

_DAYS = 90


def _check_past(moment: datetime) -> datetime:
    if not now() - timedelta(days=_DAYS) <= moment <= now() + timedelta(minutes=1):
        raise ValueError(f"not more than {_DAYS} days ago and not in the future")
    return moment


def _check_near(moment: datetime) -> datetime:
    if abs(now() - moment) > timedelta(days=_DAYS):
        raise ValueError(f"within {_DAYS} days from today")
    return moment


def _split(value: object) -> object:
    return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value


def _conditions(value: object) -> object:
    """`key:value` pairs, separated by commas. How either sign inside a value is taken is a guess: not at all."""
    pairs = [part.partition(":") for part in str(value).split(",")] if value else []
    if any(not key or not colon for key, colon, _ in pairs):
        raise ValueError("give key:value, several separated by commas")
    return [(key.strip(), text.strip()) for key, _, text in pairs]


Past = Annotated[Instant, AfterValidator(_check_past)]
Near = Annotated[Instant, AfterValidator(_check_near)]
Several = Annotated[list[str], BeforeValidator(_split)]
Conditions = Annotated[list[tuple[str, str]], BeforeValidator(_conditions)]


class PageQuery(BaseModel):
    """Query strings are text, so their values are converted; unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: int = Field(default=50, ge=1, le=250)
    cursor: str | None = None


class _SomeBots(PageQuery):
    """Parts match in any case, lists any of their values, conditions on `extra` exactly."""

    bot_name: str = ""
    bot_id: str = ""
    meeting_url: str = ""
    meeting_platform: Several = []
    status: Several = []
    extra: Conditions = []


class BotQuery(_SomeBots):
    """Query of GET /v2/bots; without `created_after` it goes 90 days back."""

    participant_name: str = ""
    created_after: Past | None = None
    created_before: Past | None = None
    ended_after: Instant | None = None


class ScheduledBotQuery(_SomeBots):
    """Query of GET /v2/bots/scheduled."""

    limit: int = Field(default=50, ge=1, le=100)
    scheduled_after: Near | None = None
    scheduled_before: Near | None = None


def is_part(part: str, text: str) -> bool:
    return part.lower() in text.lower()


def extra_fits(conditions: list[tuple[str, str]], extra: Extra | None) -> bool:
    """Whether each key is there with this very value; what is no text counts in its JSON form."""
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in (extra or {}).items()}
    return all(values.get(key) == value for key, value in conditions)
