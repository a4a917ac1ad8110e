"""The page of a meeting: its state, its recordings with their transcript, and all that is known of it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import hdrs, web
from markupsafe import Markup

from minutekeeper.deliveries.delivery import DeliveryRecord
from minutekeeper.meetings.record import RecordedFile
from minutekeeper.storage.delivery_records import DeliveryKey, DeliveryStore
from minutekeeper.storage.errors import StoreError
from minutekeeper.transcripts.formats import to_webvtt
from minutekeeper.transcripts.joining import join_transcripts
from minutekeeper.transcripts.model import Transcript
from minutekeeper.transcripts.speakers import read_spoken
from starter import messages
from starter.errors import MeetingError, NoWorkerError
from starter.meeting_models import BookingOutcome, KnownFrom, MeetingDetails, MeetingFiles
from starter.temporal_client import TemporalMeetingClient
from starter.temporal_ui import temporal_ui_url, workflow_page
from web.access.roles import Role
from web.access.visitor import Visitor
from web.page_error import PageError
from web.pages.calendar_decisions import CalendarDecisions
from web.pages.live import LivePage, live_elements
from web.pages.meeting_view import ACT_WORDS, NO_TRANSCRIPT, advice, possible_acts, state_in_words
from web.pages.recordings_view import (
    TRANSCRIPT_FORMS,
    RecordingSession,
    chosen_session,
    played,
    recording_sessions,
    screenshots,
)
from web.pages.route import PageRequest, PageResponse, PageRoute
from web.pages.templates import PageFrame, meeting_path, render_fragment, render_page
from web.pages.transcript_view import TranscriptPage, clock, transcript_page, voice_of
from web.stored_files import StoredFiles

MEETING = "meeting"
"""The kind of these pages for their streams."""

_DONE = {act.value: words.done for act, words in ACT_WORDS.items()} | {"replay": "The event is sent once more."}

_KEPT_TRANSCRIPTS = 8
_LARGEST_TRANSCRIPT_BYTES = 64 * 1024 * 1024
_LARGEST_PICTURE_BYTES = 16 * 1024 * 1024
_LONGEST_PHRASE = 200
_MOST_DIGITS = 3
"""Digits of the number of a recording in an address."""
_LATEST_MOMENT = 10_000_000.0

Connected = Callable[[], Awaitable[TemporalMeetingClient]]


class MeetingPages:
    """The pages that show meetings. `temporal_ui` is the setting of the address of Temporal's UI."""

    def __init__(
        self, connected: Connected, stored: StoredFiles, decisions: CalendarDecisions, temporal_ui: str
    ) -> None:
        self._connected = connected
        self._stored = stored
        self._decisions = decisions
        self._temporal_ui = temporal_ui
        self._transcripts: OrderedDict[tuple[str, str, int], TranscriptPage] = OrderedDict()

    def routes(self) -> list[PageRoute]:
        return [
            PageRoute(hdrs.METH_GET, "/meetings/{id}", self.show),
            PageRoute(hdrs.METH_GET, "/meetings/{id}/json", self.show_json),
            PageRoute(hdrs.METH_GET, "/meetings/{id}/files/{name:.+}", self.send_file, Role.WATCH),
            PageRoute(hdrs.METH_GET, "/meetings/{id}/captions/{number}", self.send_captions, Role.WATCH),
        ]

    async def show(self, request: PageRequest) -> web.StreamResponse:
        meeting = request.http.match_info["id"]
        client = await self._connected()
        details, files = await asyncio.gather(_details(client, meeting), _files(client, meeting))
        values = await self._values(request, client, details, files)
        is_live = details.known_from is KnownFrom.TEMPORAL
        live = f"{MEETING}:{details.view.workflow_id}" if is_live else ""
        frame = PageFrame("/meetings", request.visitor.name, request.form_token, live)
        return PageResponse(render_page("meeting.html", frame, values))

    async def show_json(self, request: PageRequest) -> web.StreamResponse:
        details = await _details(await self._connected(), request.http.match_info["id"])
        return web.Response(text=details.view.model_dump_json(indent=1), content_type="application/json")

    def live(self, request: PageRequest, meeting: str) -> LivePage:
        """Keeps the state and the timeline of a meeting's page up to date."""

        async def fragments() -> Mapping[str, Markup]:
            return _fragments(_state_values(await _details(await self._connected(), meeting), request.visitor))

        return LivePage(fragments, concerns=lambda change: change.meeting == meeting)

    async def send_file(self, request: PageRequest) -> web.StreamResponse:
        found, file = await self._file(request, request.http.match_info["name"])
        if file.content_type.startswith("image/") and file.size <= _LARGEST_PICTURE_BYTES:
            # From here also where they are in a bucket: the policy of the pages allows no pictures from elsewhere.
            return await self._stored.whole(found.folder, file)
        response = await self._stored.response(found.folder, file)
        if response is None:
            raise PageError(404, "The file is gone", "It is not in the artifact store any more.")
        return response

    async def send_captions(self, request: PageRequest) -> web.StreamResponse:
        """The transcript as captions of one recording, whose own clock they follow."""
        key = request.http.query.get("session", "")
        found, file = await self._file(request, f"{key}/transcript.json".lstrip("/"))
        session = chosen_session(recording_sessions(found.files), key)
        page = await self._transcript(found.folder, session)
        number = request.http.match_info["number"]
        begins = [each.begins for each in played(session, page, None)]
        is_number = number.isdecimal() and len(number) <= _MOST_DIGITS
        if not is_number or not 0 < int(number) <= len(begins):
            raise PageError(404, "There are no such captions")
        content = await self._stored.content(found.folder, file)
        text = await asyncio.to_thread(_captions, content, begins[int(number) - 1] or 0.0)
        return web.Response(text=text, content_type="text/vtt", charset="utf-8")

    async def _file(self, request: PageRequest, name: str) -> tuple[MeetingFiles, RecordedFile]:
        found = await (await self._connected()).files(request.http.match_info["id"])
        file = found.named(name)
        if file is None:
            raise PageError(404, "There is no such file", "The page of the meeting lists all that are stored.")
        return found, file

    async def _values(
        self, request: PageRequest, client: TemporalMeetingClient, details: MeetingDetails, files: MeetingFiles
    ) -> dict[str, Any]:
        view, query = details.view, request.http.query
        may_watch = request.visitor.may(Role.WATCH)
        sessions = recording_sessions(files.files)
        session = chosen_session(sessions, query.get("session"))
        wanted, deliveries, page = await asyncio.gather(
            self._decisions.of(view.calendars),
            self._deliveries(view.workflow_id),
            self._transcript(files.folder, session) if may_watch else _nothing(),
        )
        moment, speaker = _moment(query.get("t", "")), _speaker(query.get("speaker", ""), page)
        phrase = " ".join(query.get("q", "")[:_LONGEST_PHRASE].split())
        state = _state_values(details, request.visitor)
        return state | {
            "live": live_elements(_fragments(state)),
            "done": _DONE.get(query.get("done", ""), ""),
            "may_replay": request.visitor.may(Role.ADMIN),
            "form_token": request.form_token,
            "booked": _booking(query.get("booked", "")),
            "sessions": sessions,
            "session": session,
            "recordings": played(session, page, moment) if may_watch else (),
            "transcript": page,
            "no_transcript": NO_TRANSCRIPT[view.transcript],
            "current": page.at(moment) if page and moment is not None else 0,
            "shown": {each.number for each in page.matching(phrase, speaker)} if page else set(),
            "phrase": phrase,
            "speaker": speaker,
            "files": [each for each in files.files if each not in screenshots(files.files)],
            "forms": TRANSCRIPT_FORMS,
            "screenshots": screenshots(files.files),
            "wanted_by": wanted,
            "deliveries": deliveries,
            "temporal": self._temporal_page(client, view.workflow_id, details.known_from),
            "clock": clock,
            "voice_of": voice_of,
        }

    async def _transcript(self, folder: str, session: RecordingSession) -> TranscriptPage | None:
        """The stored transcript of a session as it is shown; the last ones are kept, because people come back."""
        file = session.transcript
        if file is None or file.size > _LARGEST_TRANSCRIPT_BYTES:
            return None
        key = (f"{folder}/{file.name}", file.sha256, file.size)
        if (page := self._transcripts.get(key)) is None:
            try:
                content = await self._stored.content(folder, file)
                page = await asyncio.to_thread(lambda: transcript_page(read_spoken(content)))
            except (StoreError, ValueError):
                return None
        self._transcripts[key] = page
        self._transcripts.move_to_end(key)
        if len(self._transcripts) > _KEPT_TRANSCRIPTS:
            self._transcripts.popitem(last=False)
        return page if page.paragraphs else None

    async def _deliveries(self, workflow_id: str) -> list[DeliveryRecord]:
        """What became of the events of the meeting; none if the store does not answer."""
        try:
            store = DeliveryStore(await self._stored.opened())
            return await store.found_by(DeliveryKey.WORKFLOW, workflow_id)
        except StoreError:
            return []

    def _temporal_page(self, client: TemporalMeetingClient, workflow_id: str, known_from: KnownFrom) -> str:
        """The address of the workflow in Temporal's UI; empty if it is not known."""
        temporal = client.temporal
        with suppress(MeetingError):
            if known_from is not KnownFrom.RECORD:
                base = temporal_ui_url(self._temporal_ui, temporal.service_client.config.target_host)
                return workflow_page(base, temporal.namespace, workflow_id)
        return ""


