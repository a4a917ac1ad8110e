"""OAuth with Google and Microsoft: the apps, the consent URL, and the exchange of a code for a refresh token."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from pydantic import SecretStr

from bridge.connect.errors import ConnectError, ConnectErrorCode
from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.config import Settings
from minutekeeper.providers.calendar_base import CalendarCredentials
from minutekeeper.providers.http_client import HTTP_ERRORS, error_name, open_http_client

CALLBACK_ROUTE = "/connect/{platform}/callback"

NAMES = {CalendarPlatform.GOOGLE: "Google", CalendarPlatform.MICROSOFT: "Microsoft"}

SCOPES = {
    CalendarPlatform.GOOGLE: (
        "https://www.googleapis.com/auth/calendar.readonly",
        "https://www.googleapis.com/auth/calendar.events.readonly",
    ),
    CalendarPlatform.MICROSOFT: ("offline_access", "Calendars.Read"),
}

_EMAIL_SCOPES = ("openid", "email")
"""What the account's address needs, which tells whose primary calendar it is where none can be picked."""

_LASTING: Mapping[CalendarPlatform, Mapping[str, str]] = {
    # Users who agreed before only get a refresh token if they are asked for consent again.
    CalendarPlatform.GOOGLE: {"access_type": "offline", "prompt": "consent select_account"},
    CalendarPlatform.MICROSOFT: {"prompt": "select_account"},
}


@dataclass(frozen=True, kw_only=True)
class OAuthApp:
    """An OAuth app. `callback` is the redirect URL, which has to be registered.

    `extras` are further query parameters.
    """

    platform: CalendarPlatform
    client_id: str
    client_secret: SecretStr
    authorize_url: str
    token_url: str
    callback: str
    scopes: tuple[str, ...]
    extras: Mapping[str, str]

    def missing_scopes(self, granted: str) -> bool:
        """Whether an answer that names these scopes allows less than was asked for."""
        names = {scope.rpartition("/")[2] for scope in granted.split()}
        # Microsoft does not list offline_access among the granted scopes, and Google spells email otherwise.
        needed = {scope.rpartition("/")[2] for scope in self.scopes} - {"offline_access", *_EMAIL_SCOPES}
        return not needed <= names


def app_for(settings: Settings, platform: CalendarPlatform, *, with_email: bool = False) -> OAuthApp | None:
    """The app of a platform; None while its credentials are not set.

    `with_email` has the answer name the account's address.
    """
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
        scopes=SCOPES[platform] + (_EMAIL_SCOPES if with_email else ()),
        extras=_LASTING[platform],
    )


_ANSWER_SECONDS = 20.0

_CONNECT_SECONDS = 5.0

_REFUSALS = {"access_denied", "consent_required", "interaction_required", "login_required"}

_PAUSES = {"temporarily_unavailable", "server_error"}

_APP_ERRORS = {"invalid_client", "unauthorized_client", "deleted_client"}

_KNOWN_ERRORS = {
    *_REFUSALS,
    *_PAUSES,
    *_APP_ERRORS,
    *("invalid_grant", "invalid_request", "invalid_scope", "redirect_uri_mismatch"),
    *("unsupported_grant_type", "unsupported_response_type", "invalid_resource", "admin_policy_enforced"),
}

_MICROSOFT_CODE = re.compile(r"\bAADSTS[0-9]{4,9}\b")


def new_verifier() -> str:
    return secrets.token_urlsafe(48)


def authorization_url(app: OAuthApp, state: str, verifier: str) -> str:
    """The URL of the consent screen."""
    url: str = prepare_grant_uri(
        app.authorize_url,
        client_id=app.client_id,
        response_type="code",
        redirect_uri=app.callback,
        scope=" ".join(app.scopes),
        state=state,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
        **app.extras,
    )
    return url


def authorization_code(query: Mapping[str, str]) -> str:
    """The code in the callback's query. Raises ConnectError if there is none."""
    if error := query.get("error"):
        why = _codes_in(error, query.get("error_description", ""))
        if error in _REFUSALS:
            raise ConnectError(ConnectErrorCode.CONSENT_REFUSED, why=why)
        raise ConnectError(
            ConnectErrorCode.UNAVAILABLE if error in _PAUSES else ConnectErrorCode.CONSENT_FAILED, why=why
        )
    if not (code := query.get("code")):
        raise ConnectError(ConnectErrorCode.CONSENT_FAILED, why="neither a code nor an error came back")
    return code


async def exchange_code(app: OAuthApp, code: str, verifier: str) -> CalendarCredentials:
    """Exchanges the code for a refresh token. Raises ConnectError, which only quotes known codes of the answer."""
    form: str = prepare_token_request(
        "authorization_code",
        code=code,
        redirect_uri=app.callback,
        code_verifier=verifier,
        client_id=app.client_id,
        client_secret=app.client_secret.get_secret_value(),
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), open_http_client(connect_seconds=_CONNECT_SECONDS) as http:
            response = await http.post(app.token_url, content=form, headers=headers)
    except HTTP_ERRORS as error:
        why = f"the token endpoint cannot be reached: {error_name(error)}"
        raise ConnectError(ConnectErrorCode.UNAVAILABLE, why=why) from None
    status, answer = response.status_code, _object(response.content)
    if status != 200 or "error" in answer:
        raise _refusal(status, answer)
    if "scope" in answer and app.missing_scopes(str(answer["scope"])):
        raise ConnectError(ConnectErrorCode.MISSING_SCOPES)
    token = answer.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise ConnectError(ConnectErrorCode.NO_REFRESH_TOKEN)
    return CalendarCredentials(
        platform=app.platform,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=SecretStr(token),
        email=_email_in(answer.get("id_token")),
    )


def _email_in(id_token: object) -> str:
    """The address in an ID token. Its signature is not checked, because it comes from the token endpoint itself."""
    parts = id_token.split(".") if isinstance(id_token, str) else []
    if len(parts) != 3:
        return ""
    try:
        claims = _object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return ""
    email = claims.get("email")
    return email if isinstance(email, str) and "@" in email else ""


def _refusal(status: int, answer: Mapping[str, Any]) -> ConnectError:
    error = str(answer.get("error", ""))
    why = f"the token endpoint answered {status}: {_codes_in(error, str(answer.get('error_description', '')))}"
    if error in _APP_ERRORS:
        return ConnectError(ConnectErrorCode.APP_REFUSED, why=why)
    if status == 429 or status >= 500 or error in _PAUSES:
        return ConnectError(ConnectErrorCode.UNAVAILABLE, why=why)
    return ConnectError(ConnectErrorCode.CODE_REFUSED, why=why)


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _codes_in(error: str, description: str) -> str:
    """The known codes in an answer, because its free text might quote a code or a secret."""
    named = error if error in _KNOWN_ERRORS else "an error of no known name"
    return " ".join([named, *_MICROSOFT_CODE.findall(description)])
