"""Signing in with OpenID Connect: the authorization code flow with PKCE, state and nonce."""

import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from web.access.openid_provider import OpenIdProvider, ProviderAwayError
from web.access.roles import ROLES, Role, highest_role
from web.access.visitor import Visitor, shown_name
from web.page_error import PageError

logger = logging.getLogger("web")

CALLBACK_ROUTE = "/sign-in/callback"
_SCOPES = "openid profile email"
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures with a private key of the provider; never `none`, and none by a secret that others could know."""
_LEEWAY_SECONDS = 60


class OpenIdClient(NamedTuple):
    """This installation, as it is registered with the provider; `roles_claim` names the claim with the roles."""

    client_id: str
    client_secret: SecretStr
    roles_claim: str


class PendingSignIn(BaseModel):
    """What a browser keeps while its user is at the provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: str = Field(repr=False)
    nonce: str = Field(repr=False)
    verifier: str = Field(repr=False)
    next_path: str


class OpenIdSignIn:
    """Leads browsers to the provider, and checks what they bring back."""

    def __init__(self, provider: OpenIdProvider, client: OpenIdClient) -> None:
        self._provider = provider
        self._client = client

    async def begin(self, origin: str, next_path: str) -> tuple[str, PendingSignIn]:
        """The address at the provider, and what the browser has to keep. Raises PageError."""
        pending = PendingSignIn(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            next_path=next_path,
        )
        try:
            endpoint = (await self._provider.description()).authorization_endpoint
        except ProviderAwayError as error:
            raise _away(error) from None
        address: str = prepare_grant_uri(
            endpoint,
            client_id=self._client.client_id,
            response_type="code",
            redirect_uri=origin + CALLBACK_ROUTE,
            scope=_SCOPES,
            state=pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),
            code_challenge_method="S256",
        )
        return address, pending

    async def finish(self, origin: str, query: Mapping[str, str], pending: PendingSignIn | None) -> Visitor:
        """The visitor whom the provider names. Raises PageError."""
        given = query.get("state", "")
        if pending is None or not hmac.compare_digest(pending.state.encode(), given.encode(errors="replace")):
            raise PageError(400, "This sign-in is out of date", "It was begun in another browser, or too long ago.")
        if query.get("iss", self._provider.issuer) != self._provider.issuer:
            raise _refused("the answer is from another issuer")
        if "error" in query or not query.get("code"):
            raise PageError(403, "You are not signed in", "The sign-in service did not let you in.")
        try:
            answer = await self._exchanged(query["code"], origin, pending.verifier)
            claims = await self._checked(answer, pending.nonce)
            roles = _claim(claims, self._client.roles_claim)
            if roles is None:
                told = await self._provider.user_information(str(answer.get("access_token", "")))
                # Claims of another person must not be taken for those of this one.
                roles = _claim(told, self._client.roles_claim) if told.get("sub") == claims["sub"] else None
        except ProviderAwayError as error:
            raise _away(error) from None
        return self._visitor(claims, roles)

    async def _exchanged(self, code: str, origin: str, verifier: str) -> Mapping[str, Any]:
        """The provider's tokens for a code."""
        description = await self._provider.description()
        supported = description.token_endpoint_auth_methods_supported
        method = "client_secret_post" if "client_secret_basic" not in supported else "client_secret_basic"
        auth = ClientAuth(self._client.client_id, self._client.client_secret.get_secret_value(), method)
        form = prepare_token_request(
            "authorization_code", code=code, redirect_uri=origin + CALLBACK_ROUTE, code_verifier=verifier
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        address, headers, form = auth.prepare("POST", description.token_endpoint, headers, form)
        status, answer = await self._provider.post(address, headers, form)
        if status != 200 or not isinstance(answer.get("id_token"), str):
            raise _refused(f"the code was not taken ({status})")
        return answer

    async def _checked(self, answer: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of the id token, whose signature, issuer, audience, times and nonce are right."""
        try:
            header = jws.extract_compact(answer["id_token"].encode()).headers()
            keys = await self._provider.keys(key_id=str(header.get("kid", "")))
            token = jwt.decode(answer["id_token"], keys, algorithms=_ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._provider.issuer},
                    "aud": {"essential": True, "value": self._client.client_id},
                    "sub": {"essential": True},
                },
                {
                    "nonce": nonce,
                    "client_id": self._client.client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused(f"the id token is not accepted: {_reason(error)}") from None
        return dict(claims)

    def _visitor(self, claims: Mapping[str, Any], roles: object) -> Visitor:
        name = _name(claims)
        words = roles.split() if isinstance(roles, str) else roles if isinstance(roles, list) else []
        role = highest_role(word for word in words if isinstance(word, str))
        if role is Role.NONE:
            named = ", ".join(each.word for each in ROLES)
            raise PageError(
                403,
                "You have no role here",
                f"{name} is signed in, and has none of the roles {named}.",
                "Ask the people who run this service for one; they give it where accounts are kept, "
                f"in the claim {self._client.roles_claim}.",
            )
        return Visitor(name=name, role=role)


def _claim(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name, or by the names of the objects that hold it with dots between them."""
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _name(claims: Mapping[str, Any]) -> str:
    """A name that the provider vouches for."""
    candidates = (
        claims.get("email") if claims.get("email_verified") is True else None,
        claims.get("preferred_username"),
        claims["sub"],
    )
    return next(name for each in candidates if isinstance(each, str) and (name := shown_name(each)))


def _reason(error: Exception) -> str:
    """What is wrong, without anything of the token."""
    claim = getattr(error, "claim", "")
    return f"{type(error).__name__} {claim}".strip()


def _refused(why: str) -> PageError:
    logger.warning("A sign-in was refused: %s", why)
    return PageError(403, "You are not signed in", "The answer of the sign-in service is not accepted.")


def _away(error: ProviderAwayError) -> PageError:
    logger.warning("Nobody can sign in: %s", error)
    return PageError(503, "The sign-in service does not answer", "Try again in a moment.")
