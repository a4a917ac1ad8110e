"""The conditions of a list of meetings, as they stand in an address of the API or of a page."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from minutekeeper.meetings.fields import Metadata, UtcDatetime
from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from starter.meeting_queries import MeetingFilter


def _from_text(value: Any) -> Any:
    """Only ISO 8601 texts are instants here: numbers would be taken for seconds or for milliseconds."""
    is_instant = isinstance(value, datetime) or (isinstance(value, str) and "T" in value.upper())
    if not is_instant:
        raise ValueError("must be an instant such as 2027-01-11T10:00:00Z")
    return value


Instant = Annotated[UtcDatetime, BeforeValidator(_from_text, json_schema_input_type=AwareDatetime)]


class MeetingsQuery(BaseModel):
    """Conditions that listed meetings meet. `from` is inclusive, `to` exclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: MeetingStatus | None = None
    reason: FailureReason | None = None
    platform: Platform | None = None
    starts_from: Instant | None = Field(None, alias="from")
    starts_before: Instant | None = Field(None, alias="to")
    title: str = Field("", max_length=200)
    calendar: str = Field("", max_length=255)
    bot: str = Field("", max_length=255)
    url: str = Field("", max_length=4096)
    metadata: Metadata = {}
    cursor: str = Field("", max_length=1000)
    limit: int = Field(50, ge=1, le=200)

    @property
    def filters(self) -> MeetingFilter:
        reasons = (self.reason,) if self.reason else ()
        alike = set(MeetingFilter._fields) - {"reasons"}
        return MeetingFilter(reasons=reasons, **{name: getattr(self, name) for name in alike})
