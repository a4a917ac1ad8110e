"""Recognises the errors of Google and Microsoft for access that has ended, in any text that contains them.

The providers document neither status nor body for it: it shows up in errors of calls, in what Meeting BaaS reports
of a sync, and in the status of a calendar at Recall.ai.
"""

import re

from minutekeeper.providers.calendar_base import AccessProblemSource

_APP = re.compile(
    r"""invalid[_ ]?client | unauthorized_client | deleted_client
    | aadsts(?:700016|7000215|7000222|7000112)
    | access_?not_?configured | service_disabled | has\ not\ been\ used\ in .{0,60} project""",
    re.IGNORECASE | re.VERBOSE,
)
"""The client is unknown or its secret wrong or expired; or its owner has not switched the calendar API on."""

_USER = re.compile(
    r"""invalid[_ ]?grant | expired\ or\ revoked | invalid[_ ]?scope | bad[_ ]refresh[_ ]token
    | insufficient[_ ]?(?:authentication[_ ])?(?:scope|permission)
    | aadsts(?:50173|50076|50079|50057|65001|70000|70008|700082|700084)""",
    re.IGNORECASE | re.VERBOSE,
)
"""The refresh token is expired, revoked or unknown, or was granted for less than calendars."""

ADVICE = {
    AccessProblemSource.USER: " The user has to connect the calendar again.",
    AccessProblemSource.APP: (
        " The OAuth app needs care: its client secret, or its calendar API that is not switched on."
    ),
}


def access_problem_source(text: str) -> AccessProblemSource | None:
    """Who has to act; None if the text is about something else."""
    # An error of the app affects all its users, and its text may contain codes of both.
    if _APP.search(text):
        return AccessProblemSource.APP
    return AccessProblemSource.USER if _USER.search(text) else None
