"""Translates the status codes and error codes of Meeting BaaS v2 into MeetingStatus and FailureReason."""

import re

from minutekeeper.meetings.status import FailureReason, MeetingStatus

COMPLETED = "completed"
FAILED_STATUS = "failed"
TRANSCRIBING = "transcribing"

FINAL_STATUSES = frozenset({COMPLETED, FAILED_STATUS})
"""The statuses after which no other one follows."""

BOT_STATUSES: dict[str, MeetingStatus] = {
    "queued": MeetingStatus.JOINING,
    "pickup_delayed": MeetingStatus.JOINING,
    "joining_call": MeetingStatus.JOINING,
    "in_waiting_room": MeetingStatus.WAITING_ROOM,
    "in_waiting_for_host": MeetingStatus.WAITING_ROOM,
    "in_call_not_recording": MeetingStatus.IN_CALL,
    "in_call_recording": MeetingStatus.RECORDING,
    "recording_resumed": MeetingStatus.RECORDING,
    "recording_paused": MeetingStatus.PAUSED,
    "call_ended": MeetingStatus.ENDED,
    "recording_succeeded": MeetingStatus.ENDED,
    "recording_failed": MeetingStatus.ENDED,
    TRANSCRIBING: MeetingStatus.ENDED,
    "transcription_failed": MeetingStatus.ENDED,
    "api_request_stop": MeetingStatus.ENDED,
    "bot_rejected": MeetingStatus.ENDED,
    "bot_removed": MeetingStatus.ENDED,
    "bot_removed_too_early": MeetingStatus.ENDED,
    "waiting_room_timeout": MeetingStatus.ENDED,
    "invalid_meeting_url": MeetingStatus.ENDED,
    "meeting_error": MeetingStatus.ENDED,
    COMPLETED: MeetingStatus.ENDED,
    FAILED_STATUS: MeetingStatus.ENDED,
}
"""Every status of a bot. A code that is not listed becomes part of the timeline and changes nothing."""

_STATUS_REASONS: dict[str, FailureReason] = {
    "api_request_stop": FailureReason.STOPPED,
    "bot_rejected": FailureReason.NOT_ACCEPTED,
    "bot_removed": FailureReason.REMOVED,
    "bot_removed_too_early": FailureReason.REMOVED,
    "waiting_room_timeout": FailureReason.WAITING_TIMEOUT,
    "invalid_meeting_url": FailureReason.INVALID_MEETING_URL,
    "meeting_error": FailureReason.PROVIDER_ERROR,
    "recording_failed": FailureReason.PROVIDER_ERROR,
}

ERROR_CODES: dict[str, FailureReason] = {
    # The bot ended in good order.
    "BOT_REMOVED": FailureReason.REMOVED,
    "NO_ATTENDEES": FailureReason.NOBODY_CAME,
    "NO_SPEAKER": FailureReason.NOBODY_SPOKE,
    "RECORDING_TIMEOUT": FailureReason.RECORDING_TIMEOUT,
    "API_REQUEST": FailureReason.STOPPED,
    # It was told to leave, or the meeting ended, before it recorded: that is no failure of the provider.
    "EXITING_MEETING_BEFORE_RECORD": FailureReason.STOPPED,
    # It did not get into the meeting.
    "BOT_NOT_ACCEPTED": FailureReason.NOT_ACCEPTED,
    "TIMEOUT_WAITING_TO_START": FailureReason.WAITING_TIMEOUT,
    "WAITING_FOR_HOST_TIMEOUT": FailureReason.WAITING_TIMEOUT,
    "WAITING_FOR_AUTHORIZED_USER_TIMEOUT": FailureReason.NEEDS_AUTHORISATION,
    "CANNOT_JOIN_MEETING": FailureReason.CANNOT_JOIN,
    "MEETING_NOT_FOUND": FailureReason.CANNOT_JOIN,
    "MEETING_ENDED": FailureReason.CANNOT_JOIN,
    "MEETING_ENDED_PREMATURELY": FailureReason.CANNOT_JOIN,
    "BOT_REMOVED_TOO_EARLY": FailureReason.REMOVED,
    "INVALID_MEETING_URL": FailureReason.INVALID_MEETING_URL,
    "INVALID_MEETING_PLATFORM": FailureReason.INVALID_MEETING_URL,
    # The meeting, or our set-up at the meeting service, wants an authorisation that the bot has not.
    "LOGIN_REQUIRED": FailureReason.NEEDS_AUTHORISATION,
    "UNABLE_JOIN_EXTERNAL_MEETING": FailureReason.NEEDS_AUTHORISATION,
    "RECORDING_RIGHTS_NOT_GRANTED": FailureReason.NEEDS_AUTHORISATION,
    "CANNOT_REQUEST_RECORDING_RIGHT": FailureReason.NEEDS_AUTHORISATION,
    "HOST_CLIENT_CANNOT_GRANT_PERMISSION": FailureReason.NEEDS_AUTHORISATION,
    "SET_ZOOM_ID_AND_PWD_TOGETHER": FailureReason.NEEDS_AUTHORISATION,
    "CANNOT_GET_JWT_TOKEN": FailureReason.NEEDS_AUTHORISATION,
    "SDK_AUTH_FAILED": FailureReason.NEEDS_AUTHORISATION,
    "ZOOM_ACCESS_TOKEN_ERROR": FailureReason.NEEDS_AUTHORISATION,
    "ZOOM_OBF_TOKEN_ERROR": FailureReason.NEEDS_AUTHORISATION,
    "ZOOM_ANONYMOUS_JOIN_NOT_ALLOWED": FailureReason.NEEDS_AUTHORISATION,
    # The provider is at fault: another bot may succeed.
    "STREAMING_SETUP_FAILED": FailureReason.STREAMING_FAILED,
    "INTERNAL_ERROR": FailureReason.PROVIDER_ERROR,
    "RECORDING_START_TIMEOUT": FailureReason.PROVIDER_ERROR,
    "OOM_KILLED": FailureReason.PROVIDER_ERROR,
    "SIGTERM": FailureReason.PROVIDER_ERROR,
    "FORCE_KILLED": FailureReason.PROVIDER_ERROR,
    "GENERAL_ERROR": FailureReason.PROVIDER_ERROR,
    "BOT_CRASHED": FailureReason.PROVIDER_ERROR,
    "BOT_CREATE_FAILED": FailureReason.PROVIDER_ERROR,
    "UNKNOWN_ERROR": FailureReason.PROVIDER_ERROR,
    # There was a recording, but no transcript; where it is listed, the bot did not fail for us.
    "TRANSCRIPTION_FAILED": FailureReason.RECORDING_LOST,
    "TRANSCRIPTION_ERROR": FailureReason.RECORDING_LOST,
    # The account or the request was refused when the bot was due, so no bot ever ran.
    "INSUFFICIENT_TOKENS": FailureReason.ACCOUNT,
    "DAILY_BOT_CAP_REACHED": FailureReason.ACCOUNT,
    "BYOK_TRANSCRIPTION_NOT_ENABLED_ON_PLAN": FailureReason.ACCOUNT,
    "BOT_ALREADY_EXISTS": FailureReason.ROOM_OCCUPIED,
    "VALIDATION_ERROR": FailureReason.REQUEST_REJECTED,
}
"""The documented error codes of a bot; families and unknown ones are told apart by their words."""

