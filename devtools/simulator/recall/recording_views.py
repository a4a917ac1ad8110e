"""Recordings, transcripts and files, and the store behind their links."""

from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import AwareDatetime, BaseModel

from devtools.simulator.file_answers import send_file
from devtools.simulator.recall.answers import shown_artifact, shown_recording
from devtools.simulator.recall.errors import coded, read_body, read_query
from devtools.simulator.recall.keys import RECALL, find_artifact, find_recording
from devtools.simulator.recall.models import MOST_TRANSCRIPTS, MetadataPatch, NewTranscript
from devtools.simulator.recall.paging import cursor_page
from devtools.simulator.recall.state import Artifact, ArtifactKind, Recording
from devtools.simulator.responses import xml_error
from devtools.simulator.routing import both
from devtools.simulator.signing import SignatureError

_KINDS: tuple[ArtifactKind, ...] = (
    "video_mixed",
    "audio_mixed",
    "transcript",
    "participant_events",
    "meeting_metadata",
)


def artifact_routes() -> list[web.RouteDef]:
    """For each kind a list, one to read, to mark with metadata, and to delete."""
    routes: list[web.RouteDef] = []
    for kind in _KINDS:
        path = f"/api/v1/{kind}"
        routes += both("GET", path, _listing(kind))
        routes += both("GET", f"{path}/{{id}}", _showing(kind))
        routes += both("PATCH", f"{path}/{{id}}", _marking(kind))
        routes += both("DELETE", f"{path}/{{id}}", _deleting(kind))
    return routes


class MediaQuery(BaseModel):
    """Filters of recordings and of what is made of them."""

    bot_id: UUID | None = None
    recording_id: UUID | None = None
    status_code: str | None = None
    created_at_after: AwareDatetime | None = None
    created_at_before: AwareDatetime | None = None

    def fits(self, thing: Recording | Artifact) -> bool:
        recording = thing.recording if isinstance(thing, Artifact) else thing
        return (
            thing.status.code == (self.status_code or thing.status.code)
            and thing.status.code != "deleted"
            and (self.bot_id is None or recording.bot.uuid == self.bot_id)
            and (self.recording_id is None or recording.uuid == self.recording_id)
            and (self.created_at_after is None or thing.created_at > self.created_at_after)
            and (self.created_at_before is None or thing.created_at < self.created_at_before)
        )


async def list_recordings(request: web.Request) -> web.Response:
    simulation, query = request.app[RECALL], read_query(request, MediaQuery)
    found = [recording for recording in reversed(simulation.recordings.values()) if query.fits(recording)]
    return cursor_page(request, found, lambda one: shown_recording(one, simulation.signer))


async def show_recording(request: web.Request) -> web.Response:
    recording = find_recording(request, request.match_info["id"])
    return web.json_response(shown_recording(recording, request.app[RECALL].signer))


async def delete_recording(request: web.Request) -> web.Response:
    request.app[RECALL].media.delete(find_recording(request, request.match_info["id"]))
    return web.Response(status=204)


async def create_transcript(request: web.Request) -> web.Response:
    """A transcript in processing. A guess: the recording has to be done."""
    simulation = request.app[RECALL]
    wish = await read_body(request, NewTranscript)
    recording = find_recording(request, request.match_info["id"])
    if recording.status.code != "done":
        raise coded(400, "recording_not_done", "The recording is not done.")
    there = [one for one in recording.artifacts if one.kind == "transcript" and one.status.code != "deleted"]
    if len(there) >= MOST_TRANSCRIPTS:
        detail = f"A recording can have at most {MOST_TRANSCRIPTS} transcripts. Delete one to make room."
        raise coded(400, "too_many_transcripts", detail)
    return web.json_response(shown_artifact(simulation.media.transcribe(recording, wish), simulation.signer))


async def fetch(request: web.Request) -> web.StreamResponse:
    """A file or a range of it; 403 and XML for a link that is forged or old, 404 for a file that is gone."""
    simulation = request.app[RECALL]
    try:
        simulation.signer.check(request.path, request.query)
    except SignatureError as error:
        return xml_error(403, error.code, str(error))
    artifact = simulation.artifacts.get(UUID(request.match_info["uuid"]))
    file = artifact and artifact.files.get(request.match_info["name"])
    if not artifact or not file:
        return xml_error(404, "NoSuchKey", "The specified key does not exist.")
    return await send_file(request, artifact.recording.bot, file, artifact.status.updated_at)


def _listing(kind: ArtifactKind) -> Handler:
    async def list_artifacts(request: web.Request) -> web.Response:
        simulation, query = request.app[RECALL], read_query(request, MediaQuery)
        found = [one for one in reversed(simulation.artifacts.values()) if one.kind == kind and query.fits(one)]
        return cursor_page(request, found, lambda one: shown_artifact(one, simulation.signer))

    return list_artifacts


def _showing(kind: ArtifactKind) -> Handler:
    async def show_artifact(request: web.Request) -> web.Response:
        artifact = find_artifact(request, request.match_info["id"], kind)
        return web.json_response(shown_artifact(artifact, request.app[RECALL].signer))

    return show_artifact


def _marking(kind: ArtifactKind) -> Handler:
    async def mark_artifact(request: web.Request) -> web.Response:
        artifact = find_artifact(request, request.match_info["id"], kind)
        artifact.metadata = dict((await read_body(request, MetadataPatch)).metadata)
        return web.json_response(shown_artifact(artifact, request.app[RECALL].signer))

    return mark_artifact


def _deleting(kind: ArtifactKind) -> Handler:
    async def delete_artifact(request: web.Request) -> web.Response:
        request.app[RECALL].media.delete_artifact(find_artifact(request, request.match_info["id"], kind))
        return web.Response(status=204)

    return delete_artifact
