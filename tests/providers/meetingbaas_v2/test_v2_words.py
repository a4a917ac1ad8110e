"""The words of Meeting BaaS v2, and what they mean to a meeting."""

import pytest

from minutekeeper.meetings.status import FailureReason, MeetingStatus, is_curable
from minutekeeper.providers.meetingbaas_v2.status_codes import (
    ERROR_CODES,
    reason_of_error,
    reason_of_status,
    status_of_code,
)


def test_every_documented_status_is_known() -> None:
    documented = (
        "queued pickup_delayed transcribing completed failed joining_call in_waiting_room in_waiting_for_host "
        "in_call_not_recording in_call_recording recording_paused recording_resumed call_ended "
        "recording_succeeded recording_failed api_request_stop bot_rejected bot_removed bot_removed_too_early "
        "waiting_room_timeout invalid_meeting_url meeting_error"
    )
    assert {code for code in documented.split() if status_of_code(code) is None} == set()
    assert status_of_code("awaiting_reconciliation") is None
    assert reason_of_status("awaiting_reconciliation") is None


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("queued", MeetingStatus.JOINING, None),
        ("pickup_delayed", MeetingStatus.JOINING, None),
        ("in_waiting_for_host", MeetingStatus.WAITING_ROOM, None),
        ("recording_resumed", MeetingStatus.RECORDING, None),
        ("transcribing", MeetingStatus.ENDED, None),
        ("failed", MeetingStatus.ENDED, None),
        ("bot_rejected", MeetingStatus.ENDED, FailureReason.NOT_ACCEPTED),
        ("api_request_stop", MeetingStatus.ENDED, FailureReason.STOPPED),
        ("MEET_LOGIN_REQUIRED", MeetingStatus.ENDED, FailureReason.NEEDS_AUTHORISATION),
        ("MEET_LOGIN_FAILED_TIMEOUT", MeetingStatus.ENDED, FailureReason.PROVIDER_ERROR),
    ],
)
def test_a_status_means(code: str, status: MeetingStatus, reason: FailureReason | None) -> None:
    assert (status_of_code(code), reason_of_status(code)) == (status, reason)


@pytest.mark.parametrize(
    "code",
    ["OOM_KILLED", "SIGTERM", "FORCE_KILLED", "GENERAL_ERROR", "INTERNAL_ERROR", "STREAMING_SETUP_FAILED"],
)
def test_another_bot_may_cure_a_crash(code: str) -> None:
    assert is_curable(reason_of_error(code))


@pytest.mark.parametrize(
    "code",
    [
        "SIGSEGV",
        "NODE_CRASHED",
        "CONTAINER_OOM",
        "BROWSER_LAUNCH_FAILED",
        "X_ERROR",
        "NODE_EVICTED",
        "HEARTBEAT_LOST",
        "POD_PREEMPTED",
        "FORCE_STOPPED",
        "RECORDER_TIMEOUT",
        "ZOOM_INTERNAL_ERROR",
        "ZOOM_SDK_CRASHED",
        "TEAMS_LOGIN_ERROR",
    ],
)
def test_an_unknown_crash_is_a_fault_of_the_provider(code: str) -> None:
    assert reason_of_error(code) is FailureReason.PROVIDER_ERROR


@pytest.mark.parametrize("code", ["", "HOST_SAID_NO", "MOON_IS_FULL", "ROOM_IS_FULL", "SIGN_IN_FIRST"])
def test_what_is_unknown_otherwise_stays_unknown(code: str) -> None:
    assert reason_of_error(code) is FailureReason.UNKNOWN


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("EXITING_MEETING_BEFORE_RECORD", FailureReason.STOPPED),
        ("DAILY_BOT_CAP_REACHED", FailureReason.ACCOUNT),
        ("INSUFFICIENT_TOKENS", FailureReason.ACCOUNT),
        ("BOT_ALREADY_EXISTS", FailureReason.ROOM_OCCUPIED),
        ("ZOOM_OBF_TOKEN_ERROR", FailureReason.NEEDS_AUTHORISATION),
        ("ZOOM_ZAK_TOKEN_ERROR", FailureReason.NEEDS_AUTHORISATION),
        ("WAITING_FOR_AUTHORIZED_USER_TIMEOUT", FailureReason.NEEDS_AUTHORISATION),
        ("ZOOM_SOMETHING_NEW", FailureReason.NEEDS_AUTHORISATION),
        ("TEAMS_LOGIN_FAILED_MFA_REQUIRED", FailureReason.NEEDS_AUTHORISATION),
        ("MEET_LOGIN_UNAVAILABLE", FailureReason.PROVIDER_ERROR),
        ("WAITING_FOR_HOST_TIMEOUT", FailureReason.WAITING_TIMEOUT),
        ("bot_not_accepted", FailureReason.NOT_ACCEPTED),
        ("CANNOT_JOIN_MEETING: gone", FailureReason.CANNOT_JOIN),
    ],
)
def test_an_error_means(code: str, reason: FailureReason) -> None:
    assert reason_of_error(code) is reason


def test_no_documented_error_is_unknown() -> None:
    assert FailureReason.UNKNOWN not in ERROR_CODES.values()