TRANSCRIPTION_FAILURES = frozenset({"TRANSCRIPTION_FAILED", "TRANSCRIPTION_ERROR"})
TRANSCRIPTION_ERROR = "error"
"""The status of a transcription, beside that of its bot."""

NEVER_RAN = frozenset({FailureReason.ACCOUNT, FailureReason.ROOM_OCCUPIED, FailureReason.REQUEST_REJECTED})
"""Reasons for which no bot was made, so that asking could bring nothing more."""

_LOGIN_FAMILIES = ("MEET_LOGIN_", "TEAMS_LOGIN_", "ZOOM_")
_CRASH = re.compile(
    "CRASH|KILL|(?<![A-Z])OOM(?![A-Z])|SIG(?!N)[A-Z]+|FATAL|INTERNAL|EXCEPTION|PANIC|LAUNCH|DISCONNECT|UNAVAILABLE"
    "|EVICT|PREEMPT|HEARTBEAT|FORCED?_|ABORT|RECORDER|UNRESPONSIVE"
)
"""Words of faults of a machine or of the provider's software."""
_FAULT_OF_THE_LOGIN = re.compile("TIMEOUT|ERROR")
_AUTHORISATION = re.compile("TOKEN|OBF|ZAK|JWT|(?<![A-Z])AUTH")
"""Words of what a sign-in needs: an error of one is no fault of the provider."""


def status_of_code(code: str) -> MeetingStatus | None:
    """The status that a code stands for; None if it is not known. An error code in place of one is an end."""
    known = BOT_STATUSES.get(code.lower())
    return MeetingStatus.ENDED if known is None and _named_reason(code) else known


def reason_of_status(code: str) -> FailureReason | None:
    """Why a bot ended, if its status says so by itself."""
    return _STATUS_REASONS.get(code.lower()) or (None if code.lower() in BOT_STATUSES else _named_reason(code))


def reason_of_error(code: str) -> FailureReason:
    """The reason that an error code stands for; one that is unknown, but names a crash, is the provider's fault."""
    return _named_reason(code) or (FailureReason.PROVIDER_ERROR if _crashed(code) else FailureReason.UNKNOWN)


def _named_reason(code: str) -> FailureReason | None:
    name = code.partition(":")[0].strip().upper()
    if name in ERROR_CODES:
        return ERROR_CODES[name]
    if not name.startswith(_LOGIN_FAMILIES):
        return None
    is_fault = _CRASH.search(name) or (_FAULT_OF_THE_LOGIN.search(name) and not _AUTHORISATION.search(name))
    return FailureReason.PROVIDER_ERROR if is_fault else FailureReason.NEEDS_AUTHORISATION


def _crashed(code: str) -> bool:
    name = code.upper()
    return "ERROR" in name or _CRASH.search(name) is not None
