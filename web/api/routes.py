"""The one table of the API: router, checks of keys and bodies, and the OpenAPI document are made from it."""

from types import MappingProxyType
from typing import NamedTuple

from minutekeeper.api_keys import ApiScope
from starter.meeting_models import MeetingSummary
from web.api.calendar_routes import calendar_routes
from web.api.calendars import CalendarHandlers
from web.api.event_stream import EventHandlers
from web.api.files import FileHandlers
from web.api.handlers import MEETINGS, MeetingHandlers
from web.api.models import (
    BatchResult,
    BookedDetail,
    BookMeeting,
    BookMeetings,
    CollectMeeting,
    FileContent,
    FileList,
    HealthReport,
    MeetingDetail,
    MeetingExplanation,
    MeetingPage,
    MoveMeeting,
    StopMeeting,
    TranscriptQuery,
    WaitQuery,
)
from web.api.problems import ProblemCode
from web.api.route import ApiRoute
from web.api.webhook_routes import webhook_routes
from web.api.webhooks import WebhookHandlers
from web.meetings_query import MeetingsQuery

_MEETING = f"{MEETINGS}/{{id}}"

_OF_MEETINGS = (ProblemCode.TEMPORAL_UNREACHABLE, ProblemCode.STORE_UNREACHABLE)
_OF_ONE = (ProblemCode.NOT_FOUND, *_OF_MEETINGS)
_OF_CHANGES = (*_OF_ONE, ProblemCode.ALREADY_OVER, ProblemCode.TOO_LATE, ProblemCode.WORKER_MISSING)

_EXAMPLE_BOOKING = MappingProxyType(
    {
        "meeting_url": "https://meet.google.com/abc-defg-hij",
        "start_time": "2027-01-11T10:00:00Z",
        "title": "Weekly",
        "metadata": {"deal": "4711"},
    }
)


class ApiHandlers(NamedTuple):
    """What the routes call."""

    meetings: MeetingHandlers
    files: FileHandlers
    calendars: CalendarHandlers
    webhooks: WebhookHandlers
    events: EventHandlers


def api_routes(handlers: ApiHandlers) -> tuple[ApiRoute, ...]:
    """All operations of the API but for the document that shows them."""
    return (
        *_meeting_routes(handlers.meetings),
        *_file_routes(handlers.files),
        *calendar_routes(handlers.calendars),
        *webhook_routes(handlers.webhooks),
        *_event_routes(handlers.events),
        *_health_routes(handlers.meetings),
    )


def _file_routes(files: FileHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "GET",
            f"{_MEETING}/files",
            "listFiles",
            "List the stored files of a meeting with their hashes.",
            files.list_files,
            FileList,
            ApiScope.FILES,
            answers={200: "The files."},
            problems=(*_OF_ONE, ProblemCode.WORKER_MISSING, ProblemCode.NOT_READY),
        ),
        ApiRoute(
            "GET",
            f"{_MEETING}/files/{{name}}",
            "getFile",
            "Read a stored file, or a part of it with Range. From a bucket it is a redirect to a short-lived link.",
            files.send_file,
            FileContent,
            ApiScope.FILES,
            answers={
                200: "The file.",
                206: "The part of the file.",
                302: "The link to the file in the bucket, good for 15 minutes.",
                304: "The file is the one that the caller has.",
                416: "The file has no such part.",
            },
            problems=(*_OF_ONE, ProblemCode.WORKER_MISSING, ProblemCode.NOT_READY, ProblemCode.NO_FILE),
            is_file=True,
        ),
        ApiRoute(
            "GET",
            f"{_MEETING}/transcript",
            "getTranscript",
            "Read the transcript.",
            files.send_transcript,
            FileContent,
            ApiScope.FILES,
            query=TranscriptQuery,
            answers={
                200: "The transcript.",
                206: "The part of the transcript.",
                302: "The link to the transcript in the bucket, good for 15 minutes.",
                304: "The transcript is the one that the caller has.",
                416: "The transcript has no such part.",
            },
            problems=(*_OF_ONE, ProblemCode.WORKER_MISSING, ProblemCode.NOT_READY, ProblemCode.NO_TRANSCRIPT),
            is_file=True,
        ),
    )


