"""Shows people what a workflow knows, in search attributes and current details: once per workflow task."""

from collections.abc import Callable, Iterable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributePair, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from minutekeeper.meetings import claims, descriptions
    from minutekeeper.meetings.meeting_state import MeetingState
    from minutekeeper.meetings.meeting_view import meeting_view
    from minutekeeper.meetings.provider_choice import ProviderChoice
    from minutekeeper.meetings.status import FailureReason, MeetingStatus
    from minutekeeper.temporal import search_attributes

_MILESTONES = frozenset({MeetingStatus.SCHEDULED, MeetingStatus.JOINING})
"""The statuses, beside the final ones, that search attributes show: each write costs an action.

Which status a running meeting has exactly, the command line asks the workflow.
"""


def count_provider_change(left: ProviderChoice | None, reason: FailureReason) -> None:
    """Counts that another provider takes over, for alarms."""
    labels = {"provider": left.provider if left else "", "reason": reason.value}
    counter = workflow.metric_meter().create_counter(
        "minutekeeper_provider_changes", "Meetings whose bot another provider had to send."
    )
    counter.add(1, labels)


class Publisher:
    """Collects what changed, because a workflow task may bring thousands of events and rendering is expensive.

    Args:
        render: The current details, in Markdown.
    """

    def __init__(self, render: Callable[[], str]) -> None:
        self._render = render
        self._is_due = False
        self._updates: dict[str, SearchAttributeUpdate[Any]] = {}

    def show(self, updates: Iterable[SearchAttributeUpdate[Any]] = ()) -> None:
        """Has the details rendered anew, and these search attributes written, at the end of this workflow task."""
        self._is_due = True
        self._updates |= {update.key.name: update for update in updates}

    def publish(self) -> None:
        """Publishes at once what is due: before the workflow ends or continues as new."""
        updates, self._updates = list(self._updates.values()), {}
        self._is_due = False
        if updates:
            workflow.upsert_search_attributes(updates)
        workflow.set_current_details(self._render())

    async def run(self) -> None:
        """Publishes for as long as the workflow lives; conditions are looked at when all handlers have run."""
        while True:
            await workflow.wait_condition(lambda: self._is_due)
            self.publish()


class MeetingPublisher:
    """Publishes a meeting's state: search attributes where they changed, and the details pane."""

    def __init__(self, state: MeetingState, *, is_searchable: bool) -> None:
        self._state = state
        self._published_revision = -1
        if is_searchable and not state.published:
            pairs = search_attributes.initial_attributes(state.request).search_attributes
            state.published = {pair.key.name: str(pair.value) for pair in pairs}

    def publish(self) -> None:
        """Publishes at once what has changed: before the workflow ends or continues as new."""
        state = self._state
        self._published_revision = state.revision
        pairs = list(self._attributes())
        if changed := [each for each in pairs if state.published.get(each.key.name) != str(each.value)]:
            workflow.upsert_search_attributes([each.key.value_set(each.value) for each in changed])
            state.published |= {each.key.name: str(each.value) for each in changed}
        workflow.set_current_details(descriptions.meeting_markdown(meeting_view(state)))

    async def run(self) -> None:
        """Publishes for as long as the workflow lives, once per workflow task."""
        while True:
            await workflow.wait_condition(lambda: self._state.revision != self._published_revision)
            self.publish()

    def _attributes(self) -> Iterable[SearchAttributePair[Any]]:
        state = self._state
        apart = {search_attributes.MEETING_STATUS.name, search_attributes.CALENDAR_ID.name}
        for pair in search_attributes.initial_attributes(state.request).search_attributes:
            if pair.key.name not in apart:
                yield pair
        if search_attributes.MEETING_META.name in state.published and not state.request.metadata:
            yield SearchAttributePair(search_attributes.MEETING_META, [])
        status = state.current_status
        if status in _MILESTONES or status.is_final or search_attributes.MEETING_STATUS.name not in state.published:
            yield SearchAttributePair(search_attributes.MEETING_STATUS, status.value)
        if bot := state.bot:
            yield from search_attributes.bot_pairs(bot.bot_id, bot.provider)
        calendars = [each.calendar_id for each in claims.claiming_calendars(state.interest)]
        if not calendars and state.request.calendar:
            calendars = [state.request.calendar.calendar_id]
        if calendars or search_attributes.CALENDAR_ID.name in state.published:
            yield search_attributes.calendar_pair(calendars)
