"""What calls to the outside world failed with, as what it means for somebody who connects a calendar."""

from artifacts.errors import StoreError
from bridge.connect.problems import ConnectError, Problem
from bridge.temporal_calls import CallError
from providers.base import AccountError, NotFoundError, ProviderError, RequestRejectedError
from providers.calendars import GrantError, GrantTrouble


def as_connect_error(error: ConnectError | ProviderError | StoreError | CallError) -> ConnectError:
    if isinstance(error, ConnectError):
        return error
    return ConnectError(_problem(error), why=f"{type(error).__name__}: {error}")


def _problem(error: Exception) -> Problem:
    if isinstance(error, GrantError):
        # The app's own credentials were accepted a moment ago, when the code was exchanged.
        is_app = error.trouble is GrantTrouble.APP
        return Problem.CALENDAR_API_DISABLED if is_app else Problem.GRANT_REFUSED
    if isinstance(error, NotFoundError):
        return Problem.NO_CALENDAR
    if isinstance(error, AccountError | RequestRejectedError):
        return Problem.ACCOUNT
    return Problem.UNAVAILABLE
