"""Of several who change a user's connection at once, one succeeds, in a folder and in a bucket."""

import asyncio

import pytest

from minutekeeper.calendars.user_connection import UserConnection
from minutekeeper.storage import layout
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore
from minutekeeper.storage.user_connections import ConcurrentUpdateError, UserConnectionStore


async def test_a_user_who_never_connected_anything_has_an_empty_connection(store: ArtifactStore) -> None:
    assert await UserConnectionStore(store).read("u/ser 1", "google") == UserConnection(
        user="u/ser 1", platform="google"
    )


async def test_what_was_written_last_counts_for_this_user_and_platform_alone(store: ArtifactStore) -> None:
    connections = UserConnectionStore(store)
    known = await connections.read("user-1", "google")
    for calendar in ("first", "second"):
        known = await connections.write(known.model_copy(update={"calendar_id": calendar}))
    assert await UserConnectionStore(store).read("user-1", "google") == known
    assert (known.calendar_id, known.version) == ("second", 2)
    for user, platform in (("user-1", "microsoft"), ("user-10", "google")):
        assert not (await connections.read(user, platform)).calendar_id


async def test_of_many_changes_at_once_one_comes_about(store: ArtifactStore) -> None:
    connections = UserConnectionStore(store)
    known = await connections.write(await connections.read("user-1", "google"))
    tries = [
        connections.write(known.model_copy(update={"calendar_id": f"calendar-{number}"})) for number in range(8)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    (winner,) = [each for each in done if isinstance(each, UserConnection)]
    assert sum(isinstance(each, ConcurrentUpdateError) for each in done) == 7, done
    assert await connections.read("user-1", "google") == winner


async def test_old_changes_are_forgotten(folder_store: ArtifactStore) -> None:
    connections = UserConnectionStore(folder_store)
    known = await connections.read("user-1", "google")
    for _ in range(60):
        known = await connections.write(known)
    assert len(await folder_store.list(layout.user_connections_path("user-1", "google"))) == 50
    assert (await connections.read("user-1", "google")).version == 60


async def test_a_file_that_cannot_be_read_is_named(folder_store: ArtifactStore) -> None:
    await folder_store.put("users/user-1/google/00000001.json", b"{")
    with pytest.raises(StoreError, match=r"users/user-1/google/00000001\.json cannot be read"):
        await UserConnectionStore(folder_store).read("user-1", "google")
