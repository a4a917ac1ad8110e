"""What users decided for one event or for a whole series; it takes precedence over every policy."""

from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from meetings.calendars.event import CalendarEvent

Wanted = Literal["always", "never"]


class Override(NamedTuple):
    wanted: Wanted
    scope: Literal["event", "series"]


MAX_OVERRIDES = 1000
"""They are part of the input of every reconcile."""


class Overrides(BaseModel):
    """By event id, and by the id of a series; that of an event goes before that of its series."""

    model_config = ConfigDict(frozen=True)

    events: dict[str, Wanted] = {}
    series: dict[str, Wanted] = {}

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another one."""
        return len(self.events) + len(self.series) >= MAX_OVERRIDES

    def for_event(self, event: CalendarEvent) -> Override | None:
        if wanted := self.events.get(event.event_id):
            return Override(wanted, "event")
        if event.recurring_event_id and (wanted := self.series.get(event.recurring_event_id)):
            return Override(wanted, "series")
        return None

    def with_event(self, event_id: str, wanted: Wanted | None) -> "Overrides":
        """The overrides after a change; None leaves the event to its series and to the policy again."""
        return self.model_copy(update={"events": _changed(self.events, event_id, wanted)})

    def with_series(self, series_id: str, wanted: Wanted | None) -> "Overrides":
        return self.model_copy(update={"series": _changed(self.series, series_id, wanted)})


NO_OVERRIDES = Overrides()


def _changed(before: dict[str, Wanted], key: str, wanted: Wanted | None) -> dict[str, Wanted]:
    others = {each: value for each, value in before.items() if each != key}
    return others if wanted is None else others | {key: wanted}
