"""Names that other services rely on."""

MEETING_WORKFLOW = "MeetingWorkflow"

MEETINGS_QUEUE = "meetings"

RECORDINGS_QUEUE = "recordings"

DELIVERIES_QUEUE = "deliveries"

DELIVERY_WORKFLOW = "DeliveryWorkflow"

BOT_EVENT_SIGNAL = "bot_event"

STATUS_QUERY = "status"

RESCHEDULE_UPDATE = "reschedule"

CANCEL_UPDATE = "cancel"

LEAVE_UPDATE = "leave"

SEND_UPDATE = "send"

STATE_QUERY = "state"

PRESENCE_QUERY = "presence"

ROOM_NEEDED_SIGNAL = "room_needed"

ROOM_SHARED_SIGNAL = "room_shared"

SHARED_BOT_REMOVED_SIGNAL = "shared_bot_removed"

ROOM_WORKFLOW = "RoomReservationWorkflow"

CALENDAR_WORKFLOW = "CalendarWorkflow"

CALENDAR_EVENT_SIGNAL = "calendar_event"

DISCONNECT_SIGNAL = "disconnect_requested"

ACCESS_SIGNAL = "access_changed"

CALENDAR_HEALTH_WORKFLOW = "CalendarHealthWorkflow"

CALENDAR_HEALTH_ID = "calendars-health"
"""The id of the one workflow that checks the access to all calendars."""

CHECK_NOW_SIGNAL = "check_now"

CLAIM_UPDATE = "claim"

RELEASE_UPDATE = "release"

INVALID_REQUEST = "invalid_request"
"""The type of an error that says what is wrong with an input."""

REFUSED = "Refused"
"""The type of an error that says why a change is not taken now."""

ASK_AGAIN = "The workflow is being taken over by another worker; ask again."
"""The failure of a query that reached a worker too early."""
