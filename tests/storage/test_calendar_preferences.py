"""What people decided for their calendars, in a store."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutekeeper.calendars.decisions import NO_OVERRIDES
from minutekeeper.calendars.policy import Policy, load_policy
from minutekeeper.calendars.preferences import CalendarIdentity, CalendarPreferences
from minutekeeper.storage import layout
from minutekeeper.storage.calendar_preferences import CalendarPreferencesStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.storage.store import ArtifactStore

NOW = datetime(2026, 12, 1, tzinfo=UTC)
IDENTITY = CalendarIdentity(platform="google", account="anna@acme.com", raw_id="anna@acme.com")
POLICY = load_policy('{"my_domains": ["acme.com"], "rules": [{"name": "all", "then": "record"}]}')


@pytest.fixture
def store(tmp_path: Path) -> CalendarPreferencesStore:
    return CalendarPreferencesStore(ArtifactStore(tmp_path.as_uri()))


def decided(at: datetime, policy: Policy = POLICY) -> CalendarPreferences:
    overrides = NO_OVERRIDES.with_event("m1", "never").with_series("s1", "always")
    return CalendarPreferences(identity=IDENTITY, policy=policy, overrides=overrides, changed_at=at)


async def test_what_was_decided_is_found_by_the_calendar(store: CalendarPreferencesStore) -> None:
    assert await store.read(IDENTITY) is None
    await store.keep(decided(NOW))
    assert await store.read(IDENTITY.model_copy(update={"account": "Anna@acme.com"})) == decided(NOW)
    assert await store.read(IDENTITY.model_copy(update={"account": "ben@acme.com"})) is None


async def test_of_two_decisions_the_later_one_stays(store: CalendarPreferencesStore) -> None:
    later = decided(NOW + timedelta(hours=1), Policy(otherwise="skip"))
    await store.keep(later)
    await store.keep(decided(NOW))
    assert await store.read(IDENTITY) == later


async def test_what_cannot_be_read_is_an_error_and_not_a_policy_that_records_everything(
    store: CalendarPreferencesStore, tmp_path: Path
) -> None:
    await store.keep(decided(NOW))
    (tmp_path / layout.calendar_preferences_path(IDENTITY.key)).write_text("{")
    with pytest.raises(StoreError, match="remove it to have the calendar begin anew"):
        await store.read(IDENTITY)


async def test_a_policy_of_a_link_is_stored_under_one_id(store: CalendarPreferencesStore, tmp_path: Path) -> None:
    policy_id = await store.add_policy(POLICY)
    assert await store.add_policy(POLICY) == policy_id
    assert await store.policy(policy_id) == POLICY
    with pytest.raises(StoreError, match="names a policy that is not stored"):
        await store.policy("0" * 32)
    (tmp_path / layout.linked_policy_path(policy_id)).write_text('{"rules": 1}')
    with pytest.raises(StoreError, match="names a policy that cannot be read"):
        await store.policy(policy_id)
