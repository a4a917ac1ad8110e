"""A small OpenID provider, which signs in whoever is set as its user, and makes mistakes to order."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

CLIENT, CLIENT_SECRET = "minutes", "minutes-secret"
ANNA = {"sub": "u-1", "email": "anna@example.com", "email_verified": True, "roles": ["watch"]}


class OpenIdDouble:
    """`claims` are added to those of each token, where None takes one away."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.signing: Any = self.key
        self.algorithm = "RS256"
        self.user: dict[str, Any] = dict(ANNA)
        self.claims: dict[str, Any] = {}
        self.told: dict[str, Any] | None = None
        self.is_away = False
        self.url = self.issuer = ""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self._count])
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/user", self._user)
        return app

    @web.middleware
    async def _count(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path)
        if self.is_away:
            raise web.HTTPServiceUnavailable
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _describe(self, _: web.Request) -> web.Response:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        described = {name: f"{self.url}/{path}" for name, path in (names | {"userinfo_endpoint": "user"}).items()}
        return web.json_response(described | {"issuer": self.issuer})

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_hex(8)
        self._codes[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return web.Response(status=303, headers={"Location": f"{query['redirect_uri']}?{back}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        client = BasicAuth.decode(request.headers["Authorization"])
        if asked is None or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        assert (client.login, client.password) == (CLIENT, CLIENT_SECRET)
        return web.json_response({"access_token": "at", "token_type": "Bearer", "id_token": self._id_token(asked)})

    async def _user(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer at"
        return web.json_response(self.told or {})

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        fixed = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {name: value for name, value in (fixed | self.user | self.claims).items() if value is not None}
        if self.algorithm == "none":
            parts = [base64.urlsafe_b64encode(json.dumps(each).encode()) for each in ({"alg": "none"}, claims)]
            return ".".join([*(part.decode().rstrip("=") for part in parts), ""])
        header = {"alg": self.algorithm, "kid": "one"}
        return jwt.encode(header, claims, self.signing, algorithms=["RS256", "HS256"])


def shared_secret_key() -> OctKey:
    """A key that everybody knows who knows the client's secret."""
    return OctKey.import_key(CLIENT_SECRET * 3, {"kid": "one"})


@asynccontextmanager
async def running_openid_double() -> AsyncIterator[OpenIdDouble]:
    double = OpenIdDouble()
    async with TestServer(double.application()) as server:
        double.url = double.issuer = str(server.make_url("")).rstrip("/")
        yield double
