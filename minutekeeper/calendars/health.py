"""Whether calendars can be read: what is wrong with access, who can fix it, and the check of all calendars."""

import shlex
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.text import one_line

_MAX_TEXT_LENGTH = 300


class AccessProblem(StrEnum):
    """Why a calendar cannot be read, by who has to act."""

    USER_GRANT = "user_grant"
    """The user's grant has expired or was revoked: they have to connect again."""
    OAUTH_APP = "oauth_app"
    """The OAuth app is refused, for all its users: it needs other credentials."""
    SYNC = "sync"
    """The provider cannot sync it, and does not say why in words that we know."""
    NOT_FOUND = "not_found"
    """The provider does not know it any more."""
    RECONCILE = "reconcile"
    """The last reconcile failed; it is retried automatically."""


class AccessReport(BaseModel):
    """What the provider says of the access to a calendar, as of `at`; it is good if no problem is named.

    `renewed`: the calendar was given another grant just now, so that everything may have changed.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    problem: AccessProblem | None = None
    text: str = ""
    at: AwareDatetime | None = None
    renewed: bool = False


ACCESS_GOOD = AccessReport()

ACCESS_RENEWED = AccessReport(renewed=True)


class AccessState(BaseModel):
    """What is known of the access to a calendar; `since` when there is a problem."""

    model_config = ConfigDict(frozen=True)

    problem: AccessProblem | None = None
    text: str = ""
    since: AwareDatetime | None = None
    renewed_at: AwareDatetime | None = None

    def after(self, report: AccessReport, now: datetime) -> "AccessState":
        """What is known after a report that came `now`. Repeats change nothing."""
        if report.renewed:
            return AccessState(renewed_at=now)
        if report.problem is None:
            return AccessState(renewed_at=self.renewed_at)
        is_outdated = report.at is not None and self.renewed_at is not None and report.at < self.renewed_at
        if is_outdated or report.problem is self.problem:
            return self
        text = one_line(report.text)[:_MAX_TEXT_LENGTH]
        return AccessState(problem=report.problem, text=text, since=now, renewed_at=self.renewed_at)


def suggested_fix(
    problem: AccessProblem | None, calendar_id: str = "", user: str = "", platform: str = "", provider: str = ""
) -> str:
    """What people can do about a problem; empty if nothing is to be done."""
    if problem is None:
        return ""
    if problem is AccessProblem.USER_GRANT and user and platform:
        link = f"minutekeeper calendar connect-link {shlex.quote(one_line(user))} --platform {platform}"
        link += f" --provider {provider}" if provider else ""
        return f"reconnect needed: give the user a fresh link, made by `{link}`"
    return _FIXES[problem].format(calendar_id=one_line(calendar_id))


_FIXES = {
    AccessProblem.USER_GRANT: "reconnect needed: `minutekeeper calendar connect` with the user's new refresh token",
    AccessProblem.OAUTH_APP: "give the OAuth app's new credentials with `minutekeeper calendar update-credentials`",
    AccessProblem.SYNC: "if it stays so, ask the provider, or have the user connect again",
    AccessProblem.NOT_FOUND: (
        "connect it again, or give it up with `minutekeeper calendar disconnect {calendar_id}`"
    ),
    AccessProblem.RECONCILE: "it is retried automatically; if it stays so, see what the error says",
}


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
    """One check, after what was found `before`. With `report_all` calendars are also told what they know.

    Only the calendars of the `providers` are checked, or all if none is named.
    """

    model_config = ConfigDict(frozen=True)

    before: AccessFindings = NO_FINDINGS
    report_all: bool = False
    providers: tuple[str, ...] = ()


class HealthCheckResult(BaseModel):
    """`calendars` is how many there are, `next_check_seconds` the time until the next check is due.

    `error` names the providers that did not answer; of their calendars the findings are those of before.
    """

    model_config = ConfigDict(frozen=True)

    findings: AccessFindings = NO_FINDINGS
    calendars: int | None = None
    """None if not all providers were asked, or one did not answer."""
    next_check_seconds: float = 3600.0
    error: str = ""


class CheckRequest(BaseModel):
    """A signal: the calendars of a provider, or all, are to be checked at once."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    provider: str = ""


CHECK_ALL = CheckRequest()


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
