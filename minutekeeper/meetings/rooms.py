"""One room, one bot: what two workflows of ours tell each other when their meetings are in the same room.

A room is reserved by the workflow that sends a bot there, under the id of the room, so that Temporal itself refuses
a second reservation. It ends by itself when the bot's longest lifetime is over; a workflow that needs the room
earlier asks the holder whether its bot is still there.
"""

import hashlib

from pydantic import AwareDatetime, BaseModel, ConfigDict

from minutekeeper.meetings.meeting_urls import meeting_key

_PREFIX = "room-"


class RoomReservation(BaseModel):
    """Who sends a bot to a room: one request of one workflow, so that a later one is a new reservation."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    run_id: str
    """The first run of the workflow."""
    dispatch: int
    requested_at: AwareDatetime
    provider: str = ""
    """Whose bot it is."""


class PresenceQuery(BaseModel):
    """Asks a meeting about its bot: of one request of one run, or the one of an id."""

    model_config = ConfigDict(frozen=True)

    run_id: str = ""
    dispatch: int = 0
    bot_id: str = ""


class BotPresence(BaseModel):
    """What a meeting says of its bot in a room, and of its own times."""

    model_config = ConfigDict(frozen=True)

    is_known: bool
    """Whether the meeting has made that request, or has that bot."""
    is_gone: bool
    """Whether no bot of this request is in the room, on its way, or may exist."""
    start_time: AwareDatetime
    end_time: AwareDatetime
    bot_id: str = ""
    provider: str = ""
    was_removed: bool = False
    """Whether the meeting itself told the bot to leave."""


class RoomNeeded(BaseModel):
    """Tells the holder that the next meeting in its room begins at `at`."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    meeting_id: str


def room_workflow_id(meeting_url: str) -> str:
    """The id of a room's reservation, the same for every link that leads into the room."""
    return f"{_PREFIX}{hashlib.sha256(meeting_key(meeting_url).encode()).hexdigest()[:32]}"
