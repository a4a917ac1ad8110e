"""Errors of the client and the command line. Every message is for people and says what to do."""


class MeetingError(Exception):
    """The request was not carried out; the message says why."""


class MeetingNotFoundError(MeetingError):
    """Temporal knows no such meeting."""


class CalendarNotFoundError(MeetingError):
    """Neither Temporal nor the provider knows the calendar, or no calendar workflow runs for it."""


class EventNotFoundError(MeetingError):
    """The calendar has no such event."""


class MeetingRefusedError(MeetingError):
    """The meeting or calendar exists and does not accept this change now."""


class MeetingOverError(MeetingRefusedError):
    """The meeting has ended, so it accepts no change any more."""


class IdTakenError(MeetingRefusedError):
    """The workflow id that was asked for belongs to something else."""


class MeetingInputError(MeetingError):
    """The input is invalid. `field` is the name under which the invalid value was given."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}" if field else problem)
        self.field = field


class UnsafeUrlError(MeetingInputError):
    """Events must not be delivered to this address."""

    def __init__(self, problem: str) -> None:
        super().__init__("url", problem)


class EndpointNotFoundError(MeetingError):
    """There is no such endpoint of outgoing events."""


class DeliveryNotFoundError(MeetingError):
    """The event was never on its way to this endpoint."""


class EndpointExistsError(MeetingError):
    """Another endpoint has this address, or there are as many as there may be."""


class EndpointDisabledError(MeetingError):
    """The endpoint is disabled, so nothing is delivered to it."""


class WebhookSecretMissingError(MeetingError):
    """The secret from which those of endpoints are derived is not set."""


class TemporalUnreachableError(MeetingError):
    """Temporal does not answer or denies access: address, namespace or credentials are wrong, or it is down."""


class NoWorkerError(MeetingError):
    """Temporal answers, but no worker does, so a running workflow can neither be queried nor updated."""


class ProviderRefusedError(MeetingError):
    """The meeting-bot API, or Google or Microsoft behind it, rejected the request; the message quotes it."""


class StorageError(MeetingError):
    """The artifact store does not answer or denies access."""


class FilesNotReadyError(MeetingError):
    """The file is not stored yet, because the meeting has not ended or is still being collected."""


class NoSuchFileError(MeetingError):
    """The meeting has no such file or transcript."""


class KeyRefusedError(MeetingError):
    """The HTTP API does not know the key, or the key may not be used for this."""


class ApiUnreachableError(MeetingError):
    """The HTTP API does not answer, or what answers at its address is something else."""
