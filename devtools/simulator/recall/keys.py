"""What the application keeps for the views, and how they find what a request speaks of."""

from uuid import UUID

from aiohttp import web

from devtools.simulator.recall.errors import not_found
from devtools.simulator.recall.simulation import RecallSimulation
from devtools.simulator.recall.state import Artifact, Bot, Recording

CALENDAR_TOKEN = "x-recallcalendarauthtoken"  # noqa: S105 - the name of a header
RECALL = web.AppKey("RECALL", RecallSimulation)


def find_bot(request: web.Request, identifier: str) -> Bot:
    """The bot of this id, unless it was deleted. Raises 404."""
    bot = request.app[RECALL].bots.get(uuid_of(identifier))
    if bot is None or bot.deleted_at:
        raise not_found()
    return bot


def find_recording(request: web.Request, identifier: str) -> Recording:
    """Raises 404, for those that were deleted as well."""
    recording = request.app[RECALL].recordings.get(uuid_of(identifier))
    if recording is None or recording.status.code == "deleted":
        raise not_found()
    return recording


def find_artifact(request: web.Request, identifier: str, kind: str) -> Artifact:
    """Raises 404, for those that were deleted as well."""
    artifact = request.app[RECALL].artifacts.get(uuid_of(identifier))
    if artifact is None or artifact.kind != kind or artifact.status.code == "deleted":
        raise not_found()
    return artifact


def uuid_of(text: str) -> UUID:
    """Raises 404 for what is no UUID."""
    try:
        return UUID(text)
    except ValueError:
        raise not_found() from None
