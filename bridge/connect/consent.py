"""Asking for consent, and making what comes back into a refresh token (RFC 6749 with PKCE, RFC 7636)."""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from pydantic import SecretStr

from bridge.connect.apps import OAuthApp
from bridge.connect.problems import ConnectError, Problem
from providers.calendars import CalendarCredentials
from providers.http_client import HTTP_ERRORS, error_name, open_http_client

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
    """Where the browser goes to ask the user."""
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


def code_in(query: Mapping[str, str]) -> str:
    """The code that the user brings back. Raises ConnectError if he brings none."""
    if error := query.get("error"):
        why = _codes_in(error, query.get("error_description", ""))
        if error in _REFUSALS:
            raise ConnectError(Problem.CONSENT_REFUSED, why=why)
        raise ConnectError(Problem.UNAVAILABLE if error in _PAUSES else Problem.CONSENT_FAILED, why=why)
    if not (code := query.get("code")):
        raise ConnectError(Problem.CONSENT_FAILED, why="neither a code nor an error came back")
    return code


async def redeem(app: OAuthApp, code: str, verifier: str) -> CalendarCredentials:
    """Exchanges the code. Raises ConnectError, which quotes nothing of the answer but known codes."""
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
        raise ConnectError(Problem.UNAVAILABLE, why=why) from None
    status, answer = response.status_code, _object(response.content)
    if status != 200 or "error" in answer:
        raise _refusal(status, answer)
    if "scope" in answer and app.lacks(str(answer["scope"])):
        raise ConnectError(Problem.MISSING_SCOPES)
    token = answer.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise ConnectError(Problem.NO_REFRESH_TOKEN)
    return CalendarCredentials(
        platform=app.platform,
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=SecretStr(token),
    )


def _refusal(status: int, answer: Mapping[str, Any]) -> ConnectError:
    error = str(answer.get("error", ""))
    why = f"the token endpoint answered {status}: {_codes_in(error, str(answer.get('error_description', '')))}"
    if error in _APP_ERRORS:
        return ConnectError(Problem.APP_REFUSED, why=why)
    if status == 429 or status >= 500 or error in _PAUSES:
        return ConnectError(Problem.UNAVAILABLE, why=why)
    return ConnectError(Problem.CODE_REFUSED, why=why)


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _codes_in(error: str, description: str) -> str:
    """What may be logged of an answer: free text in it might quote a code or a secret."""
    named = error if error in _KNOWN_ERRORS else "an error of no known name"
    return " ".join([named, *_MICROSOFT_CODE.findall(description)])
