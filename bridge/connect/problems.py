"""Everything that is known to go wrong while somebody connects a calendar."""

from enum import StrEnum

from meetings.connect_link import ConnectLink


class Problem(StrEnum):
    """The code that an `error_url` is told. A code keeps its meaning for ever."""

    LINK_FORGED = "link_forged"
    LINK_EXPIRED = "link_expired"
    LINK_USED = "link_used"
    NOT_SET_UP = "not_set_up"
    OVERTAKEN = "overtaken"
    SESSION_LOST = "session_lost"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_FAILED = "consent_failed"
    CODE_REFUSED = "code_refused"
    APP_REFUSED = "app_refused"
    NO_REFRESH_TOKEN = "no_refresh_token"  # noqa: S105 - a code
    MISSING_SCOPES = "missing_scopes"
    GRANT_REFUSED = "grant_refused"
    CALENDAR_API_DISABLED = "calendar_api_disabled"
    NO_CALENDAR = "no_calendar"
    ACCOUNT = "account"
    UNAVAILABLE = "unavailable"


class ConnectError(Exception):
    """The connection did not come about. `link` is known where somebody proved to have one.

    `why` is for the log: words of ours or a closed list of codes, nothing that somebody sent.
    """

    def __init__(self, problem: Problem, *, link: ConnectLink | None = None, why: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.link = link
        self.why = why
