"""One session of a bot: what it is before it has one, while it has one, and whether the bot could be in a room."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.bot_state import BotState, FinalEvent
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.meetings.dispatch import SendBotInput
from minutekeeper.meetings.session_state import SessionStage, SessionState
from minutekeeper.meetings.status import MeetingStatus

T0 = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
URL = "https://acme.zoom.us/j/12345678901"
DEADLINES = Deadlines()
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
LONGEST = timedelta(seconds=DEADLINES.max_bot_lifetime)
REQUEST = SendBotInput(key="k", meeting_url=URL, start_time=T0, requested_at=T0)
BOT = BotState(bot_id="b", dispatch=0, sent_at=T0, join_at=T0)
ENDED = BOT.model_copy(update={"final": FinalEvent(kind=BotEventKind.COMPLETE, at=T0)})


def session(**fields: Any) -> SessionState:
    return SessionState(
        **{"number": 0, "dispatch": 0, "meeting_url": URL, "start_time": T0, "join_at": T0} | fields
    )


def test_a_new_session_knows_nothing() -> None:
    assert dict(session()) == {
        "number": 0,
        "dispatch": 0,
        "meeting_url": URL,
        "start_time": T0,
        "join_at": T0,
        "stage": SessionStage.DISPATCHING,
        **dict.fromkeys(
            (
                "request",
                "choice",
                "replaced_from",
                "retry_at",
                "bot",
                "leave_at",
                "failure",
                "folder",
                "transcript_due_at",
            )
        ),
        **dict.fromkeys(
            ("superseded", "leave_requested", "left_as_planned", "is_relief", "is_relieved", "recording_collected"),
            False,
        ),
        **dict.fromkeys(("removal_requested", "recording_stored", "transcript_finished", "lobby_alerted"), False),
        "sharers": [],
        "searches": 0,
        "refused_removals": 0,
        "transcript_attempts": 0,
    }


def test_the_stages_are_carried_by_their_names() -> None:
    assert [*SessionStage] == [
        *("dispatching", "unconfirmed", "active", "leaving", "settling", "collecting", "done", "abandoned"),
    ]
    assert {stage for stage in SessionStage if stage.is_final} == {SessionStage.DONE, SessionStage.ABANDONED}


@pytest.mark.parametrize("stage", SessionStage)
def test_a_bot_may_exist_from_its_request_until_the_session_is_over(stage: SessionStage) -> None:
    assert session(stage=stage, request=REQUEST).is_requested is not stage.is_final
    assert not session(stage=stage).is_requested
    assert not session(stage=stage, request=REQUEST, bot=BOT).is_requested


@pytest.mark.parametrize("stage", SessionStage)
def test_what_the_bot_came_to_is_known_when_it_is_collected(stage: SessionStage) -> None:
    assert session(stage=stage).is_finished is stage.is_final
    assert session(stage=stage).is_settled is (stage.is_final or stage is SessionStage.COLLECTING)


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({}, True),
        ({"request": REQUEST}, False),
        ({"request": REQUEST, "stage": SessionStage.ABANDONED}, True),
        ({"bot": BOT}, False),
        ({"bot": BOT, "stage": SessionStage.DONE}, True),
        ({"bot": ENDED}, True),
        ({"bot": BOT.model_copy(update={"removed_at": T0})}, True),
        ({"bot": BOT.model_copy(update={"shared_with": "meeting-x"})}, True),
    ],
)
def test_a_session_is_gone_when_no_bot_of_its_own_could_come(fields: dict[str, Any], *, gone: bool) -> None:
    assert session(**fields).is_gone is gone


def test_a_session_shares_the_bot_of_another_workflow() -> None:
    assert session(bot=BOT.model_copy(update={"shared_with": "meeting-x"})).is_shared is True
    assert session(bot=BOT).is_shared is False
    assert session().is_shared is False


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, MeetingStatus.DISPATCHING),
        ({"stage": SessionStage.ABANDONED}, MeetingStatus.ENDED),
        ({"bot": BOT, "stage": SessionStage.ACTIVE}, MeetingStatus.JOINING),
        ({"bot": BOT, "stage": SessionStage.COLLECTING}, MeetingStatus.COLLECTING),
        ({"bot": BOT.model_copy(update={"status": MeetingStatus.PAUSED})}, MeetingStatus.PAUSED),
    ],
)
def test_a_meeting_is_shown_as_its_session_is(fields: dict[str, Any], status: MeetingStatus) -> None:
    assert session(**fields).status is status


def test_a_bot_could_be_there_until_its_longest_lifetime_ends() -> None:
    assert session(join_at=T0 + HOUR).presence_end(DEADLINES) == T0 + HOUR + LONGEST
    late = BOT.model_copy(update={"join_at": T0 + 2 * HOUR})
    assert session(bot=late).presence_end(DEADLINES) == T0 + 2 * HOUR + LONGEST


def test_two_bots_could_meet_in_one_room_at_one_time() -> None:
    waiting = session(request=REQUEST)
    present = session(bot=BOT.model_copy(update={"join_at": T0 + HOUR}))
    other_way_in = "https://zoom.us/j/12345678901?pwd=x"
    for each, arrives in ((waiting, T0), (present, T0 + HOUR)):
        leaves = arrives + LONGEST
        assert each.may_meet(other_way_in, arrives, arrives + HOUR, DEADLINES)
        assert each.may_meet(URL, arrives - HOUR, arrives + SECOND, DEADLINES)
        assert not each.may_meet(URL, arrives - HOUR, arrives, DEADLINES)
        assert each.may_meet(URL, leaves - SECOND, leaves + HOUR, DEADLINES)
        assert not each.may_meet(URL, leaves, leaves + HOUR, DEADLINES)
        assert not each.may_meet("https://zoom.us/j/99999999999", arrives, arrives + HOUR, DEADLINES)
    assert not session(bot=ENDED).may_meet(URL, T0, T0 + HOUR, DEADLINES)
