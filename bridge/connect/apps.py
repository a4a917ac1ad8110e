"""The apps by which we are known to Google and Microsoft, and what we ask of their users."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from meetings.calendars.connection import CalendarPlatform
from runtime.settings import Settings

CALLBACK_ROUTE = "/connect/{platform}/callback"

NAMES = {CalendarPlatform.GOOGLE: "Google", CalendarPlatform.MICROSOFT: "Microsoft"}

SCOPES = {
    CalendarPlatform.GOOGLE: (
        "https://www.googleapis.com/auth/calendar.readonly",
        "https://www.googleapis.com/auth/calendar.events.readonly",
    ),
    CalendarPlatform.MICROSOFT: ("offline_access", "Calendars.Read"),
}

_LASTING: Mapping[CalendarPlatform, Mapping[str, str]] = {
    # Who agreed before gets no refresh token unless he is asked again.
    CalendarPlatform.GOOGLE: {"access_type": "offline", "prompt": "consent select_account"},
    CalendarPlatform.MICROSOFT: {"prompt": "select_account"},
}


@dataclass(frozen=True, kw_only=True)
class OAuthApp:
    """One of them. `callback` is the redirect address, which has to be registered; `extras` go along."""

    platform: CalendarPlatform
    client_id: str
    client_secret: SecretStr
    authorize_url: str
    token_url: str
    callback: str
    scopes: tuple[str, ...]
    extras: Mapping[str, str]

    def lacks(self, granted: str) -> bool:
        """Whether an answer that names these scopes allows less than was asked for."""
        names = {scope.rpartition("/")[2] for scope in granted.split()}
        # Microsoft tells of lasting access by giving it.
        needed = {scope.rpartition("/")[2] for scope in self.scopes} - {"offline_access"}
        return not needed <= names


def app_for(settings: Settings, platform: CalendarPlatform) -> OAuthApp | None:
    """None while the app's credentials are not set."""
    if platform is CalendarPlatform.GOOGLE:
        client_id = settings.minutekeeper_google_client_id
        client_secret = settings.minutekeeper_google_client_secret
        authorize_url = "https://accounts.google.com/o/oauth2/v2/auth"
        token_url = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    else:
        client_id = settings.minutekeeper_microsoft_client_id
        client_secret = settings.minutekeeper_microsoft_client_secret
        tenant = f"https://login.microsoftonline.com/{settings.minutekeeper_microsoft_tenant}/oauth2/v2.0"
        authorize_url, token_url = f"{tenant}/authorize", f"{tenant}/token"
    if stand_in := settings.minutekeeper_oauth_base_url:
        authorize_url, token_url = f"{stand_in}/{platform}/authorize", f"{stand_in}/{platform}/token"
    if not client_id or not client_secret.get_secret_value():
        return None
    return OAuthApp(
        platform=platform,
        client_id=client_id,
        client_secret=client_secret,
        authorize_url=authorize_url,
        token_url=token_url,
        callback=settings.bridge_public_url + CALLBACK_ROUTE.format(platform=platform),
        scopes=SCOPES[platform],
        extras=_LASTING[platform],
    )
