"""Shows people what a workflow knows, in search attributes and current details: once per workflow task."""

from collections.abc import Callable, Iterable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate


class Publisher:
    """Collects what changed, because a workflow task may bring thousands of events and rendering is dear.

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
