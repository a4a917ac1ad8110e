"""What the workflow of calendar health exchanges with its activity and with clients, and what it carries along.

Every field that is added later needs a default, because the workflow runs for years.
"""

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.calendars.health import AccessProblem


class AccessFindings(BaseModel):
    """The calendars that cannot be read, by id, and why; of the `unconfirmed` ones it is not sure yet."""

    model_config = ConfigDict(frozen=True)

    problems: Mapping[str, AccessProblem] = {}
    unconfirmed: tuple[str, ...] = ()

    def of(self, problem: AccessProblem) -> set[str]:
        """The calendars with this problem."""
        return {calendar_id for calendar_id, each in self.problems.items() if each is problem}


NO_FINDINGS = AccessFindings()


class HealthCheckInput(BaseModel):
    """One check, after what was found `before`. With `report_all` calendars are also told what they know."""

    model_config = ConfigDict(frozen=True)

    before: AccessFindings = NO_FINDINGS
    report_all: bool = False


class HealthCheckResult(BaseModel):
    """`calendars` is how many there are, `next_check_seconds` the time until the next check is due."""

    model_config = ConfigDict(frozen=True)

    findings: AccessFindings = NO_FINDINGS
    calendars: int = 0
    next_check_seconds: float = 3600.0


class CalendarHealthInput(BaseModel):
    """What the workflow starts with, and continues with; nothing is required."""

    model_config = ConfigDict(frozen=True)

    findings: AccessFindings = NO_FINDINGS
    calendars: int = 0
    reported_all_at: AwareDatetime | None = None
    last_check_at: AwareDatetime | None = None
    next_check_seconds: float = 3600.0
    error: str = ""


class CalendarHealthView(BaseModel):
    """What the `status` query answers. `error` is why the last check failed."""

    model_config = ConfigDict(frozen=True)

    calendars: int = 0
    findings: AccessFindings = NO_FINDINGS
    last_check_at: AwareDatetime | None = None
    next_check_at: AwareDatetime | None = None
    error: str = ""
