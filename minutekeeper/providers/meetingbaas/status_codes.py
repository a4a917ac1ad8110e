"""Translates the status codes and error names of Meeting BaaS into MeetingStatus and FailureReason."""

import re

from minutekeeper.meetings.status import FailureReason, MeetingStatus

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
"""Every status code of a bot. A code that is not listed becomes part of the timeline and changes nothing."""

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
}


def status_of(code: str) -> MeetingStatus | None:
    """The status that a code stands for; None if the code is not on the list."""
    return STATUS_CODES.get(code)


def failure_reason(error: str) -> FailureReason:
    """The reason that an error name stands for, in the spelling of any year; UNKNOWN if it is not on the list."""
    name = error.partition(":")[0]
    return _REASONS.get(re.sub(r"[^a-z]", "", name.lower()), FailureReason.UNKNOWN)


def end_reason(code: str) -> FailureReason | None:
    """Why a bot ended, if its status code says so by itself, as `bot_rejected` does."""
    if code not in STATUS_CODES:
        return None
    reason = failure_reason(code)
    return None if reason is FailureReason.UNKNOWN else reason
