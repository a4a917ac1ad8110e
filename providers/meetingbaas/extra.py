"""What a bot of ours carries in `extra`, the provider's place for free data, so that it can be led back to us."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from providers.meetingbaas.decoding import decode_json

EVENT_MARK: Mapping[str, str] = {"dispatch_key": "mk-calendar-event"}
"""What bots carry that the provider sends to events for us: all the same, as the occurrences of a series do."""

_MAX_LENGTH = 1000
"""Characters; Temporal takes no longer workflow ids."""


class Extra(BaseModel):
    """Everything is empty for a bot that is not ours, whatever others write under the same names."""

    model_config = ConfigDict(frozen=True)

    dispatch_key: str = ""
    dispatch: int | None = None
    workflow_id: str = ""
    run: str = ""

    def to_wire(self) -> dict[str, str]:
        """Flat texts only: the provider filters by them, and its filter knows nothing else."""
        return {
            "dispatch_key": self.dispatch_key,
            "dispatch": "" if self.dispatch is None else str(self.dispatch),
            "workflow_id": self.workflow_id,
            "run": self.run,
        }


def _from_wire(value: Any) -> Extra:
    if isinstance(value, str):
        try:
            value = decode_json(value.encode("utf-8", "replace"))
        except ValueError:
            return Extra()
    if not isinstance(value, dict):
        return Extra()
    texts = {name: item for name, item in value.items() if isinstance(item, str) and len(item) <= _MAX_LENGTH}
    if not texts.get("dispatch_key"):
        return Extra()
    return Extra(
        dispatch_key=texts["dispatch_key"],
        dispatch=_counter(value.get("dispatch")),
        workflow_id=texts.get("workflow_id", ""),
        run=texts.get("run", ""),
    )


def _counter(value: Any) -> int | None:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


ExtraField = Annotated[Extra, BeforeValidator(_from_wire)]
