"""Commands that book and move meetings: `schedule` and `reschedule`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from starter.cli_options import Json, MeetingId, Metadata, read_metadata, run_async

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer()

At = Annotated[
    str,
    typer.Option(
        metavar="WHEN", help="Start: 2026-12-01T10:00:00Z, +10m, +1h30m or now; local time without a zone."
    ),
]
Until = Annotated[str | None, typer.Option(metavar="WHEN", help="End, in the same forms; one hour if not given.")]

_OPTION_NAMES = {
    "start_time": "--at",
    "end_time": "--until",
    "title": "--title",
    "metadata": "--meta",
    "bot.name": "--bot-name",
    "bot.provider": "--provider",
    "bot.transcription_language": "--language",
    "bot.transcription_vocabulary": "--vocabulary",
    "bot.leave_at_end": "--leave-at-end",
}


@app.command(name="schedule")
@run_async
async def meeting_schedule(  # noqa: PLR0913 - one argument for each option
    url: Annotated[str, typer.Argument(metavar="URL", help="Google Meet, Zoom or Teams link.", show_default=False)],
    at: At,
    *,
    until: Until = None,
    title: Annotated[str, typer.Option(help="Title of the meeting.", show_default=False)] = "",
    bot_name: Annotated[str | None, typer.Option(help="The bot's name in the call.")] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Send the bot by this provider alone: meetingbaas, meetingbaas-v2, recall."
        ),
    ] = None,
    audio_only: Annotated[bool, typer.Option("--audio-only", help="Record sound only.")] = False,
    audio_file: Annotated[
        bool, typer.Option("--audio-file", help="Store the sound as a separate file too, if the provider has one.")
    ] = False,
    no_transcript: Annotated[bool, typer.Option("--no-transcript", help="Recording only.")] = False,
    language: Annotated[
        str | None, typer.Option(metavar="TAG", help="Spoken language, such as de or pt-BR; detected if not given.")
    ] = None,
    vocabulary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TERM",
            help="Name or term that the transcription should know; repeat for several.",
            show_default=False,
        ),
    ] = None,
    leave_at_end: Annotated[
        int | None,
        typer.Option(
            metavar="MINUTES",
            help="Have the bot leave so many minutes after the planned end, 0 to 1440; without it the bot stays.",
        ),
    ] = None,
    meta: Metadata = None,
    workflow_id: Annotated[str | None, typer.Option("--id", help="A workflow id of your own.")] = None,
    as_json: Json = False,
) -> int:
    """Book a meeting.

    The same link and start are the same meeting: booking it again starts nothing new.
    """
    from minutekeeper.meetings.fields import RecordingMode
    from minutekeeper.meetings.request import MeetingRequest
    from minutekeeper.meetings.status import MeetingStatus
    from starter import messages
    from starter.client import MeetingClient
    from starter.inputs import check_id, parse_input, settings
    from starter.json_models import ScheduleOutput
    from starter.output import print_line, sanitize, write_json
    from starter.times import format_local

    start, end, notes = _parse_times(at, until)
    bot = {
        "name": bot_name,
        "provider": provider,
        "recording_mode": RecordingMode.AUDIO_ONLY if audio_only else None,
        "transcription_language": language,
        "transcription_vocabulary": vocabulary,
        "leave_at_end": leave_at_end,
    }
    fields: dict[str, object] = {
        "meeting_url": url,
        "start_time": start,
        "end_time": end,
        "title": title,
        "bot": {name: value for name, value in bot.items() if value is not None},
        "wanted": {"transcript": not no_transcript, "audio": audio_file},
        "metadata": read_metadata(meta),
        "wake_up": settings().wake_up,
    }
    request = parse_input(MeetingRequest, fields, _OPTION_NAMES | {"meeting_url": "URL"})
    if workflow_id is not None:
        check_id("--id", workflow_id)
    client = await MeetingClient.connect()
    booked = await client.start(request, workflow_id)
    notes += messages.booking_notes(booked, request)
    view = booked.view
    if as_json:
        write_json(
            ScheduleOutput(
                meeting_id=booked.meeting_id,
                workflow_id=booked.workflow_id,
                already_existed=booked.already_existed,
                booking=booked.booking,
                start_time=view.start_time if view else request.start_time,
                meeting_url=view.meeting_url if view else request.public_url,
                status=view.status if view else MeetingStatus.SCHEDULED,
                notes=tuple(notes),
            )
        )
        return 0
    print_line(messages.BOOKING[booked.booking], "yellow" if booked.already_existed else "green")
    _print_notes(notes)
    print_line(f"Meeting  {sanitize(request.title) or request.public_url}")
    print_line(f"Start    {format_local(view.start_time if view else request.start_time)}")
    print_line(f"ID       {sanitize(booked.meeting_id)}")
    print_line(f"Next     minutekeeper watch {sanitize(booked.meeting_id)}", "dim")
    return 0


@app.command(name="reschedule")
@run_async
async def meeting_reschedule(  # noqa: PLR0913 - one argument for each option
    meeting: MeetingId,
    at: At,
    *,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="New end; the same length if not given.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="New link.")] = None,
    title: Annotated[str | None, typer.Option(help="New title.")] = None,
    as_json: Json = False,
) -> int:
    """Move a meeting to another time or link."""
    from minutekeeper.meetings.request import Reschedule
    from starter.client import MeetingClient
    from starter.inputs import parse_input
    from starter.json_models import RescheduleOutput
    from starter.output import print_line, sanitize, sentence, write_json
    from starter.times import format_local

    start, end, notes = _parse_times(at, until)
    fields: dict[str, object] = {"start_time": start, "end_time": end, "meeting_url": url, "title": title}
    change = parse_input(Reschedule, fields, _OPTION_NAMES | {"meeting_url": "--url"})
    client = await MeetingClient.connect()
    view = await client.reschedule(meeting, change)
    if as_json:
        write_json(RescheduleOutput(**dict(view), notes=tuple(notes)))
        return 0
    if view.held_change:
        print_line(sanitize(sentence(view.held_change)), "yellow")
    else:
        name = sanitize(view.title) or view.meeting_url
        print_line(f"Rescheduled: {name} now starts {format_local(view.start_time)}.", "green")
    _print_notes(notes)
    return 0


def _parse_times(at: str, until: str | None) -> "tuple[datetime, datetime | None, list[str]]":
    """Start, end and notes about what was assumed. Raises MeetingInputError."""
    from datetime import UTC, datetime

    from starter.errors import MeetingInputError
    from starter.times import parse_when

    now = datetime.now(UTC)
    start = parse_when(at, "--at", now)
    notes = [start.note] if start.note else []
    if until is None:
        return start.instant, None, notes
    end = parse_when(until, "--until", now)
    if end.instant <= start.instant:
        raise MeetingInputError(
            "--until", f"{until} is not after --at {at}; relative times of both options count from now"
        )
    if end.note:
        notes.append(end.note)
    return start.instant, end.instant, notes


def _print_notes(notes: Sequence[str]) -> None:
    from starter.output import print_line, sentence

    for note in notes:
        print_line(sentence(f"Note: {note}"), "yellow")
