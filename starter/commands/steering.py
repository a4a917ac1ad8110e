"""`schedule`, `reschedule`, `cancel` and `leave`."""

from datetime import UTC, datetime

from meetings.outcome import MeetingView
from meetings.request import MeetingRequest, RecordingMode, Reschedule
from meetings.status import MeetingStatus
from meetings.urls import meeting_key
from starter import words
from starter.booking import Booking, StartedMeeting
from starter.client import MeetingsClient
from starter.errors import MeetingInputError
from starter.inputs import check_id, checked, settings
from starter.output import plain, say, sentence, write_json
from starter.shapes import Booked, Moved
from starter.times import for_people, parse_when

_GIVEN_AS = {"start_time": "--at", "end_time": "--until", "title": "--title", "bot.name": "--bot-name"}


async def schedule(  # noqa: PLR0913 - one argument for each option
    meeting_url: str,
    at: str,
    *,
    until: str | None,
    title: str,
    bot_name: str | None,
    audio_only: bool,
    transcript: bool,
    workflow_id: str | None,
    as_json: bool,
) -> int:
    start, end, notes = _times(at, until)
    bot = {"name": bot_name} if bot_name is not None else {}
    if audio_only:
        bot["recording_mode"] = RecordingMode.AUDIO_ONLY
    fields: dict[str, object] = {
        "meeting_url": meeting_url,
        "start_time": start,
        "end_time": end,
        "title": title,
        "bot": bot,
        "wanted": {"transcript": transcript},
        "wake_up": settings().wake_up,
    }
    request = checked(MeetingRequest, fields, _GIVEN_AS | {"meeting_url": "URL"})
    if workflow_id is not None:
        check_id("--id", workflow_id)
    client = await MeetingsClient.connect()
    started = await client.start(request, workflow_id)
    notes += _warnings(started, request)
    view = started.view
    if as_json:
        write_json(
            Booked(
                meeting_id=started.meeting_id,
                workflow_id=started.workflow_id,
                already_existed=started.already_existed,
                booking=started.booking,
                start_time=view.start_time if view else request.start_time,
                meeting_url=view.meeting_url if view else request.public_url,
                status=view.status if view else MeetingStatus.SCHEDULED,
                notes=tuple(notes),
            )
        )
        return 0
    say(words.BOOKING[started.booking], "green" if not started.already_existed else "yellow")
    _say_notes(notes)
    say(f"Meeting  {plain(request.title) or request.public_url}")
    say(f"Start    {for_people(view.start_time if view else request.start_time)}")
    say(f"ID       {plain(started.meeting_id)}")
    say(f"Next     minutekeeper watch {plain(started.meeting_id)}", "dim")
    return 0


async def reschedule(  # noqa: PLR0913 - one argument for each option
    meeting: str, at: str, *, until: str | None, meeting_url: str | None, title: str | None, as_json: bool
) -> int:
    start, end, notes = _times(at, until)
    fields: dict[str, object] = {
        "start_time": start,
        "end_time": end,
        "meeting_url": meeting_url,
        "title": title,
    }
    change = checked(Reschedule, fields, _GIVEN_AS | {"meeting_url": "--url"})
    client = await MeetingsClient.connect()
    view = await client.reschedule(meeting, change)
    if as_json:
        write_json(Moved(**dict(view), notes=tuple(notes)))
    else:
        say(f"Moved: {plain(view.title) or view.meeting_url} now starts {for_people(view.start_time)}.", "green")
        _say_notes(notes)
    return 0


async def cancel(meeting: str, *, why: str, as_json: bool) -> int:
    view = await (await MeetingsClient.connect()).cancel(meeting, why)
    bot = "Its bot is being taken out." if view.bot_id else "It ends in a moment."
    _show_stopped(view, f"The meeting is cancelled. {bot}", as_json=as_json)
    return 0


async def leave(meeting: str, *, why: str, as_json: bool) -> int:
    view = await (await MeetingsClient.connect()).leave(meeting, why)
    under_way = "The bot is told to leave; what it recorded is brought home."
    _show_stopped(view, under_way, as_json=as_json)
    return 0


def _times(at: str, until: str | None) -> tuple[datetime, datetime | None, list[str]]:
    now = datetime.now(UTC)
    start = parse_when(at, "--at", now)
    notes = [start.note] if start.note else []
    if until is None:
        return start.instant, None, notes
    end = parse_when(until, "--until", now)
    if end.instant <= start.instant:
        raise MeetingInputError("--until", f"{until} is not after --at {at}; both count from now or are instants")
    if end.note:
        notes.append(end.note)
    return start.instant, end.instant, notes


def _warnings(started: StartedMeeting, request: MeetingRequest) -> list[str]:
    """What somebody who books should know, because it is probably not what they meant."""
    view = started.view
    if view is not None and started.already_existed:
        is_same_meeting = meeting_key(view.meeting_url) == meeting_key(request.meeting_url)
        if view.start_time == request.start_time and is_same_meeting:
            return []
        if started.booking is Booking.JOINED:
            return [f"it joins meeting {started.meeting_id}, which starts {for_people(view.start_time)}"]
        now_at = f"{view.meeting_url}, {for_people(view.start_time)}"
        return [f"it was moved since, to {now_at}; to keep one at the first time as well, name that with --id"]
    return []


def _say_notes(notes: list[str]) -> None:
    for note in notes:
        say(sentence(f"Note: {note}"), "yellow")


def _show_stopped(view: MeetingView, under_way: str, *, as_json: bool) -> None:
    if as_json:
        write_json(view)
    elif view.status.is_final:
        say(plain(words.state_sentence(view)), "green")
    else:
        say(under_way, "green")
        say(f"Follow it with: minutekeeper watch {plain(view.meeting_id)}")
