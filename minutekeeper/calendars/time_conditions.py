"""The conditions of a rule that concern the clock."""

import re
import zoneinfo
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from minutekeeper.calendars.patterns import OneOrMore
from minutekeeper.calendars.policy_context import TimeZone

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time_of_day(text: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00", text):
        raise ValueError(f"{text!r} is no time of day; write it as 09:00")
    return text


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
"""`HH:MM` from 00:00 to 24:00; as texts they sort like the times they stand for."""


class WorkingHours(BaseModel):
    """Holds for what starts at or after `from` and before `to`, by the clock of `time_zone` (else the policy's)."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, use_attribute_docstrings=True)

    days: OneOrMore[Day] = _WEEK[:5]
    from_: TimeOfDay = Field(alias="from")
    """Included, such as 09:00."""
    to: TimeOfDay
    """Not included, up to 24:00."""
    time_zone: TimeZone | None = None
    """The policy's if not given."""

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

    def describe(self, time_zone: str) -> str:
        return f"it starts on {'/'.join(self.days)} from {self.from_} to {self.to}, {self.time_zone or time_zone}"


class OccurrenceCondition(BaseModel):
    """Holds for each so many occurrences of a series."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, use_attribute_docstrings=True)

    every: int = Field(strict=True, ge=2, le=1000)
    """2 for every second one."""
    from_: int = Field(1, alias="from", strict=True, ge=1, le=1000)
    """The first for which it holds: 1 for the first of all."""

    def holds_for(self, number: int) -> bool:
        return number >= self.from_ and (number - self.from_) % self.every == 0

    def describe(self) -> str:
        some = ", ".join(str(self.from_ + turn * self.every) for turn in range(3))
        return f"it is number {some} … of its series"
