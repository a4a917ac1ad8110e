"""Sends an event of a meeting to an endpoint once more, from the page of the meeting."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from minutekeeper.storage.delivery_records import DeliveryStore
from minutekeeper.storage.endpoints import EndpointStore
from minutekeeper.temporal.delivery_workflows import start_delivery
from starter.error_translation import translate_temporal_errors
from starter.temporal_client import TemporalMeetingClient
from web.access.roles import Role
from web.page_error import PageError
from web.pages.route import PageRequest, PageRoute, see_other
from web.pages.templates import meeting_path
from web.stored_files import StoredFiles


class MeetingReplay:
    """The form beside each delivery."""

    def __init__(self, connected: Callable[[], Awaitable[TemporalMeetingClient]], stored: StoredFiles) -> None:
        self._connected = connected
        self._stored = stored

    def routes(self) -> list[PageRoute]:
        return [PageRoute(hdrs.METH_POST, "/meetings/{id}/replay", self.replay, Role.ADMIN)]

    async def replay(self, request: PageRequest) -> web.StreamResponse:
        """Delivers an event of this meeting again, under the id that it had. One under way is not started twice."""
        client = await self._connected()
        view = await client.snapshot(request.http.match_info["id"])
        store = await self._stored.opened()
        endpoint = await EndpointStore(store).get(request.form.get("endpoint", ""))
        if endpoint is None or not endpoint.is_enabled:
            raise PageError(409, "This endpoint takes no events", "It was removed or is switched off.")
        record = await DeliveryStore(store).get(endpoint.endpoint_id, request.form.get("event", ""))
        if record is None or record.workflow_id != view.workflow_id:
            raise PageError(404, "There is no such event", "The page of the meeting lists all that were sent.")
        with translate_temporal_errors(client.temporal):
            await start_delivery(client.temporal, record.delivery, replay=True)
        return see_other(f"{meeting_path(view.meeting_id)}?done=replay")
