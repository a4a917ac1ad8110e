"""Consent and tokens as Google and Microsoft give them, as far as an app sees it."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from devtools.simulator.calendars.accounts import World
from devtools.simulator.calendars.control_models import ConsentOrder
from devtools.simulator.calendars.grants import GrantRefusedError
from devtools.simulator.calendars.wire import Platform

CODE_SECONDS = 600
TOKEN_SECONDS = 3599


class BadRequestError(Exception):
    """A mistake of the app that the user is shown, since it is not safe to redirect."""


@dataclass(frozen=True)
class Code:
    """An authorization code that waits to be redeemed; `expires` on the monotonic clock."""

    platform: Platform
    client_id: str
    redirect_uri: str
    email: str
    scopes: frozenset[str]
    is_offline: bool
    refresh_token: str | None
    challenge: str
    method: str
    expires: float


class Authorizations:
    """Asks users for consent, who agree unless ordered otherwise, and redeems each code once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._codes: dict[str, Code] = {}
        self._orders: list[ConsentOrder] = []

    def order(self, order: ConsentOrder) -> None:
        """What the next user does who is asked."""
        self._orders.append(order)

    def authorize(self, platform: Platform, query: Mapping[str, str]) -> dict[str, str]:
        """What the redirect carries: a code or an error, and the state. Raises BadRequestError."""
        app = self._world.grants.apps.get((platform, query.get("client_id", "")))
        if app is None:
            raise BadRequestError("invalid_client: The OAuth client was not found.")
        redirect_uri = query.get("redirect_uri", "")
        if not redirect_uri or (app.order.redirect_uris and redirect_uri not in app.order.redirect_uris):
            raise BadRequestError("redirect_uri_mismatch: The redirect URI is not registered for this app.")
        state = {"state": query["state"]} if "state" in query else {}
        if query.get("response_type") != "code":
            return state | {"error": "unsupported_response_type"}
        wanted = frozenset(query.get("scope", "").split())
        if not wanted:
            return state | {"error": "invalid_request", "error_description": "Missing required parameter: scope"}
        order = self._next_order(platform)
        if order.error is not None or order.answer == "refuse":
            return state | {"error": order.error or "access_denied"}
        email = order.email or query.get("login_hint") or self._somebody(platform)
        if email not in self._world.accounts:
            raise BadRequestError(f"There is no account {email!r}; add one under /_sim/calendars/accounts.")
        scopes = wanted if order.scopes is None else wanted & frozenset(order.scopes)
        code = secrets.token_urlsafe(32)
        self._codes[code] = Code(
            platform=platform,
            client_id=app.order.client_id,
            redirect_uri=redirect_uri,
            email=email,
            scopes=scopes,
            is_offline=order.refresh_token != "" and self._is_offline(platform, app.order.client_id, email, query),
            refresh_token=order.refresh_token,
            challenge=query.get("code_challenge", ""),
            method=query.get("code_challenge_method", "plain"),
            expires=time.monotonic() + (0 if order.stale else CODE_SECONDS),
        )
        return state | {"code": code, "scope": " ".join(sorted(scopes))}

    def redeem(self, platform: Platform, form: Mapping[str, str]) -> dict[str, object]:
        """The answer of the token endpoint. Raises GrantRefusedError."""
        grants, client_id = self._world.grants, form.get("client_id", "")
        grants.check_app(platform, client_id, form.get("client_secret", ""))
        match form.get("grant_type"):
            case "authorization_code":
                code = self._take(platform, client_id, form)
                token = ""
                if code.is_offline:
                    grant = grants.grant(platform, client_id, code.email, code.scopes, code.refresh_token)
                    token = grant.token
                return _tokens(code.scopes, token)
            case "refresh_token":
                grant = grants.check_token(platform, client_id, form.get("refresh_token", ""))
                if platform == "Google":
                    return _tokens(grant.scopes, "")
                # Microsoft gives a new one each time, and the old one stays good.
                token = grants.grant(platform, client_id, grant.email, grant.scopes).token
                return _tokens(grant.scopes, token)
        raise GrantRefusedError("unsupported_grant_type", "Invalid grant_type")

    def _next_order(self, platform: Platform) -> ConsentOrder:
        for number, order in enumerate(self._orders):
            if order.platform == platform:
                return self._orders.pop(number)
        return ConsentOrder(platform=platform)

    def _somebody(self, platform: Platform) -> str:
        accounts = self._world.accounts.values()
        return next((account.email for account in accounts if account.platform == platform), "")

    def _is_offline(self, platform: Platform, client_id: str, email: str, query: Mapping[str, str]) -> bool:
        """Whether there will be a refresh token.

        Microsoft wants the scope `offline_access`. Google wants `access_type=offline`, and gives one to a user who
        agreed before only if `prompt` asks for consent again.
        """
        if platform == "Microsoft":
            return "offline_access" in query.get("scope", "").split()
        asks_again = "consent" in query.get("prompt", "").split()
        agreed = self._world.grants.holds(platform, client_id, email)
        return query.get("access_type") == "offline" and (asks_again or not agreed)

    def _take(self, platform: Platform, client_id: str, form: Mapping[str, str]) -> Code:
        """The code, which is spent by being asked for, whatever comes of it. Raises GrantRefusedError."""
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or (code.platform, code.client_id) != (platform, client_id):
            raise GrantRefusedError("invalid_grant", "Malformed auth code.")
        if time.monotonic() >= code.expires:
            raise GrantRefusedError("invalid_grant", "The code has expired.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise GrantRefusedError("redirect_uri_mismatch", "Bad Request")
        if not _is_verified(code, form.get("code_verifier", "")):
            raise GrantRefusedError("invalid_grant", "Invalid code verifier.")
        return code


def _is_verified(code: Code, verifier: str) -> bool:
    """Whether the verifier fits the challenge (RFC 7636), if there was one."""
    if not code.challenge:
        return True
    if code.method == "plain":
        return secrets.compare_digest(verifier.encode(), code.challenge.encode())
    digest = hashlib.sha256(verifier.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return code.method == "S256" and secrets.compare_digest(hashed, code.challenge.encode())


def _tokens(scopes: frozenset[str], refresh_token: str) -> dict[str, object]:
    tokens: dict[str, object] = {
        "access_token": f"ya29.{secrets.token_urlsafe(32)}",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(sorted(scopes)),
        "token_type": "Bearer",
    }
    return tokens | ({"refresh_token": refresh_token} if refresh_token else {})
