"""The error pages: what happened, and what users and operators can do about it."""

from typing import NamedTuple

from bridge.connect.errors import ConnectErrorCode


class ErrorPage(NamedTuple):
    """`user` are steps for users, on the page; `owner` are steps for operators, in the log."""

    status: int
    title: str
    what: str
    user: tuple[str, ...] = ()
    owner: tuple[str, ...] = ()


_AGAIN = "Open your link once more. It is valid until a calendar is connected, for 24 hours at most."
_NEW_LINK = "Ask for a new link where you got this one."
_CONTACT = "Tell the people who run this service, and name the code below."

ERROR_PAGES = {
    ConnectErrorCode.LINK_FORGED: ErrorPage(
        403,
        "This link is not genuine",
        "It was changed or cut off on its way, or it was not made here. Nothing was connected.",
        ("Copy the whole link, up to its last letter.", _NEW_LINK),
        ("BRIDGE_SECRET must be the same where links are made and where the bridge runs.",),
    ),
    ConnectErrorCode.LINK_EXPIRED: ErrorPage(
        410,
        "This link has expired",
        "A link is valid for 24 hours. Nothing was connected.",
        (_NEW_LINK,),
    ),
    ConnectErrorCode.LINK_USED: ErrorPage(
        410,
        "This link was used already",
        "A link connects one calendar, once. Nothing was changed now.",
        (
            "If your calendar is connected, there is nothing left to do.",
            f"Otherwise: {_NEW_LINK[0].lower()}{_NEW_LINK[1:]}",
        ),
    ),
    ConnectErrorCode.NOT_SET_UP: ErrorPage(
        503,
        "Calendars cannot be connected here yet",
        "This service has not been registered with the company that keeps your calendar.",
        (_CONTACT,),
        ("Set the client id and the client secret of the platform, and restart the bridge.",),
    ),
    ConnectErrorCode.OVERTAKEN: ErrorPage(
        409,
        "This calendar is already being connected",
        "The same person's calendar is being connected elsewhere at this moment. This attempt changed nothing.",
        ("Look there first.", f"If no calendar is connected afterwards: {_AGAIN[0].lower()}{_AGAIN[1:]}"),
    ),
    ConnectErrorCode.SESSION_LOST: ErrorPage(
        400,
        "Your session has expired",
        "The cookie that was set when you began is missing or older than an hour, or the request came from "
        "another site. Nothing was connected.",
        (
            "Finish in the same browser in which you began, and allow cookies for this site.",
            _AGAIN,
        ),
    ),
    ConnectErrorCode.CONSENT_REFUSED: ErrorPage(
        403,
        "You did not agree",
        "Without your consent the calendar cannot be read. Nothing was connected.",
        (
            f"If that was a mistake: {_AGAIN[0].lower()}{_AGAIN[1:]}",
            "If you could not agree because an administrator has to: ask for approval of this app, and come back.",
        ),
    ),
    ConnectErrorCode.CONSENT_FAILED: ErrorPage(
        502,
        "You could not be asked for your consent",
        "The company that keeps your calendar reported an error instead of an answer. Nothing was connected.",
        (_AGAIN, _CONTACT),
        (
            "The redirect address and the scopes of the app must be those of docs/connect.md.",
            "The bridge's log names the error.",
        ),
    ),
    ConnectErrorCode.CODE_REFUSED: ErrorPage(
        502,
        "Your consent was not accepted",
        "The authorization code was too old, or was used before. Nothing was connected.",
        (_AGAIN,),
        ("If it stays so: the redirect address of the app must be exactly that of docs/connect.md.",),
    ),
    ConnectErrorCode.APP_REFUSED: ErrorPage(
        502,
        "The app's credentials were rejected",
        "The company that keeps your calendar does not accept the credentials of this service. "
        "Nothing was connected.",
        (_CONTACT,),
        (
            (
                "The client id or the client secret is wrong, or the secret has expired: make a new one, set "
                "it, and restart the bridge."
            ),
        ),
    ),
    ConnectErrorCode.NO_REFRESH_TOKEN: ErrorPage(
        502,
        "The consent does not last",
        "You agreed, but no lasting access was given, and without it the calendar could be read for an hour "
        "only. Nothing was connected.",
        (
            "Remove this app from your account's list of connected apps, then open your link once more.",
            _CONTACT,
        ),
        (
            "Microsoft: the client id or the client secret is not that of the app registration.",
            (
                "Microsoft: the app must be registered for accounts in any organizational directory and personal "
                "Microsoft accounts. Make a new registration rather than change one: a changed one may "
                "keep failing."
            ),
            "Microsoft: the scope offline_access must be allowed.",
            (
                "Google: the app must be of the type web application; it gives lasting access at a user's first "
                "consent, or when it is asked for consent anew, as this service does."
            ),
        ),
    ),
    ConnectErrorCode.MISSING_SCOPES: ErrorPage(
        403,
        "Some permissions are missing",
        "You allowed less than what is needed to read your calendar. Nothing was connected.",
        ("Open your link once more, and leave every box about calendars ticked.",),
        ("Every scope of docs/connect.md must be allowed for the app.",),
    ),
    ConnectErrorCode.GRANT_REFUSED: ErrorPage(
        502,
        "Your consent no longer holds",
        "It was taken back, or does not cover calendars. Nothing was connected.",
        (_AGAIN, "Agree to everything that you are asked for."),
    ),
    ConnectErrorCode.CALENDAR_API_DISABLED: ErrorPage(
        502,
        "Calendars are not switched on for this service",
        "You did everything right, but this service may not read calendars yet. Nothing was connected.",
        (_CONTACT,),
        (
            "Google: enable the Google Calendar API in the project of the OAuth client, and wait a few minutes.",
            "Microsoft: add the delegated permission Calendars.Read to the app registration.",
        ),
    ),
    ConnectErrorCode.NO_CALENDAR: ErrorPage(
        404,
        "There is no such calendar",
        "The account has no calendar, or the one you chose is gone. Nothing was connected.",
        ("Look whether you are signed in to the right account, then open your link once more.",),
    ),
    ConnectErrorCode.ACCOUNT: ErrorPage(
        502,
        "This service has a problem of its own",
        "You did everything right, but the calendar could not be connected. Nothing was changed.",
        (_CONTACT,),
        ("Meeting BaaS refuses the account: look at its key and its plan. The bridge's log has its answer.",),
    ),
    ConnectErrorCode.UNAVAILABLE: ErrorPage(
        503,
        "A service does not answer at the moment",
        "The company that keeps your calendar, or a part of this service, did not answer. Nothing was lost.",
        ("Wait a few minutes.", _AGAIN),
        (
            "The bridge's log names the service that does not answer.",
            "If it stays so with Google: is the Google Calendar API enabled in the project of the OAuth client?",
        ),
    ),
}
