"""The file of limits for the whole installation, read from JSON that people write."""

from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from minutekeeper.calendars import policy_errors
from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.policy import PolicyError, parse_json
from minutekeeper.calendars.policy_context import StrictModel, TimeZone


class InstallationLimits(StrictModel):
    """Limits for all calendars together, and for each user whose policy does not say others."""

    model_config = ConfigDict(serialize_by_alias=True)

    schema_address: str | None = Field(None, alias="$schema", max_length=2000)
    """Where an editor finds the schema of this file; it is not looked at here."""
    time_zone: TimeZone = "UTC"
    """The clock of the installation's hours, days and months, an IANA name."""
    installation: Limits | None = None
    """Limits of all bots together."""
    per_user: Limits | None = None
    """Limits of the bots of one user, as far as the user's policy does not say others."""

    @model_validator(mode="after")
    def _names_limits(self) -> Self:
        if self.installation is None and self.per_user is None:
            raise ValueError("names neither installation nor per_user")
        return self


def load_limits(text: str) -> InstallationLimits:
    """Reads the limits of the installation.

    Raises:
        PolicyError: naming everything that is wrong with them at once.
    """
    data: Any
    data, found = parse_json(text)
    try:
        limits = InstallationLimits.model_validate(data)
    except ValidationError as error:
        found += policy_errors.validation_messages(error, InstallationLimits)
    if found:
        raise PolicyError(tuple(dict.fromkeys(found)))
    return limits
