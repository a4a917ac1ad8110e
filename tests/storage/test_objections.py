"""Words of calendars about meetings, and people who opted out, in a store."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from minutekeeper.calendars.objections import CalendarWord, VetoScope, Wish
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.objections import ObjectionStore, OptOutStore, StoredWord, load_shared
from minutekeeper.storage.store import ArtifactStore

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MANY = [f"cal-{number:024x}" for number in range(30)]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path.as_uri())


def word(calendar_id: str, wish: Wish = Wish.NEVER) -> CalendarWord:
    return CalendarWord(calendar_id=calendar_id, event_id=f"e-{calendar_id}", wish=wish, owner="ben@acme.com")


async def test_words_are_found_by_meeting_and_one_listing_says_all_that_a_decision_needs(
    store: ArtifactStore,
) -> None:
    objections = ObjectionStore(store)
    assert await objections.words() == []
    added = [(meeting_id, word("ben")) for meeting_id in MANY] + [(MANY[0], word("an odd/id", Wish.RECORD))]
    await objections.change(added, [])
    assert len(await objections.words()) == 31
    assert {each.meeting_id for each in await objections.words(MANY[:25])} == set(MANY[:25])
    both = await objections.words([MANY[0]])
    assert {(each.wish, each.is_of("ben"), each.is_of("an odd/id")) for each in both} == {
        (Wish.NEVER, True, False),
        (Wish.RECORD, False, True),
    }
    assert sorted(each.calendar_id for each in await objections.read(both)) == ["an odd/id", "ben"]
    await objections.change([], both)
    assert await objections.words([MANY[0]]) == []
    assert await objections.read(both) == [], "they were withdrawn meanwhile"


async def test_a_calendar_hears_the_objections_of_others_only(store: ArtifactStore) -> None:
    stores = ObjectionStore(store), OptOutStore(store)
    await stores[0].change(
        [(MANY[0], word("anna")), (MANY[0], word("ben", Wish.RECORD)), (MANY[1], word("ben", Wish.OPTED_OUT))], []
    )
    await stores[1].add("Greta@acme.com", NOW)
    shared, words = await load_shared(stores, "anna", None, ["anna@acme.com"], VetoScope.OWN)
    assert shared == ({"greta@acme.com"}, {MANY[1]: {Wish.OPTED_OUT}}, ["anna@acme.com"], VetoScope.OWN)
    assert StoredWord(MANY[0], Wish.NEVER, "anna") in words


async def test_a_withdrawal_that_cannot_be_told_is_told_by_its_repeat(store: ArtifactStore) -> None:
    objections, told, trouble = ObjectionStore(store), list[tuple[str, str]](), [RuntimeError("it is down")]
    waiting = [(meeting_id, word("anna", Wish.RECORD)) for meeting_id in MANY[:3]]
    own = [(MANY[0], word("ben")), (MANY[1], word("ben", Wish.OPTED_OUT)), (MANY[2], word("ben", Wish.RECORD))]
    await objections.change([*waiting, *own, (MANY[3], word("ben"))], [])

    async def tell(calendar_id: str, event_id: str) -> None:
        if trouble:
            raise trouble.pop()
        told.append((calendar_id, event_id))

    with pytest.raises(RuntimeError, match="it is down"):
        await objections.withdraw_all("ben", tell)
    await objections.withdraw_all("ben", tell)
    assert told == [("anna", "e-anna")] * 2
    assert {each.calendar for each in await objections.words()} == {"anna"}


async def test_people_opt_out_and_back_in(store: ArtifactStore) -> None:
    people = OptOutStore(store)
    assert (await people.read()).people == {}
    assert await people.add("Greta@acme.com", NOW)
    assert not await people.add("greta@ACME.com", NOW)
    assert await people.add("ben@acme.com", NOW)
    assert dict((await people.read()).people) == {"greta@acme.com": NOW, "ben@acme.com": NOW}
    assert await people.remove("greta@acme.com")
    assert not await people.remove("greta@acme.com")
    assert [*(await people.read()).people] == ["ben@acme.com"]


async def test_who_took_it_back_is_not_remembered(store: ArtifactStore, tmp_path: Path) -> None:
    people, folder = OptOutStore(store), tmp_path / layout.opt_outs_path()
    await people.add("greta@acme.com", NOW)
    await people.add("ben@acme.com", NOW)
    replaced = next(folder.iterdir())
    content = replaced.read_text()
    await people.remove("greta@acme.com")
    (left,) = folder.iterdir()
    assert "greta" not in left.read_text()
    # What a change that failed on its way has left behind goes when it is repeated.
    replaced.write_text(content)
    assert not await people.remove("greta@acme.com")
    assert [*folder.iterdir()] == [left]


async def test_a_change_based_on_a_list_that_was_replaced_meanwhile_is_not_lost(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, others, create = OptOutStore(store), OptOutStore(ArtifactStore(store.url)), store.create

    async def create_late(path: str, data: bytes) -> bool:
        monkeypatch.undo()
        await others.add("ben@acme.com", NOW)
        await others.add("anna@acme.com", NOW)
        return await create(path, data)

    monkeypatch.setattr(store, "create", create_late)
    assert await slow.add("greta@acme.com", NOW)
    assert {*(await others.read()).people} == {"ben@acme.com", "anna@acme.com", "greta@acme.com"}


async def test_of_several_changes_at_once_none_is_lost(store: ArtifactStore) -> None:
    people = OptOutStore(store)
    assert all(await asyncio.gather(*(people.add(f"{name}@acme.com", NOW) for name in ("a", "b", "c", "d"))))
    assert len((await people.read()).people) == 4


async def test_a_list_of_people_that_cannot_be_read_is_an_error_and_not_empty(
    store: ArtifactStore, tmp_path: Path
) -> None:
    people = OptOutStore(store)
    await people.add("greta@acme.com", NOW)
    (tmp_path / layout.opt_outs_path() / "00000002.json").write_text("{")
    with pytest.raises(StoreError, match="have to opt out anew"):
        await people.read()
