"""Translates the codes and sub codes of Recall.ai into MeetingStatus and FailureReason.

Neither is a closed list: what is unknown is kept as evidence, and means as much as its words and its place say.
"""

from minutekeeper.meetings.status import FailureReason, MeetingStatus

DONE = "done"
FATAL = "fatal"
CALL_ENDED = "call_ended"
RECORDING = "in_call_recording"
MEDIA_EXPIRED = "media_expired"

STATUSES: dict[str, MeetingStatus] = {
    "joining_call": MeetingStatus.JOINING,
    "in_waiting_room": MeetingStatus.WAITING_ROOM,
    "participant_in_waiting_room": MeetingStatus.WAITING_ROOM,
    "in_call_not_recording": MeetingStatus.IN_CALL,
    "recording_permission_allowed": MeetingStatus.IN_CALL,
    "recording_permission_denied": MeetingStatus.IN_CALL,
    RECORDING: MeetingStatus.RECORDING,
    CALL_ENDED: MeetingStatus.ENDED,
}
"""The statuses of a bot that runs. A code that is not listed becomes part of the timeline and changes nothing."""

WITHOUT_MEANING = frozenset({"ready", "recording_done", "analysis_done", "analysis_failed", MEDIA_EXPIRED})
"""Codes that say nothing of where a bot is: created, and what became of the files of older versions of the API."""

_REASONS: dict[FailureReason, str] = {
    FailureReason.MEETING_OVER: (
        "call_ended_by_host call_ended_by_platform_idle call_ended_by_platform_max_length meeting_ended "
        "meeting_ended_by_host"
    ),
    FailureReason.WAITING_TIMEOUT: (
        "timeout_exceeded_waiting_room call_ended_by_platform_waiting_room_timeout meeting_not_started "
        "zoom_meeting_host_inactive google_meet_meeting_room_not_ready "
        "microsoft_teams_event_not_started_for_external"
    ),
    FailureReason.NOBODY_CAME: (
        "timeout_exceeded_noone_joined timeout_exceeded_everyone_left timeout_exceeded_only_bots_in_call "
        "timeout_exceeded_only_bots_detected_using_participant_names "
        "timeout_exceeded_only_bots_detected_using_participant_events"
    ),
    FailureReason.NOBODY_SPOKE: "timeout_exceeded_silence_detected",
    FailureReason.RECORDING_TIMEOUT: "timeout_exceeded_in_call_recording timeout_exceeded_max_duration",
    FailureReason.STOPPED: "bot_received_leave_call",
    FailureReason.REMOVED: "bot_kicked_from_call google_meet_watermark_kicked",
    FailureReason.NOT_ACCEPTED: (
        "bot_kicked_from_waiting_room google_meet_bot_blocked zoom_account_blocked zoom_bot_blocked "
        "microsoft_teams_bot_not_invited"
    ),
    FailureReason.INVALID_MEETING_URL: (
        "meeting_link_invalid meeting_link_expired meeting_not_found invalid_meeting_url "
        "zoom_invalid_webinar_invite"
    ),
    FailureReason.NEEDS_AUTHORISATION: (
        "timeout_exceeded_recording_permission_denied timeout_exceeded_in_call_not_recording "
        "permission_denied_by_host zoom_local_recording_disabled zoom_local_recording_request_disabled "
        "zoom_local_recording_request_disabled_by_host zoom_bot_in_waiting_room zoom_host_not_present "
        "zoom_local_recording_request_denied_by_host zoom_local_recording_denied "
        "zoom_local_recording_grant_not_supported zoom_sdk_key_blocked_by_host_admin "
        "zoom_obf_user_not_in_meeting zoom_obf_or_zak_missing_or_invalid zoom_anonymous_join_not_allowed "
        "zoom_token_expired zoom_authorized_participants_only zoom_invalid_join_token zoom_invalid_signature "
        "zoom_sdk_credentials_missing zoom_sdk_update_required zoom_sdk_app_not_published"
    ),
    FailureReason.CANNOT_JOIN: (
        "meeting_requires_registration meeting_requires_sign_in meeting_password_incorrect meeting_locked "
        "meeting_full meeting_not_accessible breakout_room_not_open google_meet_sign_in_failed "
        "google_meet_sign_in_captcha_failed google_meet_login_not_available "
        "google_meet_permission_denied_breakout google_meet_knocking_disabled "
        "google_meet_organisation_restricted zoom_email_blocked_by_admin zoom_registration_required "
        "zoom_captcha_required zoom_email_required zoom_invalid_email zoom_web_disallowed "
        "zoom_error_multiple_device_join zoom_meeting_not_accessible zoom_another_meeting_in_progress "
        "missing_webinar_license zoom_voice_recording_not_supported "
        "microsoft_teams_sign_in_credentials_missing microsoft_teams_sign_in_failed "
        "microsoft_teams_captcha_detected microsoft_teams_captcha_error "
        "microsoft_teams_breakout_room_unsupported microsoft_teams_2fa_required "
        "microsoft_teams_townhall_meeting_not_supported webex_pin_required webex_password_required "
        "webex_user_has_excessive_device_registrations"
    ),
    FailureReason.PROVIDER_ERROR: (
        "bot_errored failed_to_launch_in_time internal_error google_meet_internal_error google_meet_video_error "
        "zoom_internal_error zoom_join_timeout zoom_connection_failed microsoft_teams_call_dropped "
        "microsoft_teams_internal_error webex_join_meeting_error"
    ),
}
_REASON_OF = {code: reason for reason, codes in _REASONS.items() for code in codes.split()}

