"""What each word of Meeting BaaS means here, written down once more: a changed entry is a changed promise."""

import json

import pytest

from minutekeeper.meetings.bot_events import BotEventKind
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.providers.meetingbaas.provider import MeetingBaasProvider
from tests.providers.response_server import Answer, ToldServer
from tests.providers.webhook_bodies import final, notice, status

STATUSES = {
    "joining_call": (MeetingStatus.JOINING, None),
    "in_waiting_room": (MeetingStatus.WAITING_ROOM, None),
    "in_waiting_for_host": (MeetingStatus.WAITING_ROOM, None),
    "in_call_not_recording": (MeetingStatus.IN_CALL, None),
    "in_call_recording": (MeetingStatus.RECORDING, None),
    "recording_resumed": (MeetingStatus.RECORDING, None),
    "recording_paused": (MeetingStatus.PAUSED, None),
    "call_ended": (MeetingStatus.ENDED, None),
    "bot_rejected": (MeetingStatus.ENDED, FailureReason.NOT_ACCEPTED),
    "bot_denied_entry": (MeetingStatus.ENDED, FailureReason.NOT_ACCEPTED),
    "bot_removed": (MeetingStatus.ENDED, FailureReason.REMOVED),
    "bot_removed_too_early": (MeetingStatus.ENDED, FailureReason.REMOVED),
    "waiting_room_timeout": (MeetingStatus.ENDED, FailureReason.WAITING_TIMEOUT),
    "invalid_meeting_url": (MeetingStatus.ENDED, FailureReason.INVALID_MEETING_URL),
    "meeting_error": (MeetingStatus.ENDED, FailureReason.PROVIDER_ERROR),
    "api_request_stop": (MeetingStatus.ENDED, FailureReason.STOPPED),
    "recording_succeeded": (MeetingStatus.ENDED, None),
    "recording_failed": (MeetingStatus.ENDED, FailureReason.PROVIDER_ERROR),
}
ERRORS = {
    "CannotJoinMeeting": FailureReason.CANNOT_JOIN,
    "meeting_not_found": FailureReason.CANNOT_JOIN,
    "access_denied": FailureReason.CANNOT_JOIN,
    "authentication_error": FailureReason.CANNOT_JOIN,
    "loginRequired": FailureReason.CANNOT_JOIN,
    "meetLoginFailedSamlRejected": FailureReason.CANNOT_JOIN,
    "teamsLoginFailedInvalidCredentials": FailureReason.CANNOT_JOIN,
    "teamsLoginFailedCaptcha": FailureReason.CANNOT_JOIN,
    "teamsLoginFailedMfaRequired": FailureReason.CANNOT_JOIN,
    "zoomAnonymousJoinNotAllowed": FailureReason.CANNOT_JOIN,
    "zoomInvalidPasscode": FailureReason.CANNOT_JOIN,
    "zoomPasscodeRequired": FailureReason.CANNOT_JOIN,
    "ZoomWebinarRegistrationRequired": FailureReason.CANNOT_JOIN,
    "TimeoutWaitingToStart": FailureReason.WAITING_TIMEOUT,
    "waiting_room_timeout": FailureReason.WAITING_TIMEOUT,
    "BotNotAccepted": FailureReason.NOT_ACCEPTED,
    "bot_rejected": FailureReason.NOT_ACCEPTED,
    "bot_denied_entry": FailureReason.NOT_ACCEPTED,
    "BotRemoved": FailureReason.REMOVED,
    "botRemovedTooEarly": FailureReason.REMOVED,
    "no_attendees": FailureReason.NOBODY_CAME,
    "allParticipantsLeft": FailureReason.NOBODY_CAME,
    "noSpeaker": FailureReason.NOBODY_SPOKE,
    "recording_timeout": FailureReason.RECORDING_TIMEOUT,
    "ApiRequest": FailureReason.STOPPED,
    "api_request_stop": FailureReason.STOPPED,
    "manual_stop": FailureReason.STOPPED,
    "StreamingSetupFailed": FailureReason.STREAMING_FAILED,
    "InvalidMeetingUrl": FailureReason.INVALID_MEETING_URL,
    "internal_error": FailureReason.PROVIDER_ERROR,
    "InternalErrorClassic": FailureReason.PROVIDER_ERROR,
    "network_error": FailureReason.PROVIDER_ERROR,
    "meeting_error": FailureReason.PROVIDER_ERROR,
    "recording_failed": FailureReason.PROVIDER_ERROR,
    "meetLoginFailedTimeout": FailureReason.PROVIDER_ERROR,
    "teamsLoginFailedTimeout": FailureReason.PROVIDER_ERROR,
    "proxyUnavailable": FailureReason.PROVIDER_ERROR,
    "insufficient_tokens": FailureReason.ACCOUNT,
    "BrowserCrashed": FailureReason.UNKNOWN,
    "": FailureReason.UNKNOWN,
}


@pytest.mark.parametrize("code", STATUSES)
def test_a_status_code(code: str) -> None:
    event = notice(status(code)).event
    assert (event.kind, event.code) == (BotEventKind.STATUS, code)
    assert (event.status, event.reason) == STATUSES[code]


@pytest.mark.parametrize("code", ["levitating", "noSpeaker", "InternalError", "IN_CALL_RECORDING"])
def test_a_code_that_is_not_listed_has_no_status_and_gives_no_reason(code: str) -> None:
    event = notice(status(code)).event
    assert (event.code, event.status, event.reason) == (code, None, None)


@pytest.mark.parametrize("form", ["{}", "{}: it broke, no speaker", "{} : it broke"])
@pytest.mark.parametrize("error", ERRORS)
def test_an_error_of_a_failed_bot(error: str, form: str) -> None:
    event = notice(final("failed", error=form.format(error))).event
    assert (event.kind, event.status, event.reason) == (BotEventKind.FAILED, None, ERRORS[error])


@pytest.mark.parametrize("error", [error for error in ERRORS if error])
async def test_an_error_that_is_found_by_asking(
    provider: MeetingBaasProvider, server: ToldServer, error: str
) -> None:
    bot = {"ended_at": "2026-12-01T11:00:00Z", "errors": error}
    server.tell(Answer(json.dumps({"mp4": "", "bot_data": {"bot": bot, "transcripts": []}}).encode()))
    (event,) = (await provider.get_bot_status("b-1")).events
    assert (event.kind, event.code, event.reason) == (BotEventKind.FAILED, error, ERRORS[error])


@pytest.mark.parametrize("name", ["complete", "transcription_complete"])
def test_what_did_not_fail_has_no_reason(name: str) -> None:
    assert notice(final(name, error="BotRemoved")).event.reason is None
