"""What was heard of a calendar and not seen to yet: it grows as more is heard, and one look answers it. Pure."""

from pydantic import BaseModel, ConfigDict

MOST_NAMED = 100
"""Events that are asked for by name. Where more have changed, reading everything is no more work."""


class News(BaseModel):
    """`event_ids` are the events that changed; `unnamed` says that others did too, and nobody said which.

    `full` asks for everything that is to come.
    """

    model_config = ConfigDict(frozen=True)

    full: bool = False
    unnamed: bool = False
    event_ids: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != NO_NEWS

    def and_also(self, other: "News") -> "News":
        """Both together."""
        event_ids = tuple(dict.fromkeys((*self.event_ids, *other.event_ids)))
        is_sweeping = len(event_ids) > MOST_NAMED
        return News(
            full=self.full or other.full or is_sweeping,
            unnamed=self.unnamed or other.unnamed,
            event_ids=() if is_sweeping else event_ids,
        )


NO_NEWS = News()
ALL_NEW = News(full=True)
