"""A Meeting BaaS that quotes whatever it was told, keys first, in every answer that holds a text."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

Quote = Callable[[str], str]


class Gossip:
    """`refused` and `invalid` are parts of meeting links that get a 401 and a 422; other bots fail at once."""

    def __init__(self, *, refused: str, invalid: str) -> None:
        self._answers = {refused: 401, invalid: 422}
        self._told: dict[str, dict[str, Any]] = {}
        self._sent_at = datetime.now(UTC)
        self.quoted: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/bots/", self._send_bot)
        app.router.add_get("/bots/meeting_data", self._meeting_data)
        app.router.add_get("/bots/bots_with_metadata", self._list_bots)
        app.router.add_route("*", "/{anything:.*}", self._deny)
        return app

    async def _send_bot(self, request: web.Request) -> web.Response:
        told = await request.json()
        for part, status in self._answers.items():
            if part in told["meeting_url"]:
                return web.Response(status=status, text=self._quote(request, told))
        self._sent_at = datetime.now(UTC)
        bot_id = str(uuid.uuid4())
        self._told[bot_id] = told
        return web.json_response({"bot_id": bot_id})

    async def _meeting_data(self, request: web.Request) -> web.Response:
        told = self._told[request.query["bot_id"]]
        bot = {
            "created_at": self._sent_at.isoformat(),
            "ended_at": self._sent_at.isoformat(),
            "errors": f"BotNotAccepted : {self._quote(request, told)}",
            "speech_to_text_api_key": told["speech_to_text"]["api_key"],
        }
        return web.json_response({"mp4": "", "duration": 0, "bot_data": {"bot": bot, "transcripts": []}})

    async def _list_bots(self, _request: web.Request) -> web.Response:
        return web.json_response({"bots": [], "next_cursor": None})

    async def _deny(self, request: web.Request) -> web.Response:
        return web.Response(status=403, text=self._quote(request, *self._told.values()))

    def _quote(self, request: web.Request, *told: dict[str, Any]) -> str:
        key = request.headers.get("x-meeting-baas-api-key")
        text = f"key {key}, path {request.path}"
        for order in told:
            address = order["webhook_url"]
            text += (
                f", {order['speech_to_text']}, address {address} and "
                f"/{address.partition('://')[2].partition('/')[2]}, told {json.dumps(order)}"
            )
        self.quoted.append(text)
        return text
