"""Names that other services rely on."""

MEETING_WORKFLOW = "MeetingWorkflow"
MEETINGS_QUEUE = "meetings"
RECORDINGS_QUEUE = "recordings"
BOT_EVENT_SIGNAL = "bot_event"