def _meeting_routes(meetings: MeetingHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "POST",
            MEETINGS,
            "bookMeeting",
            "Book a meeting; the same link and start are the same meeting.",
            meetings.book,
            BookedDetail,
            ApiScope.BOOK,
            body=BookMeeting,
            answers={201: "The meeting was booked.", 200: "The meeting was there already; nothing new was booked."},
            problems=(*_OF_MEETINGS, ProblemCode.ID_TAKEN),
            example=_EXAMPLE_BOOKING,
        ),
        ApiRoute(
            "POST",
            f"{MEETINGS}/batch",
            "bookMeetings",
            "Book up to 100 meetings; each is booked or refused on its own.",
            meetings.book_batch,
            BatchResult,
            ApiScope.BOOK,
            body=BookMeetings,
            answers={200: "One result for each meeting, in order."},
            problems=_OF_MEETINGS,
            example={"meetings": [dict(_EXAMPLE_BOOKING)]},
        ),
        ApiRoute(
            "GET",
            MEETINGS,
            "listMeetings",
            "List meetings: running and coming ones first, then ended ones, the latest first. `metadata.KEY=VALUE` "
            "in the query finds them by your own data.",
            meetings.list,
            MeetingPage,
            ApiScope.READ,
            query=MeetingsQuery,
            answers={200: "A page of meetings."},
            problems=_OF_MEETINGS,
        ),
        ApiRoute(
            "GET",
            _MEETING,
            "getMeeting",
            "Show a meeting. With If-None-Match and wait, the answer is held back until something happens.",
            meetings.show,
            MeetingDetail,
            ApiScope.READ,
            query=WaitQuery,
            answers={200: "The meeting.", 304: "Nothing has happened since."},
            problems=_OF_ONE,
            has_etag=True,
        ),
        ApiRoute(
            "PATCH",
            _MEETING,
            "moveMeeting",
            "Move a meeting to another time or link.",
            meetings.move,
            MeetingDetail,
            ApiScope.STEER,
            body=MoveMeeting,
            answers={200: "The meeting. While its bot is in the call, held_change says why it keeps its time."},
            problems=_OF_CHANGES,
            example={"start_time": "2027-01-11T11:00:00Z"},
        ),
        ApiRoute(
            "POST",
            f"{_MEETING}/cancel",
            "cancelMeeting",
            "Cancel a meeting; its bot leaves, and what it recorded is kept. Twice is once.",
            meetings.cancel,
            MeetingDetail,
            ApiScope.STEER,
            body=StopMeeting,
            answers={200: "The meeting."},
            problems=_OF_CHANGES,
            example={"why": "The customer called it off."},
        ),
        ApiRoute(
            "POST",
            f"{_MEETING}/leave",
            "leaveMeeting",
            "Send the bot out of the meeting; what it recorded is stored.",
            meetings.leave,
            MeetingDetail,
            ApiScope.STEER,
            body=StopMeeting,
            answers={200: "The meeting."},
            problems=_OF_CHANGES,
            example={"why": "The rest is confidential."},
        ),
        ApiRoute(
            "POST",
            f"{_MEETING}/send",
            "sendBot",
            "Send another bot while the meeting runs.",
            meetings.send,
            MeetingDetail,
            ApiScope.STEER,
            body=StopMeeting,
            answers={200: "The meeting."},
            problems=_OF_CHANGES,
            example={"why": "The first bot was not let in."},
        ),
        ApiRoute(
            "POST",
            f"{_MEETING}/collect",
            "collectMeeting",
            "Fetch the files of an ended meeting again, as long as the provider keeps them.",
            meetings.collect,
            MeetingDetail,
            ApiScope.STEER,
            body=CollectMeeting,
            answers={200: "The meeting, whose files are fetched."},
            problems=_OF_CHANGES,
            example={"retranscribe": True},
        ),
        ApiRoute(
            "GET",
            f"{_MEETING}/why",
            "explainMeeting",
            "Explain why a meeting is as it is.",
            meetings.why,
            MeetingExplanation,
            ApiScope.READ,
            answers={200: "The explanation, and what it rests on."},
            problems=(*_OF_ONE, ProblemCode.WORKER_MISSING),
        ),
    )


def _event_routes(events: EventHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "GET",
            "/api/v1/events",
            "streamEvents",
            "Follow all meetings by server-sent events: `meeting` has the row of a changed meeting, `live` "
            "and `away` tell whether changes are seen, `reset` that some may have been missed, so that meetings "
            "have to be read again. With Last-Event-ID the stream goes on where another one ended.",
            events.stream,
            MeetingSummary,
            ApiScope.READ,
            answers={200: "The stream, which has no end. A comment comes every 15 seconds."},
            problems=(ProblemCode.TOO_MANY_STREAMS,),
            is_stream=True,
        ),
    )


def _health_routes(meetings: MeetingHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "GET",
            "/healthz",
            "isAlive",
            "Whether the process answers.",
            meetings.alive,
            HealthReport,
            answers={200: "It does."},
        ),
        ApiRoute(
            "GET",
            "/readyz",
            "isReady",
            "Whether Temporal answers as well.",
            meetings.ready,
            HealthReport,
            answers={200: "It does.", 503: "It does not."},
        ),
    )