def _fragments(values: Mapping[str, Any]) -> dict[str, Markup]:
    """The parts of the page that are kept up to date, by the ids of their elements."""
    return {
        "meeting-state": render_fragment("meeting_parts.html", "state", **values),
        "meeting-timeline": render_fragment("meeting_parts.html", "timeline", view=values["view"]),
    }


def _state_values(details: MeetingDetails, visitor: Visitor) -> dict[str, Any]:
    """What the parts of the page show that are kept up to date."""
    view = details.view
    acts = possible_acts(view, details.known_from, datetime.now(UTC))
    return {
        "view": view,
        "path": meeting_path(view.meeting_id),
        "sentence": state_in_words(view),
        "advice": advice(view),
        "troubles": messages.troubles(view, details.pending),
        "from_record": details.known_from is KnownFrom.RECORD,
        "acts": acts if visitor.may(Role.STEER) else (),
        "act_words": ACT_WORDS,
        "may_watch": visitor.may(Role.WATCH),
    }


async def _nothing() -> None:
    return None


async def _details(client: TemporalMeetingClient, meeting: str) -> MeetingDetails:
    """The meeting, without a worker as far as Temporal knows it."""
    try:
        return await client.details(meeting)
    except NoWorkerError:
        return MeetingDetails(await client.snapshot(meeting), KnownFrom.TEMPORAL, ())


async def _files(client: TemporalMeetingClient, meeting: str) -> MeetingFiles:
    try:
        return await client.files(meeting)
    except NoWorkerError:
        view = await client.snapshot(meeting)
        return MeetingFiles("", (), view.transcript, is_final=view.status.is_final)


def _captions(transcript_json: bytes, begins: float) -> str:
    whole = Transcript.model_validate_json(transcript_json)
    if begins:
        later = tuple(each for each in whole.segments if each.start >= begins)
        whole = join_transcripts([(whole.model_copy(update={"segments": later}), -begins)])
    return to_webvtt(whole)


def _moment(text: str) -> float | None:
    """The moment of an address, in seconds; None if there is none."""
    try:
        moment = float(text)
    except ValueError:
        return None
    return moment if 0 <= moment < _LATEST_MOMENT else None


def _booking(outcome: str) -> str:
    """What became of a booking, as the address says it that leads here after one."""
    return messages.BOOKING[BookingOutcome(outcome)] if outcome in set(BookingOutcome) else ""


def _speaker(text: str, page: TranscriptPage | None) -> int:
    known = {str(each.number): each.number for each in page.tracks} if page else {}
    return known.get(text, 0)
