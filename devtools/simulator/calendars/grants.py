"""Apps, what users granted them, and the words in which Google and Microsoft refuse what no longer holds."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from devtools.simulator.calendars.control_models import AppOrder
from devtools.simulator.calendars.wire import Credentials, Platform

CALENDAR_SCOPES: Mapping[Platform, frozenset[str]] = {
    "Google": frozenset(
        {
            "https://www.googleapis.com/auth/calendar.readonly",
            "https://www.googleapis.com/auth/calendar.events.readonly",
        }
    ),
    "Microsoft": frozenset({"offline_access", "Calendars.Read"}),
}
_READING: Mapping[Platform, tuple[str, ...]] = {
    "Google": ("https://www.googleapis.com/auth/calendar",),
    "Microsoft": ("Calendars.Read", "https://graph.microsoft.com/Calendars.Read"),
}
"""How the scopes begin of which one at least is needed."""

_TEST_APPS: tuple[tuple[Platform, str], ...] = (("Google", "google-app"), ("Microsoft", "microsoft-app"))

_UNKNOWN_APP: Mapping[Platform, tuple[str, str]] = {
    "Google": ("invalid_client", "The OAuth client was not found."),
    "Microsoft": ("unauthorized_client", "AADSTS700016: Application was not found in the directory."),
}
_WRONG_SECRET: Mapping[Platform, tuple[str, str]] = {
    "Google": ("invalid_client", "The provided client secret is invalid."),
    "Microsoft": ("invalid_client", "AADSTS7000215: Invalid client secret provided."),
}
_EXPIRED_SECRET: Mapping[Platform, tuple[str, str]] = {
    "Google": ("invalid_client", "The provided client secret is invalid."),
    "Microsoft": ("invalid_client", "AADSTS7000222: The provided client secret keys are expired."),
}
_UNKNOWN_TOKEN: Mapping[Platform, tuple[str, str]] = {
    "Google": ("invalid_grant", "Bad Request"),
    "Microsoft": ("invalid_grant", "AADSTS9002313: Invalid request. Request is malformed or invalid."),
}
_ANOTHER_APP: Mapping[Platform, tuple[str, str]] = {
    "Google": ("unauthorized_client", "Unauthorized"),
    "Microsoft": ("invalid_grant", "AADSTS70000: The provided grant was issued to another client."),
}
_REVOKED: Mapping[Platform, tuple[str, str]] = {
    "Google": ("invalid_grant", "Token has been expired or revoked."),
    "Microsoft": ("invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked."),
}


class GrantRefusedError(Exception):
    """The provider gives no access; `code` is its OAuth error, `description` its explanation."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


@dataclass
class App:
    """`secret_expired` is how access ends for all users of the app at once."""

    order: AppOrder
    secret_expired: bool = False


@dataclass
class Grant:
    """What a refresh token stands for."""

    token: str
    platform: Platform
    client_id: str
    email: str
    scopes: frozenset[str]
    revoked: bool = False


class Grants:
    """All apps and refresh tokens of both providers. Apps for tests exist from the beginning."""

    def __init__(self) -> None:
        self.apps: dict[tuple[Platform, str], App] = {}
        self._grants: dict[str, Grant] = {}
        for platform, client_id in _TEST_APPS:
            self.add_app(AppOrder(platform=platform, client_id=client_id, client_secret=f"{client_id}-secret"))

    def add_app(self, order: AppOrder) -> None:
        """Register an app, or give one that exists a new secret."""
        self.apps[order.platform, order.client_id] = App(order)

    def default_app(self, platform: Platform) -> AppOrder:
        return next(app.order for app in self.apps.values() if app.order.platform == platform)

    def grant(
        self, platform: Platform, client_id: str, email: str, scopes: frozenset[str], token: str | None = None
    ) -> Grant:
        """Let the app act for the user; earlier grants stay good."""
        grant = Grant(token or f"1//{secrets.token_urlsafe(24)}", platform, client_id, email, scopes)
        self._grants[grant.token] = grant
        return grant

    @property
    def all(self) -> list[Grant]:
        return list(self._grants.values())

    def take_over(self, grant: Grant) -> None:
        """Know a grant that was given before a restart."""
        self._grants[grant.token] = grant

    def holds(self, platform: Platform, client_id: str, email: str) -> bool:
        """Whether the user has let the app act for him before, and not revoked it."""
        wanted = (platform, client_id, email)
        grants = self._grants.values()
        return any((one.platform, one.client_id, one.email) == wanted and not one.revoked for one in grants)

    def revoke(self, email: str) -> None:
        """End all that the user granted."""
        for grant in self._grants.values():
            grant.revoked = grant.revoked or grant.email == email

    def narrow(self, email: str) -> None:
        """Leave the user's grants without the right to read calendars."""
        for grant in self._grants.values():
            if grant.email == email:
                grant.scopes = frozenset()

    def check_app(self, platform: Platform, client_id: str, client_secret: str) -> App:
        """Raises GrantRefusedError."""
        app = self.apps.get((platform, client_id))
        if app is None:
            raise GrantRefusedError(*_UNKNOWN_APP[platform])
        if app.secret_expired:
            raise GrantRefusedError(*_EXPIRED_SECRET[platform])
        if not secrets.compare_digest(client_secret.encode(), app.order.client_secret.encode()):
            raise GrantRefusedError(*_WRONG_SECRET[platform])
        return app

    def check_token(self, platform: Platform, client_id: str, token: str) -> Grant:
        """Raises GrantRefusedError."""
        grant = self._grants.get(token)
        if grant is None or grant.platform != platform:
            raise GrantRefusedError(*_UNKNOWN_TOKEN[platform])
        if grant.client_id != client_id:
            raise GrantRefusedError(*_ANOTHER_APP[platform])
        if grant.revoked:
            raise GrantRefusedError(*_REVOKED[platform])
        return grant

    def open(self, credentials: Credentials) -> tuple[App, Grant]:
        """Raises GrantRefusedError."""
        platform = credentials.platform
        app = self.check_app(platform, credentials.oauth_client_id, credentials.oauth_client_secret)
        grant = self.check_token(platform, credentials.oauth_client_id, credentials.oauth_refresh_token)
        if not any(scope.startswith(_READING[platform]) for scope in grant.scopes):
            raise GrantRefusedError("insufficient_scope", "Request had insufficient authentication scopes.")
        return app, grant
