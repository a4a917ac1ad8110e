"""What the API counts of its requests, at an address of its own."""

import pytest

from tests.web.api.test_meetings import MEETINGS
from tests.web.conftest import Api

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_requests_are_counted_by_route_and_status_and_never_by_id(api: Api) -> None:
    assert (await api.ask("GET", f"{MEETINGS}/anna-at-example"))[0] == 404
    assert (await api.ask("GET", "/api/nothing/for/anna-at-example"))[0] == 404
    async with api.http.get(api.metrics) as answer:
        text = await answer.text()
    assert f'minutekeeper_http_requests_total{{route="{MEETINGS}/{{id}}",status="404"}}' in text
    assert 'minutekeeper_http_requests_total{route="none",status="404"}' in text
    assert f'minutekeeper_http_request_seconds_count{{route="{MEETINGS}/{{id}}"}}' in text
    assert "anna" not in text
    async with api.http.get(f"{api.url}/metrics") as answer:
        assert answer.status == 404
