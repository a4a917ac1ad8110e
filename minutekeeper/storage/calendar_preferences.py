"""Stores what people decided for their calendars, and the policies that connect links name."""

import hashlib

from pydantic import ValidationError

from minutekeeper.calendars.policy import Policy, PolicyError, load_policy
from minutekeeper.calendars.preferences import CalendarIdentity, CalendarPreferences
from minutekeeper.storage import layout
from minutekeeper.storage.errors import NotStoredError, StoreError
from minutekeeper.storage.store import ArtifactStore


class CalendarPreferencesStore:
    """Reads and writes preferences and policies. Every method raises StoreError if the store fails.

    Preferences are written by the reconciles of a calendar only, and read when it is connected.
    """

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    async def read(self, identity: CalendarIdentity) -> CalendarPreferences | None:
        """What people decided for a calendar; None if they decided nothing.

        What cannot be read raises StoreError, because a calendar must not record what its user excluded.
        """
        path = layout.calendar_preferences_path(identity.key)
        try:
            return CalendarPreferences.model_validate_json(await self._store.get(path))
        except NotStoredError:
            return None
        except ValidationError:
            raise StoreError(f"{path} cannot be read; remove it to have the calendar begin anew") from None

    async def keep(self, preferences: CalendarPreferences) -> None:
        """Writes what people decided, unless a later decision is stored."""
        stored = await self.read(preferences.identity)
        if stored is None or stored.changed_at < preferences.changed_at:
            content = preferences.model_dump_json(exclude_unset=True).encode()
            await self._store.put(layout.calendar_preferences_path(preferences.identity.key), content)

    async def forget(self, identity: CalendarIdentity) -> None:
        """Erases what people decided for a calendar. Idempotent."""
        await self._store.delete(layout.calendar_preferences_path(identity.key))
        await self._store.delete(layout.calendar_holder_path(identity.key))

    async def connected_as(self, identity: CalendarIdentity) -> str:
        """The id under which operators have connected a calendar last; empty if they never did."""
        try:
            return (await self._store.get(layout.calendar_holder_path(identity.key))).decode()
        except NotStoredError:
            return ""

    async def note_connected(self, identity: CalendarIdentity, calendar_id: str) -> None:
        """Notes the id under which operators have connected a calendar."""
        await self._store.put(layout.calendar_holder_path(identity.key), calendar_id.encode())

    async def add_policy(self, policy: Policy) -> str:
        """Stores a policy and returns the id under which a connect link names it; the same for the same policy."""
        content = policy.model_dump_json(exclude_unset=True).encode()
        policy_id = hashlib.sha256(content).hexdigest()[:32]
        await self._store.put(layout.linked_policy_path(policy_id), content)
        return policy_id

    async def policy(self, policy_id: str) -> Policy:
        """The policy of this id. Raises StoreError if there is none that can be read."""
        path = layout.linked_policy_path(policy_id)
        try:
            return load_policy((await self._store.get(path)).decode())
        except NotStoredError:
            raise StoreError(f"the connect link names a policy that is not stored: {path}") from None
        except (PolicyError, UnicodeDecodeError):
            raise StoreError(f"the connect link names a policy that cannot be read: {path}") from None
