"""Working hours: days and times in a time zone, with its summer time."""

import difflib
import re
import zoneinfo
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from meetings.calendars.patterns import OneOrMore

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError(f"{text!r} is no time of day; write it as 09:00")
    return text


def _time_zone(name: str) -> str:
    try:
        return zoneinfo.ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        zones = {zone.casefold(): zone for zone in zoneinfo.available_timezones()}
        near = difflib.get_close_matches(name.casefold(), zones, n=1)
        hint = f"did you mean {zones[near[0]]}?" if near else "write it as Europe/Berlin"
        raise ValueError(f"{name!r} is no time zone; {hint}") from None


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
"""`HH:MM` from 00:00 to 24:00; as texts they sort like the times they stand for."""

TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""An IANA name, such as Europe/Berlin."""


class WorkingHours(BaseModel):
    """Holds for what starts at or after `from` and before `to`, by the clock of `time_zone` (else the policy's)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    days: OneOrMore[Day] = _WEEK[:5]
    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay
    time_zone: TimeZone | None = None

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.to <= self.from_:
            raise ValueError(
                f"to {self.to} must be later than from {self.from_}; hours over midnight need two rules"
            )
        return self

    def include(self, start_time: datetime, time_zone: str) -> bool:
        local = start_time.astimezone(zoneinfo.ZoneInfo(self.time_zone or time_zone))
        return _WEEK[local.weekday()] in self.days and self.from_ <= local.strftime("%H:%M") < self.to

    def told(self, time_zone: str) -> str:
        return f"it starts on {'/'.join(self.days)} from {self.from_} to {self.to}, {self.time_zone or time_zone}"
