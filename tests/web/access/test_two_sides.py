"""API and pages in one process: each answers in its own way, and neither takes what admits to the other."""

import re

import pytest
from yarl import URL

from tests.web.conftest import Api
from tests.web.visitors import SignedIn
from web.access.roles import Role

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWERS = {"/api/v1/nowhere": "application/problem+json", "/nowhere": "text/html"}


@pytest.mark.parametrize("path", ANSWERS)
async def test_what_is_not_there_is_told_in_the_way_of_its_side(api: Api, path: str) -> None:
    async with api.http.get(api.url + path) as answer:
        assert (answer.status, answer.content_type) == (404, ANSWERS[path])
        is_page = "Content-Security-Policy" in answer.headers
        assert is_page == (answer.content_type == "text/html")


async def test_the_api_takes_no_session(api: Api) -> None:
    async with api.http.get(f"{api.url}/api/v1/meetings", cookies=SignedIn(Role.ADMIN).cookies) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/search?q=launch"),
        ("GET", "/meetings/any/files/recording.mp4"),
        ("HEAD", "/meetings/any/files/transcript.json"),
        ("GET", "/meetings/any/files/%2e%2e%2fother%2ftranscript.json"),
        ("GET", "/meetings/any/captions/1"),
        ("GET", "/meetings/new"),
        ("POST", "/meetings/new"),
    ],
)
async def test_who_may_only_look_gets_nothing_else_by_address(api: Api, method: str, path: str) -> None:
    headers = {"Range": "bytes=0-9"}
    for cookies, status in ((SignedIn(Role.LOOK).cookies, 403), ({}, 401)):
        address = URL(api.url + path, encoded=True)
        async with api.http.request(method, address, headers=headers, cookies=cookies) as answer:
            assert answer.status == status


async def test_the_pages_take_no_key(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.keys['all']}"}
    async with api.http.get(f"{api.url}/search", headers=headers) as answer:
        assert (answer.status, answer.content_type) == (401, "text/html")


async def test_what_cannot_be_read_is_not_quoted_in_the_log(api: Api) -> None:
    async with api.http.get(f"{api.url}/search", headers={"Cookie": "minutekeeper-session=abc" * 2000}) as answer:
        assert answer.status == 400
    log = (api.folder / "web.log").read_text()
    assert "LineTooLong" in log
    assert not {"Traceback", "minutekeeper-session"} & set(re.split(r"[\s=(]", log))


async def test_a_page_of_the_wrong_method_says_which_it_takes(api: Api) -> None:
    async with api.http.get(f"{api.url}/sign-out") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"
        assert "does not take this method" in await answer.text()
