"""What was reported of a calendar and not reconciled yet: it adds up, and one reconcile answers it. Pure."""

from pydantic import BaseModel, ConfigDict

MAX_NAMED = 100
"""Events that are asked for by id. Where more have changed, reading everything is no more work."""


class PendingChanges(BaseModel):
    """`event_ids` are the events that changed; `unnamed` says that others did too, and it is not known which.

    `full` asks for everything that is to come.
    """

    model_config = ConfigDict(frozen=True)

    full: bool = False
    unnamed: bool = False
    event_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_CHANGES

    def merged_with(self, other: "PendingChanges") -> "PendingChanges":
        """Both together."""
        event_ids = tuple(dict.fromkeys((*self.event_ids, *other.event_ids)))
        is_full = len(event_ids) > MAX_NAMED
        return PendingChanges(
            full=self.full or other.full or is_full,
            unnamed=self.unnamed or other.unnamed,
            event_ids=() if is_full else event_ids,
        )


NO_CHANGES = PendingChanges()
FULL_SYNC = PendingChanges(full=True)
