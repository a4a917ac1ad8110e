"""Stores what calendars say of meetings that they do not agree about, and who opted out of recordings."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from pydantic import ValidationError

from minutekeeper.calendars.objections import CalendarWord, OptOuts, SharedMeetings, VetoScope, Wish
from minutekeeper.meetings.ids import folder_for
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore

_MAX_SINGLE_LISTS = 20
"""For more meetings, the words about all meetings are listed at once."""
_MAX_CONCURRENCY = 20
_MAX_TRIES = 10


class StoredWord(NamedTuple):
    """A word as its path says it; `calendar` is the folder name of the calendar's id."""

    meeting_id: str
    wish: Wish
    calendar: str

    def is_of(self, calendar_id: str) -> bool:
        return self.calendar == folder_for(calendar_id)


class ObjectionStore:
    """Reads and writes the words of calendars about meetings. Every method raises StoreError if the store fails.

    A word is a file whose path says all that a decision needs, so that one listing answers for many meetings.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def words(self, meeting_ids: Collection[str] | None = None) -> list[StoredWord]:
        """The words about these meetings, by default about all."""
        if meeting_ids is None or len(meeting_ids) > _MAX_SINGLE_LISTS:
            found = await self._listed(layout.objections_path())
            return [each for each in found if meeting_ids is None or each.meeting_id in meeting_ids]
        lists = await asyncio.gather(*(self._listed(layout.objections_path(each)) for each in meeting_ids))
        return [word for words in lists for word in words]

    async def read(self, words: Iterable[StoredWord]) -> list[CalendarWord]:
        """What is known of words; those that were withdrawn meanwhile are left out."""
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def read_one(word: StoredWord) -> CalendarWord | None:
            async with slots:
                try:
                    return CalendarWord.model_validate_json(await self._store.get(_path(word)))
                except (NotStoredError, ValidationError):
                    return None

        return [each for each in await asyncio.gather(*map(read_one, words)) if each]

    async def change(self, added: Iterable[tuple[str, CalendarWord]], removed: Iterable[StoredWord]) -> None:
        """Writes words by meeting id, and removes others."""
        slots = asyncio.Semaphore(_MAX_CONCURRENCY)

        async def add(meeting_id: str, word: CalendarWord) -> None:
            async with slots:
                path = _path(StoredWord(meeting_id, word.wish, folder_for(word.calendar_id)))
                await self._store.put(path, word.model_dump_json().encode())

        async def remove(word: StoredWord) -> None:
            async with slots:
                await self._store.delete(_path(word))

        await asyncio.gather(*(add(*each) for each in added))
        await asyncio.gather(*(remove(each) for each in removed))

    async def withdraw_all(self, calendar_id: str, tell: Callable[[str, str], Awaitable[object]]) -> None:
        """Removes every word of a calendar that is being disconnected, and has others decide again.

        `tell` gets the id and the event of each calendar that wants a meeting recorded to which this one objected.
        If it fails, the objection is put back, so that a repeat tells it.
        """
        words = await self.words()
        own = [word for word in words if word.is_of(calendar_id)]
        objections = [word for word in own if word.wish is not Wish.RECORD]
        waiting: dict[str, list[StoredWord]] = {word.meeting_id: [] for word in objections}
        for word in words:
            if word.wish is Wish.RECORD and word.meeting_id in waiting and not word.is_of(calendar_id):
                waiting[word.meeting_id].append(word)
        await self.change((), [word for word in own if not waiting.get(word.meeting_id)])
        for word in objections:
            contents, hearing = await self.read([word]), await self.read(waiting[word.meeting_id])
            await self.change((), [word])
            try:
                for each in hearing:
                    await tell(each.calendar_id, each.event_id)
            except Exception:
                await self.change([(word.meeting_id, content) for content in contents], ())
                raise

    async def _listed(self, folder: str) -> list[StoredWord]:
        found = []
        for entry in await self._store.list(folder):
            *_, meeting_id, name = entry.path.split("/")
            wish, _, calendar = name.removesuffix(".json").partition(".")
            if wish in set(Wish):
                found.append(StoredWord(meeting_id, Wish(wish), calendar))
        return found


class OptOutStore:
    """Reads and writes who opted out of recordings; every change is a file of its own with the next number.

    Only the last one is kept, because people who took it back are not to be remembered. Every method raises
    StoreError if the store fails.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def read(self) -> OptOuts:
        """What cannot be read raises StoreError, because a person's word must not be forgotten."""
        path = ""
        for _ in range(_MAX_TRIES):
            path = max(await self._paths(), default="")
            if not path:
                return OptOuts()
            # One that was removed meanwhile has a successor.
            with suppress(NotStoredError):
                return await self._read(path)
        raise StoreError(f"{path} is gone each time it is read; try again")

    async def _read(self, path: str) -> OptOuts:
        try:
            return OptOuts.model_validate_json(await self._store.get(path))
        except ValidationError:
            raise StoreError(
                f"{path} cannot be read, so nothing is decided; restore it from a backup, or remove it, after "
                "which the people whom it named have to opt out anew"
            ) from None

    async def _paths(self) -> list[str]:
        return [entry.path for entry in await self._store.list(layout.opt_outs_path())]

    async def add(self, email: str, now: datetime) -> bool:
        """Has a person opt out; False if they had before."""
        return await self._change(lambda known: known.with_person(email, now))

    async def remove(self, email: str) -> bool:
        """Takes it back; False if the person had not opted out."""
        return await self._change(lambda known: known.without_person(email))

    async def _change(self, change: Callable[[OptOuts], OptOuts]) -> bool:
        is_written = False
        for _ in range(_MAX_TRIES):
            known = await self.read()
            changed = change(known)
            if changed.people.keys() == known.people.keys():
                # An earlier change may have failed before it had removed what it replaced.
                await self._remove_before(_version_path(known.version))
                return is_written
            written = changed.model_copy(update={"version": known.version + 1})
            path = _version_path(written.version)
            if await self._store.create(path, written.model_dump_json().encode()):
                is_written = True
                # A slow writer may take a number that was removed already: then a later one counts.
                if max(await self._paths(), default="") == path:
                    await self._remove_before(path)
                    return True
        raise StoreError("the list of people who opted out is being changed by others; try again")

    async def _remove_before(self, path: str) -> None:
        """Removes the lists that this one replaces, with the addresses in them."""
        for each in await self._paths():
            if each < path:
                await self._store.delete(each)


async def load_shared(
    stores: tuple[ObjectionStore, OptOutStore],
    calendar_id: str,
    meeting_ids: Collection[str] | None,
    owners: Collection[str],
    veto: VetoScope,
) -> tuple[SharedMeetings, list[StoredWord]]:
    """What is to be known beside a calendar's own policy, and all words about these meetings.

    Without meetings, those about all meetings. Raises StoreError.
    """
    objections, opt_outs = stores
    words = await objections.words(meeting_ids)
    objecting: dict[str, set[Wish]] = {}
    for word in words:
        if word.wish is not Wish.RECORD and not word.is_of(calendar_id):
            objecting.setdefault(word.meeting_id, set()).add(word.wish)
    people = frozenset((await opt_outs.read()).people)
    return SharedMeetings(people, objecting, owners, veto), words


def _version_path(version: int) -> str:
    return f"{layout.opt_outs_path()}/{version:08d}.json"


def _path(word: StoredWord) -> str:
    return f"{layout.objections_path(word.meeting_id)}/{word.wish}.{word.calendar}.json"
