"""What can go wrong for someone who starts or steers meetings and calendars. Every message is for people."""


class MeetingError(Exception):
    """The request was not carried out; the message says why and what to do."""


class MeetingNotFoundError(MeetingError):
    """Temporal knows no such meeting."""


class CalendarNotFoundError(MeetingError):
    """Neither Temporal nor the provider knows such a calendar, or it is not kept here."""


class EventNotFoundError(MeetingError):
    """The calendar has no such event."""


class MeetingRefusedError(MeetingError):
    """The meeting or calendar exists, and does not take this change now."""


class MeetingInputError(MeetingError):
    """What was asked for cannot be meant. `field` is the name under which the bad value was given."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field


class TemporalUnreachableError(MeetingError):
    """Temporal does not answer, or not to us: address, namespace or credentials are wrong, or it is down."""


class WorkerMissingError(MeetingError):
    """Temporal answers, but no worker does, so a running meeting or calendar can neither be asked nor changed."""


class ProviderRefusedError(MeetingError):
    """The meeting-bot API, or Google or Microsoft behind it, did not do what was asked; its own words are given."""


class StoreTroubleError(MeetingError):
    """The artifact store does not answer, or not to us."""
