"""Orders to the simulated Recall.ai itself, under `/_sim`."""

from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from devtools.simulator.models import Control, Match
from devtools.simulator.recall.scripts import RECALL_SCRIPTS, Script
from devtools.simulator.recall.settings import HeaderFamily


class ScriptRule(Control):
    """Which script fitting bots play, `times` times or for good."""

    match: Match = Match()
    script: Script
    times: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, data: Any) -> Any:
        """Let a script be a name or a bare list of steps."""
        script = data.get("script") if isinstance(data, dict) else None
        if isinstance(script, list):
            return {**data, "script": {"steps": script}}
        if not isinstance(script, str):
            return data
        if script not in RECALL_SCRIPTS:
            raise ValueError(f"no script is called {script!r}; there are {', '.join(sorted(RECALL_SCRIPTS))}")
        return {**data, "script": RECALL_SCRIPTS[script]}


class EndpointOrder(Control):
    """One more endpoint for webhooks; what is not given is as in the settings. `events` are beginnings of names."""

    url: str
    secrets: tuple[str, ...] | None = None
    own_secret: str | None = None
    headers: HeaderFamily | None = None
    events: tuple[str, ...] | None = None


class EndpointChange(Control):
    """What changes of an endpoint: with two `secrets` both sign, as during a rotation."""

    url: str | None = None
    secrets: tuple[str, ...] | None = None
    headers: HeaderFamily | None = None
    events: tuple[str, ...] | None = None
    is_disabled: bool | None = None


class EmitOrder(Control):
    """One delivery at once: `body` as it is, or a status of the bot.

    It goes to `url`, else to the first endpoint, and is signed `age` real seconds ago, or `forged` by another key.
    """

    code: str | None = None
    sub_code: str | None = None
    updated_at: AwareDatetime | None = None
    body: JsonValue = None
    url: str | None = None
    message_id: str | None = None
    age: float = 0
    forged: bool = False

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.code is None) == ("body" not in self.model_fields_set):
            raise ValueError("give either code or body")
        return self


class ForeignOrder(Control):
    """Events of bots of another environment of the workspace: `count` lives from `joining_call` to `done`."""

    count: Annotated[int, Field(ge=1, le=1000)] = 1
