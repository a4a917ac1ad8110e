"""Ensures one bot per room: the messages between two workflows whose meetings are in the same room.

A room is reserved by the workflow that sends a bot there, under the id of the room, so that Temporal itself refuses
a second reservation. It ends by itself when the bot's longest lifetime is over; a workflow that needs the room
earlier asks the holder whether its bot is still there. Meetings that overlap in a room share one bot. Of meetings
that follow each other each has its own: the earlier one leaves just before the later one begins.
"""

import hashlib
from datetime import timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from minutekeeper.meetings.meeting_keys import meeting_key

CHANGEOVER = timedelta(seconds=10)
"""How long before the next meeting in its room a bot leaves: removing it takes seconds, and two must not meet."""

_PREFIX = "room-"


class RoomReservation(BaseModel):
    """The request that reserves a room for its bot; a later request is a new reservation."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    run_id: str
    """The first run of the workflow."""
    dispatch: int
    requested_at: AwareDatetime
    provider: str = ""
    """The name of the bot's provider."""


class PresenceQuery(BaseModel):
    """Asks a meeting about its bot, by the request of a run or by the bot's id."""

    model_config = ConfigDict(frozen=True)

    run_id: str = ""
    dispatch: int = 0
    bot_id: str = ""


class BotPresence(BaseModel):
    """The bot of a meeting in a room, and the times of the meeting."""

    model_config = ConfigDict(frozen=True)

    is_known: bool
    """Whether the meeting has made that request, or has that bot."""
    is_gone: bool
    """Whether no bot of this request is in the room or on its way, or could exist."""
    start_time: AwareDatetime
    end_time: AwareDatetime
    bot_id: str = ""
    provider: str = ""
    is_leaving: bool = False
    """Whether the meeting wants the bot to leave."""
    was_removed: bool = False
    """Whether the meeting itself told the bot to leave."""
    leaves_at: AwareDatetime | None = None
    """When the bot leaves at the latest, if the meeting knows that."""


class RoomNeeded(BaseModel):
    """Tells the holder that the next meeting in its room begins at `at`. `dispatch` is the request of its bot."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    meeting_id: str
    dispatch: int = 0


class RoomShared(BaseModel):
    """Tells the holder of a room that another workflow shares its bot. `dispatch` is the request of the bot."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str = Field(min_length=1, max_length=1000)
    dispatch: int = 0


class SharedBotRemoved(BaseModel):
    """Tells a workflow that shares a bot that its owner told it to leave."""

    model_config = ConfigDict(frozen=True)

    bot_id: str


def room_workflow_id(meeting_url: str) -> str:
    """The id of a room's reservation, the same for every link that leads into the room."""
    return f"{_PREFIX}{hashlib.sha256(meeting_key(meeting_url).encode()).hexdigest()[:32]}"
