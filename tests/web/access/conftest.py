from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from yarl import URL

from tests.starter.support import SECRET
from tests.web.access.openid_double import CLIENT, CLIENT_SECRET, OpenIdDouble, running_openid_double
from tests.web.conftest import running_api

OLD_SECRET = "o" * 40


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def shared_double() -> AsyncIterator[OpenIdDouble]:
    async with running_openid_double() as double:
        yield double


@pytest.fixture
def provider(shared_double: OpenIdDouble) -> Iterator[OpenIdDouble]:
    """The provider, without the mistakes that the test before ordered."""
    kept = dict(vars(shared_double))
    yield shared_double
    vars(shared_double).update(kept | {"asked": [], "user": dict(kept["user"]), "claims": {}})


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def site(shared_double: OpenIdDouble, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """`minutekeeper web` as a process, with accounts of the provider."""
    folder = tmp_path_factory.mktemp("pages")
    settings = {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "ARTIFACTS_URL": (folder / "store").as_uri(),
        "MINUTEKEEPER_API_KEYS": str(folder / "keys.json"),
        "BRIDGE_SECRET": SECRET,
        "BRIDGE_SECRET_PREVIOUS": OLD_SECRET,
        "MINUTEKEEPER_OIDC_ISSUER": shared_double.url,
        "MINUTEKEEPER_OIDC_CLIENT_ID": CLIENT,
        "MINUTEKEEPER_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
    async with running_api(folder, settings) as api:
        yield api.url


@dataclass
class Browser:
    """Keeps cookies and follows redirects only when told to."""

    site: str
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> tuple[aiohttp.ClientResponse, str]:
        headers = {"Accept": "text/html"} | options.pop("headers", {})
        url = path if path.startswith("http") else f"{self.site}{path}"
        async with self.http.request(
            method, URL(url, encoded=True), headers=headers, allow_redirects=False, **options
        ) as answer:
            return answer, await answer.text()

    async def get(self, path: str, **options: Any) -> tuple[aiohttp.ClientResponse, str]:
        return await self.ask("GET", path, **options)

    async def to_callback(self, path: str = "/sign-in") -> str:
        """Goes to the provider, and returns the address to which it leads back."""
        there, _ = await self.get(path)
        back, _ = await self.get(there.headers["Location"])
        return back.headers["Location"]

    async def sign_in(self) -> tuple[aiohttp.ClientResponse, str]:
        return await self.get(await self.to_callback())

    def cookie(self, name: str) -> str:
        found = {each.key: each.value for each in self.http.cookie_jar}
        return found.get(name, "")


@pytest_asyncio.fixture(loop_scope="session")
async def browser(site: str, provider: OpenIdDouble) -> AsyncIterator[Browser]:
    assert provider.url
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Browser(site, http)
