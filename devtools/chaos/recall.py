"""The simulated Recall.ai beside the simulated Meeting BaaS: its settings, its controls, and its ledger."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from devtools.chaos.ledger import Bot, Delivery, Fault, Ledger, Recording, Request
from devtools.chaos.provider import SimulatedProvider
from devtools.chaos.scale import SPEED

NAME = "recall"
SCRIPTS = frozenset(
    {"normal", "paused", "removed", "removed_early", "rejected", "waiting_room_timeout", "nobody_came"}
)
"""The scripts of the run that bots of Recall.ai have, too; others become the ordinary one there."""

_NEW_BOTS = "/api/v1/bot"
_SECRET = "whsec_bWludXRla2VlcGVyLWNoYW9zLXJ1bnMtc2VjcmV0cw=="  # noqa: S105 - signs nothing outside of this machine
_KEY = "minutekeeper-chaos"
_MANY = 100_000
_DONE = {"code": "done", "after": "shutdown_delay"}
_MEDIA = ("video_mixed", "audio_mixed")


def environment_of(address: str, bridge: str) -> dict[str, str]:
    """What services and simulator find in their environment, so that Recall.ai is the second choice."""
    settings = {
        "SPEED": f"{SPEED:g}",
        "WEBHOOK_URL": f"{bridge}/webhooks/{NAME}",
        # The run is about losses, not about this workspace's limits.
        "CREATIONS_PER_MINUTE": str(_MANY),
        "LISTS_PER_MINUTE": str(_MANY),
        "READS_PER_MINUTE": str(_MANY),
        "ADHOC_CAPACITY": str(_MANY),
    }
    return {f"MINUTEKEEPER_RECALL_SIMULATOR_{name}": value for name, value in settings.items()} | {
        "RECALL_API_KEY": _KEY,
        "RECALL_BASE_URL": address,
        "RECALL_WEBHOOK_SECRET": _SECRET,
        "RECALL_REQUESTS_PER_SECOND": "20",
        "MINUTEKEEPER_PROVIDERS": f"meetingbaas,{NAME}",
    }


class SimulatedRecall(SimulatedProvider):
    """Takes the scripts and faults of the other provider, as far as it has them, and tells its ledger like it."""

    async def add_script(self, rule: dict[str, Any]) -> None:
        script = rule["script"]
        if isinstance(script, dict):
            steps = [_DONE if step["code"] == "complete" else step for step in script["steps"]]
            await super().add_script(rule | {"script": script | {"steps": steps}})
        elif script in SCRIPTS:
            await super().add_script(rule)

    async def add_faults(self, *orders: dict[str, Any]) -> None:
        await super().add_faults(*filter(None, map(_order, orders)))

    async def ledger(self) -> Ledger:
        told = _Told.model_validate_json(await self._send("GET", "ledger"))
        return Ledger(
            requests=tuple(map(_request, told.requests)),
            bots=tuple(map(_bot, told.bots)),
            deliveries=told.deliveries,
            faults=told.faults,
        )


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")

    requests: tuple[dict[str, Any], ...] = ()
    bots: tuple[dict[str, Any], ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    faults: tuple[Fault, ...] = ()


_REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


def _order(order: dict[str, Any]) -> dict[str, Any] | None:
    match = order.get("match")
    if order["kind"] == "duplicate" or (match and "event" in match):
        return None
    return order | {"match": match | {"path": _NEW_BOTS}} if match else order


def _request(told: dict[str, Any]) -> Request:
    """A request for a bot as the other provider would have been asked."""
    if told["path"].rstrip("/") == _NEW_BOTS and isinstance(told.get("body"), dict):
        told = told | {"path": "/bots", "body": {"extra": _extra(told["body"].get("metadata") or {})}}
    return _REQUEST.validate_python(told)


def _bot(told: dict[str, Any]) -> Bot:
    return Bot.model_validate(
        told
        | {
            "provider": NAME,
            # A bot that was deleted before its time was told not to come.
            "leave_requested_at": told["leave_requested_at"] or told["deleted_at"],
            "extra": _extra(told["metadata"]),
            "reserved": not told["is_adhoc"],
            "recording": next(_recordings(told), None),
        }
    )


def _extra(metadata: dict[str, str]) -> dict[str, str]:
    names = {"dispatch_key": "key", "dispatch": "dispatch", "workflow_id": "workflow_id", "run": "run"}
    return {name: metadata.get(f"mk_{there}", "") for name, there in names.items()}


def _recordings(told: dict[str, Any]) -> Iterator[Recording]:
    """The files of what was recorded: the video, or the sound where there is none."""
    artifacts = [each for recording in told["recordings"] for each in recording["artifacts"]]
    for kind in _MEDIA:
        for artifact in artifacts:
            if artifact["kind"] == kind:
                yield from (Recording.model_validate(file) for file in artifact["files"].values())
