"""What each word of the provider means here, written down once more: a changed entry is a changed promise."""

import pytest

from minutekeeper.meetings.bot_events import BotEvent, BotEventKind, has_unknown_status
from minutekeeper.meetings.bot_state import BotState, apply_bot_event
from minutekeeper.meetings.status import FailureReason, MeetingStatus, is_curable
from tests.bot_events import bot_event
from tests.meetings.test_bot_state import FRESH, T0

STATUSES = {
    MeetingStatus.JOINING: "joining_call",
    MeetingStatus.WAITING_ROOM: "in_waiting_room in_waiting_for_host",
    MeetingStatus.IN_CALL: "in_call_not_recording",
    MeetingStatus.RECORDING: "in_call_recording recording_resumed",
    MeetingStatus.PAUSED: "recording_paused",
    MeetingStatus.ENDED: "call_ended bot_rejected bot_denied_entry bot_removed bot_removed_too_early meeting_error "
    "waiting_room_timeout invalid_meeting_url api_request_stop recording_succeeded recording_failed",
}
REASONS = {
    FailureReason.CANNOT_JOIN: "CannotJoinMeeting cannotJoinMeeting meeting_not_found access_denied loginRequired "
    "authentication_error ZoomWebinarRegistrationRequired zoomPasscodeRequired zoomInvalidPasscode "
    "zoomAnonymousJoinNotAllowed meetLoginFailedSamlRejected teamsLoginFailedInvalidCredentials "
    "teamsLoginFailedCaptcha teamsLoginFailedMfaRequired",
    FailureReason.WAITING_TIMEOUT: "TimeoutWaitingToStart timeoutWaitingToStart waiting_room_timeout",
    FailureReason.NOT_ACCEPTED: "BotNotAccepted botNotAccepted bot_rejected bot_denied_entry",
    FailureReason.REMOVED: "BotRemoved bot_removed botRemovedTooEarly bot_removed_too_early",
    FailureReason.NOBODY_CAME: "no_attendees noAttendees allParticipantsLeft",
    FailureReason.NOBODY_SPOKE: "no_speaker noSpeaker",
    FailureReason.RECORDING_TIMEOUT: "recording_timeout recordingTimeout",
    FailureReason.STOPPED: "ApiRequest api_request api_request_stop manual_stop",
    FailureReason.STREAMING_FAILED: "StreamingSetupFailed streamingSetupFailed",
    FailureReason.INVALID_MEETING_URL: "InvalidMeetingUrl invalid_meeting_url",
    FailureReason.PROVIDER_ERROR: "InternalError internal_error network_error meeting_error recording_failed "
    "proxyUnavailable meetLoginFailedTimeout teamsLoginFailedTimeout",
    FailureReason.ACCOUNT: "InsufficientTokens insufficient_tokens",
    FailureReason.UNKNOWN: "BrowserCrashed page_crash oops",
}
CURABLE = {FailureReason.PROVIDER_ERROR, FailureReason.STREAMING_FAILED, FailureReason.WAITING_TIMEOUT}


def words(table: dict[MeetingStatus, str] | dict[FailureReason, str]) -> list[tuple[str, str]]:
    return [(word, meaning) for meaning, line in table.items() for word in line.split()]


def failed(code: str, text: str = "") -> BotEvent:
    return bot_event(kind=BotEventKind.FAILED, bot_id="b", occurred_at=T0, code=code, text=text)


def reported(code: str) -> BotEvent:
    return bot_event(kind=BotEventKind.STATUS, bot_id="b", occurred_at=T0, code=code)


def after(*events: BotEvent) -> BotState:
    state = FRESH
    for event in events:
        state = apply_bot_event(state, event)
    return state


@pytest.mark.parametrize(("code", "status"), words(STATUSES))
def test_what_a_status_means(code: str, status: MeetingStatus) -> None:
    assert after(reported("joining_call"), reported(code)).status is status
    assert not has_unknown_status(reported(code))


def test_every_other_status_is_one_that_nobody_here_knows() -> None:
    assert after(reported("levitating")).status is MeetingStatus.JOINING
    assert has_unknown_status(reported("levitating"))
    assert not has_unknown_status(reported("")), "no word is no new word"


@pytest.mark.parametrize(("error", "reason"), words(REASONS))
@pytest.mark.parametrize("form", ["{}", "{} : in words", "{}: in words"])
def test_what_a_failure_means(error: str, reason: FailureReason, form: str) -> None:
    raw = form.format(error)
    final = after(failed(raw)).final
    assert final is not None
    assert (final.reason, final.text) == (reason, raw)
    assert has_unknown_status(failed(raw)) is (reason is FailureReason.UNKNOWN)


@pytest.mark.parametrize("reason", FailureReason)
def test_what_another_bot_can_cure(reason: FailureReason) -> None:
    assert is_curable(reason) is (reason in CURABLE)


@pytest.mark.parametrize("code", ["in_call_recording", "call_ended", "joining_call"])
def test_a_status_that_explains_nothing_leaves_a_failure_unknown(code: str) -> None:
    final = after(reported(code), failed("BrowserCrashed")).final
    assert final is not None
    assert final.reason is FailureReason.UNKNOWN