_PARTS: tuple[tuple[tuple[str, ...], FailureReason], ...] = (
    (
        (
            *(
                "internal",
                "crash",
                "launch",
                "kill",
                "evict",
                "oom",
                "memory",
                "disk",
                "pod",
                "instance",
                "container",
            ),
            *("worker", "gpu", "recorder", "browser", "pipeline", "resource", "connection", "dropped"),
        ),
        FailureReason.PROVIDER_ERROR,
    ),
    (("obf", "zak", "authoriz", "authoris", "permission", "anonymous"), FailureReason.NEEDS_AUTHORISATION),
    (("kicked_from_waiting", "blocked", "rejected", "denied"), FailureReason.NOT_ACCEPTED),
    (("kicked", "bot_removed", "participant_removed", "removed_by", "removed_from"), FailureReason.REMOVED),
    (("waiting_room", "not_started"), FailureReason.WAITING_TIMEOUT),
    (
        (
            *("sso", "sign_in", "login", "captcha", "password", "pin_required", "2fa", "registration"),
            *("meeting_locked", "room_locked", "meeting_full", "room_full"),
        ),
        FailureReason.CANNOT_JOIN,
    ),
    (("not_supported", "unsupported", "restricted", "required"), FailureReason.CANNOT_JOIN),
    (
        ("link_invalid", "invalid_link", "invalid_meeting", "meeting_not_found", "link_not_found"),
        FailureReason.INVALID_MEETING_URL,
    ),
)
"""What unknown sub codes mean by the words they are made of, from their beginnings; the first that applies.

Words of machines come first: something that is denied to a process, or locked for it, was not refused by people.
"""


def meeting_status_of(code: str) -> MeetingStatus | None:
    """The status that a code stands for; None if the code is not on the list."""
    return STATUSES.get(code)


def reason_of(sub_code: str, *, is_crash: bool = False) -> FailureReason:
    """What a sub code says, whatever the code that it comes with.

    One that is unknown in every part is UNKNOWN, except behind a `fatal` (`is_crash`): that is the provider's own
    fault, which another bot may cure.
    """
    word = sub_code.strip().lower()
    if known := _REASON_OF.get(word):
        return known
    for parts, reason in _PARTS if word else ():
        if any(f"_{part}" in f"_{word}" for part in parts):
            return reason
    return FailureReason.PROVIDER_ERROR if is_crash else FailureReason.UNKNOWN


def leaving_reason(code: str, sub_code: str) -> FailureReason | None:
    """Why a bot left the call, if its status says so."""
    if code != CALL_ENDED or not sub_code:
        return None
    reason = reason_of(sub_code)
    return None if reason is FailureReason.UNKNOWN else reason
