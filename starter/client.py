"""The typed client for meetings: book, read and change them, through Temporal or over HTTP.

`meeting` is a meeting id or a workflow id everywhere. Every method raises MeetingError: TemporalUnreachableError if
Temporal does not answer, MeetingNotFoundError for an unknown meeting, and others as described.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from minutekeeper.meetings.collection import DownloadProgress
from minutekeeper.meetings.meeting_urls import Platform
from minutekeeper.meetings.request import MeetingRequest, Reschedule
from minutekeeper.meetings.status import FailureReason, MeetingStatus
from minutekeeper.meetings.views import MeetingView, Outcome
from starter.meeting_models import (
    BookedMeeting,
    MeetingActivity,
    MeetingDetails,
    MeetingFiles,
    MeetingSummary,
    PendingActivity,
)

if TYPE_CHECKING:
    from starter.http_client import HttpMeetingClient
    from starter.temporal_client import TemporalMeetingClient


class MeetingClient(ABC):
    """Meetings of one installation: `connect` reaches them through Temporal, `over_http` through the HTTP API."""

    @classmethod
    async def connect(cls) -> "TemporalMeetingClient":
        """Connects as configured by `TEMPORAL_*` and Temporal's config file."""
        from starter.temporal_client import TemporalMeetingClient

        return await TemporalMeetingClient.connect()

    @staticmethod
    def over_http(url: str, key: str, *, patience: timedelta = timedelta(seconds=30)) -> "HttpMeetingClient":
        """The same over HTTP, without Temporal's library: an async context manager, or closed with `aclose`.

        Args:
            url: Where `minutekeeper web` is, such as `https://meetings.example.com`.
            key: A key of the API; its scopes say which methods may be used.
            patience: How long a request is repeated where the API is busy or away, if that does no harm.
        """
        from starter.http_client import HttpMeetingClient

        return HttpMeetingClient(url, key, patience=patience)

    @abstractmethod
    async def is_ready(self) -> bool:
        """Whether Temporal answers."""

    @abstractmethod
    async def start(self, request: MeetingRequest, workflow_id: str | None = None) -> BookedMeeting:
        """Books a meeting once: the same link and start are the same meeting.

        A meeting that was cancelled or failed is booked again, unless it is over or has stored files. Raises
        MeetingRefusedError if `workflow_id` belongs to another meeting.
        """

    async def status(self, meeting: str) -> MeetingView:
        """The meeting now. Without a worker a running one raises NoWorkerError."""
        return (await self.details(meeting)).view

    @abstractmethod
    async def details(self, meeting: str) -> MeetingDetails:
        """The meeting now, where that is known from, and what of it is retried. Raises as `status`."""

    @abstractmethod
    async def snapshot(self, meeting: str) -> MeetingView:
        """The meeting as Temporal itself knows it: without a worker, and without a timeline."""

    @abstractmethod
    async def files(self, meeting: str) -> MeetingFiles:
        """The stored files of the meeting, with their hashes once it has ended. Raises as `status`."""

    @abstractmethod
    async def activity(self, meeting: str) -> MeetingActivity:
        """Whether something has happened, and how far a download is. Needs no worker and is not billed."""

    @abstractmethod
    async def pending_activities(self, meeting: str) -> tuple[PendingActivity, ...]:
        """Activities that failed and are retried, such as a download into a store that is full."""

    async def progress(self, meeting: str) -> DownloadProgress | None:
        """Progress of a running download in bytes; None if there is none."""
        return (await self.activity(meeting)).progress

    @abstractmethod
    async def list(  # noqa: PLR0913 - one argument for each filter
        self,
        *,
        status: MeetingStatus | None = None,
        title: str = "",
        starts_from: datetime | None = None,
        starts_before: datetime | None = None,
        platform: Platform | None = None,
        metadata: Mapping[str, str] | None = None,
        reason: FailureReason | Collection[FailureReason] | None = None,
        calendar: str = "",
        limit: int = 50,
    ) -> list[MeetingSummary]:
        """Running and coming meetings in order of start, then ended ones, latest first.

        Args:
            status: Only meetings with this status.
            title: Only meetings whose title has all these words.
            starts_from: Only meetings that start at this instant or later.
            starts_before: Only meetings that start before this instant.
            platform: Only meetings on this platform.
            metadata: Only meetings that were booked with all these keys and values.
            reason: Only meetings that failed for this reason, or one of these. One request for each failed meeting.
            calendar: Only meetings that the calendar with this id wants.
            limit: Maximum number of meetings.
        """

    @abstractmethod
    async def find_all(self, meetings: Sequence[str]) -> tuple[str, ...]:
        """The workflow ids of these meetings, each once. Raises MeetingNotFoundError that names unknown ones."""

    @abstractmethod
    def watch(self, meeting: str) -> AsyncIterator[MeetingView]:
        """The meeting now, and again after everything that happens, until it has ended. Raises as `status`."""

    @abstractmethod
    async def wait(self, meeting: str) -> Outcome:
        """Waits until the meeting has ended, and says how."""

    @abstractmethod
    async def reschedule(self, meeting: str, change: Reschedule) -> MeetingView:
        """Moves a meeting.

        Raises MeetingRefusedError if it is too late for that, NoWorkerError if no worker confirmed it.
        """

    @abstractmethod
    async def cancel(self, meeting: str, why: str = "") -> MeetingView:
        """Cancels a meeting. Idempotent. Raises as `reschedule`."""

    @abstractmethod
    async def leave(self, meeting: str, why: str = "") -> MeetingView:
        """Makes the bot leave the meeting; what it recorded is stored. Raises as `reschedule`."""

    @abstractmethod
    async def collect(self, meeting: str, *, retranscribe: bool = False) -> MeetingView:
        """Fetches recordings and transcripts of an ended meeting again, as long as the provider keeps them.

        Raises MeetingRefusedError if the meeting still runs or never had a bot, NoWorkerError if no worker answers.

        Args:
            meeting: The meeting.
            retranscribe: Whether the provider is asked for new transcripts first.
        """

    @abstractmethod
    async def send_bot(self, meeting: str, why: str = "") -> MeetingView:
        """Sends another bot while the meeting runs. Raises as `reschedule`, also where no other bot is of use."""

    @abstractmethod
    async def workflow_id(self, meeting: str) -> str:
        """The id of the meeting's workflow, as long as Temporal knows it."""
