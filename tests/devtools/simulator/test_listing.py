"""The list of bots: filters, paging, and the shapes that it had over time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.devtools.simulator.support import MEETING, Sim, running_sim

LIST = "/bots/bots_with_metadata"


async def names(sim: Sim, **query: Any) -> list[str]:
    return [bot["bot_name"] for bot in (await sim.ok("GET", LIST, params=query))["bots"]]


async def test_newest_shape(sim: Sim) -> None:
    bot_id = await sim.send(speech_to_text="Default", extra={"a": 1})
    await sim.ended(bot_id)
    answer = await sim.ok("GET", LIST)
    assert set(answer) == {"bots", "recent_bots", "last_updated", "next_cursor"}
    assert answer["bots"] == answer["recent_bots"]
    [bot] = answer["bots"]
    assert bot["id"] == bot["uuid"] == bot_id
    assert (bot["bot_name"], bot["meeting_url"], bot["extra"]) == ("Scribe", MEETING, {"a": 1})
    assert bot["duration"] == 120
    assert bot["speakers"] == ["Ada", "Grace", "Linus"]


async def test_older_shapes() -> None:
    async with running_sim(shape="2025-03") as sim:
        bot_id = await sim.send()
        answer = await sim.ok("GET", LIST)
        assert set(answer) == {"recentBots", "lastUpdated", "nextCursor"}
        assert set(answer["recentBots"][0]) == {
            *("id", "name", "meetingUrl", "createdAt", "endedAt", "duration", "extra", "speakers"),
            *("sessionId", "accessCount", "lastAccessedAt", "content_deleted"),
        }
        assert answer["recentBots"][0]["id"] == bot_id
    async with running_sim(shape="2025-04") as sim:
        await sim.send()
        answer = await sim.ok("GET", "/bots/recent")
        assert set(answer) == {"recent_bots", "last_updated", "next_cursor"}
        assert {"id", "name", "meeting_url", "content_deleted"} < set(answer["recent_bots"][0])


async def test_pages_cover_all_bots_newest_first(sim: Sim) -> None:
    for number in range(23):
        await sim.send(bot_name=f"bot {number}")
    assert len(await names(sim)) == 10
    assert len(await names(sim, limit=50)) == 23
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 5}
    while True:
        answer = await sim.ok("GET", LIST, params=query)
        seen += [bot["bot_name"] for bot in answer["bots"]]
        await sim.send(bot_name="newcomer")  # must not shift the pages that follow
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert seen == [f"bot {number}" for number in reversed(range(23))]


async def test_a_last_full_page_has_no_cursor(sim: Sim) -> None:
    for _ in range(4):
        await sim.send()
    answer = await sim.ok("GET", LIST, params={"limit": 4})
    assert (len(answer["bots"]), answer["next_cursor"]) == (4, None)


async def test_text_filters_ignore_case(sim: Sim) -> None:
    await sim.send(bot_name="Weekly Sales", meeting_url="https://zoom.us/j/1")
    await sim.send(bot_name="Standup", meeting_url="https://meet.google.com/STAND")
    assert await names(sim, bot_name="SALES") == ["Weekly Sales"]
    assert await names(sim, meeting_url="google.com/stand") == ["Standup"]
    assert await names(sim, meeting_url="zoom", bot_name="standup") == []
    assert await names(sim, speaker_name="ignored", unknown="ignored") == ["Standup", "Weekly Sales"]


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


async def test_date_filters(sim: Sim) -> None:
    await sim.ended(await sim.send_with("rejected", bot_name="ended"))
    await sim.send(bot_name="running", reserved=True)
    before = text(datetime.now(UTC) - timedelta(minutes=1))
    after = text(datetime.now(UTC) + timedelta(minutes=1))
    assert await names(sim, created_after=before, created_before=after) == ["running", "ended"]
    assert await names(sim, created_after=after) == []
    assert await names(sim, created_before=before) == []
    assert await names(sim, ended_after=before) == ["ended"]
    assert await names(sim, ended_after=after) == []


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("team:red", ["c", "a"]),
        ("team:red,n:1", ["a"]),
        ("n:1", ["b", "a"]),
        ("flag:true", ["c"]),
        ("key:part:colon", ["b"]),
        ("team:Red", []),
        ("absent:1", []),
    ],
)
async def test_filter_by_extra(sim: Sim, condition: str, expected: list[str]) -> None:
    await sim.send(bot_name="a", extra={"team": "red", "n": 1})
    await sim.send(bot_name="b", extra={"team": "blue", "n": "1", "key": "part:colon"})
    await sim.send(bot_name="c", extra={"team": "red", "flag": True})
    await sim.send(bot_name="d", extra="team:red")
    assert await names(sim, filter_by_extra=condition) == expected


async def test_filter_by_extra_leaves_short_pages_with_a_cursor(sim: Sim) -> None:
    wanted = await sim.send(extra={"k": "wanted"})
    for _ in range(7):
        await sim.send(extra={"k": "other"})
    query: dict[str, Any] = {"limit": 3, "filter_by_extra": "k:wanted"}
    pages = []
    while True:
        answer = await sim.ok("GET", LIST, params=query)
        pages.append([bot["uuid"] for bot in answer["bots"]])
        if answer["next_cursor"] is None:
            break
        query["cursor"] = answer["next_cursor"]
    assert pages == [[], [], [wanted]]


async def test_sort_by_extra(sim: Sim) -> None:
    for name, extra in (("b", {"p": "2"}), ("none", None), ("a", {"p": "1"}), ("c", {"p": 3})):
        await sim.send(bot_name=name, extra=extra)
    assert await names(sim, sort_by_extra="p") == ["a", "b", "c", "none"]
    assert await names(sim, sort_by_extra="p:asc") == ["a", "b", "c", "none"]
    assert await names(sim, sort_by_extra="p:desc") == ["c", "b", "a", "none"]
