"""How often each endpoint may be called in a minute."""

import math
from collections import defaultdict

from aiohttp import web

from devtools.simulator.rate_limit import RateLimit
from devtools.simulator.recall.settings import RecallSettings

_EVENT_BOT = "/api/v2/calendar-events/{id}/bot"
_TRANSCRIBE = "/api/v1/recording/{id}/create_transcript"
_OF_CALENDAR_USERS = ("/api/v1/calendar/user", "/api/v1/calendar/meetings")
_LISTS = frozenset({"/api/v2/calendars", "/api/v2/calendar-events", "/api/v1/calendar/users"})


class Limits:
    """A sliding window for each endpoint of the workspace.

    Transcripts are counted for each recording's bot, calls of Calendar V1 for each user's token.
    """

    def __init__(self, settings: RecallSettings) -> None:
        self._settings = settings
        self._windows: dict[tuple[str, str, str], RateLimit] = {}
        self.refused: defaultdict[str, int] = defaultdict(int)

    def take(self, request: web.Request, caller: str) -> float | None:
        """Count the call: None if it may be made, else the real seconds until it may."""
        resource = request.match_info.route.resource
        if resource is None:
            return None
        path = resource.canonical.rstrip("/")
        most = self._most(request.method, path)
        key = (request.method, path, caller)
        window = self._windows.setdefault(key, RateLimit(most, self._settings.rate_window))
        if window.take():
            return None
        self.refused[f"{request.method} {path}/"] += 1
        return float(max(1, math.ceil(window.free_in)))

    def _most(self, method: str, path: str) -> int:
        settings = self._settings
        if (method, path) == ("POST", "/api/v1/bot"):
            return settings.creations_per_minute
        if path == _EVENT_BOT:
            return settings.event_bots_per_minute
        if path == _TRANSCRIBE:
            return settings.transcripts_per_minute
        if path.startswith(_OF_CALENDAR_USERS) and path not in _LISTS:
            return settings.calendar_calls_per_minute
        if method == "GET" and (path in _LISTS or (path.startswith("/api/v1/") and path.count("/") == 3)):
            return settings.lists_per_minute
        return settings.reads_per_minute
