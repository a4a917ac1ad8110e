"""The errors of connecting a calendar, and the translation of other errors into them."""

from enum import StrEnum

from bridge.temporal_gateway import TemporalCallError
from minutekeeper.calendars.connect_link import ConnectLink
from minutekeeper.providers.base import AccountError, NotFoundError, ProviderError, RequestRejectedError
from minutekeeper.providers.calendar_base import AccessProblemSource, CalendarAccessError
from minutekeeper.storage.errors import StoreError


class ConnectErrorCode(StrEnum):
    """The code that is passed to an `error_url`. Codes never change their meaning."""

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
    """The calendar was not connected. `link` is set where the request had a valid one.

    `why` is for the log: texts of ours or known codes, and nothing that was received.
    """

    def __init__(self, problem: ConnectErrorCode, *, link: ConnectLink | None = None, why: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.link = link
        self.why = why


def to_connect_error(error: ConnectError | ProviderError | StoreError | TemporalCallError) -> ConnectError:
    if isinstance(error, ConnectError):
        return error
    return ConnectError(_error_code(error), why=f"{type(error).__name__}: {error}")


def _error_code(error: Exception) -> ConnectErrorCode:
    if isinstance(error, CalendarAccessError):
        # The app's own credentials were accepted a moment ago, when the code was exchanged.
        is_app = error.trouble is AccessProblemSource.APP
        return ConnectErrorCode.CALENDAR_API_DISABLED if is_app else ConnectErrorCode.GRANT_REFUSED
    if isinstance(error, NotFoundError):
        return ConnectErrorCode.NO_CALENDAR
    if isinstance(error, AccountError | RequestRejectedError):
        return ConnectErrorCode.ACCOUNT
    return ConnectErrorCode.UNAVAILABLE
