"""The closed lists: what state a meeting is in, why it failed, and how the provider's words map to ours."""

import re
from enum import StrEnum


class MeetingStatus(StrEnum):
    """Where a meeting is, in the order of a good day; the last three are final."""

    SCHEDULED = "scheduled"
    DISPATCHING = "dispatching"
    JOINING = "joining"
    WAITING_ROOM = "waiting_room"
    IN_CALL = "in_call"
    RECORDING = "recording"
    PAUSED = "paused"
    ENDED = "ended"
    COLLECTING = "collecting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in {MeetingStatus.COMPLETED, MeetingStatus.FAILED, MeetingStatus.CANCELLED}


class FailureReason(StrEnum):
    """Why a meeting has no recording."""

    MISSED = "missed"
    SEND_TIMEOUT = "send_timeout"
    MEETING_OVER = "meeting_over"
    INVALID_MEETING_URL = "invalid_meeting_url"
    CANNOT_JOIN = "cannot_join"
    NOT_ACCEPTED = "not_accepted"
    WAITING_TIMEOUT = "waiting_timeout"
    NOBODY_CAME = "nobody_came"
    NOBODY_SPOKE = "nobody_spoke"
    REMOVED = "removed"
    STOPPED = "stopped"
    RECORDING_TIMEOUT = "recording_timeout"
    STREAMING_FAILED = "streaming_failed"
    PROVIDER_ERROR = "provider_error"
    PROVIDER_UNREACHABLE = "provider_unreachable"
    ACCOUNT = "account"
    REQUEST_REJECTED = "request_rejected"
    INVALID_REQUEST = "invalid_request"
    NO_ANSWER = "no_answer"
    EMPTY_RECORDING = "empty_recording"
    RECORDING_LOST = "recording_lost"
    UNKNOWN = "unknown"


class TranscriptState(StrEnum):
    NOT_ASKED = "not_asked"
    PENDING = "pending"
    READY = "ready"
    EMPTY = "empty"
    FAILED = "failed"


class WebhookState(StrEnum):
    """Whether a meeting's bot reports by webhook, or has to be asked about."""

    NOT_EXPECTED = "not_expected"
    """No bot yet, or one that reports to another meeting."""
    AWAITED = "awaited"
    HEARD = "heard"
    SILENT = "silent"


STATUS_CODES: dict[str, MeetingStatus] = {
    "joining_call": MeetingStatus.JOINING,
    "in_waiting_room": MeetingStatus.WAITING_ROOM,
    "in_waiting_for_host": MeetingStatus.WAITING_ROOM,
    "in_call_not_recording": MeetingStatus.IN_CALL,
    "in_call_recording": MeetingStatus.RECORDING,
    "recording_resumed": MeetingStatus.RECORDING,
    "recording_paused": MeetingStatus.PAUSED,
    "call_ended": MeetingStatus.ENDED,
    "bot_rejected": MeetingStatus.ENDED,
    "bot_denied_entry": MeetingStatus.ENDED,
    "bot_removed": MeetingStatus.ENDED,
    "bot_removed_too_early": MeetingStatus.ENDED,
    "waiting_room_timeout": MeetingStatus.ENDED,
    "invalid_meeting_url": MeetingStatus.ENDED,
    "meeting_error": MeetingStatus.ENDED,
    "api_request_stop": MeetingStatus.ENDED,
    "recording_succeeded": MeetingStatus.ENDED,
    "recording_failed": MeetingStatus.ENDED,
}
"""Every status code of the bots; a code that is not here is kept in the timeline and changes nothing."""

_REASONS: dict[str, FailureReason] = {
    "cannotjoinmeeting": FailureReason.CANNOT_JOIN,
    "meetingnotfound": FailureReason.CANNOT_JOIN,
    "accessdenied": FailureReason.CANNOT_JOIN,
    "authenticationerror": FailureReason.CANNOT_JOIN,
    "loginrequired": FailureReason.CANNOT_JOIN,
    "meetloginfailedsamlrejected": FailureReason.CANNOT_JOIN,
    "teamsloginfailedinvalidcredentials": FailureReason.CANNOT_JOIN,
    "teamsloginfailedcaptcha": FailureReason.CANNOT_JOIN,
    "teamsloginfailedmfarequired": FailureReason.CANNOT_JOIN,
    "zoomanonymousjoinnotallowed": FailureReason.CANNOT_JOIN,
    "zoominvalidpasscode": FailureReason.CANNOT_JOIN,
    "zoompasscoderequired": FailureReason.CANNOT_JOIN,
    "zoomwebinarregistrationrequired": FailureReason.CANNOT_JOIN,
    "timeoutwaitingtostart": FailureReason.WAITING_TIMEOUT,
    "waitingroomtimeout": FailureReason.WAITING_TIMEOUT,
    "botnotaccepted": FailureReason.NOT_ACCEPTED,
    "botrejected": FailureReason.NOT_ACCEPTED,
    "botdeniedentry": FailureReason.NOT_ACCEPTED,
    "botremoved": FailureReason.REMOVED,
    "botremovedtooearly": FailureReason.REMOVED,
    "noattendees": FailureReason.NOBODY_CAME,
    "allparticipantsleft": FailureReason.NOBODY_CAME,
    "nospeaker": FailureReason.NOBODY_SPOKE,
    "recordingtimeout": FailureReason.RECORDING_TIMEOUT,
    "apirequest": FailureReason.STOPPED,
    "apirequeststop": FailureReason.STOPPED,
    "manualstop": FailureReason.STOPPED,
    "streamingsetupfailed": FailureReason.STREAMING_FAILED,
    "invalidmeetingurl": FailureReason.INVALID_MEETING_URL,
    "internalerror": FailureReason.PROVIDER_ERROR,
    "internalerrorclassic": FailureReason.PROVIDER_ERROR,
    "networkerror": FailureReason.PROVIDER_ERROR,
    "meetingerror": FailureReason.PROVIDER_ERROR,
    "recordingfailed": FailureReason.PROVIDER_ERROR,
    "meetloginfailedtimeout": FailureReason.PROVIDER_ERROR,
    "teamsloginfailedtimeout": FailureReason.PROVIDER_ERROR,
    "proxyunavailable": FailureReason.PROVIDER_ERROR,
    "insufficienttokens": FailureReason.ACCOUNT,
    "gone": FailureReason.NO_ANSWER,
}

_CURABLE = frozenset({FailureReason.PROVIDER_ERROR, FailureReason.STREAMING_FAILED, FailureReason.WAITING_TIMEOUT})
"""What a second bot can cure while the meeting runs: trouble at the provider, and a host who came late.
A refusal, a removal, or a meeting that only members may enter stays what it is."""


def failure_reason(raw: str) -> FailureReason:
    """Maps an error name or status code of any year's spelling; what nobody knows is `unknown`."""
    name = raw.partition(":")[0]
    return _REASONS.get(re.sub(r"[^a-z]", "", name.lower()), FailureReason.UNKNOWN)


def is_curable(reason: FailureReason) -> bool:
    return reason in _CURABLE
