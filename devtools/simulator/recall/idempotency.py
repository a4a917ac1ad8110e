"""Answers that are kept for the same `Idempotency-Key`.

Guesses: the body does not count, so that another one under a known key gets the old answer; what the limits, the
workspace's key or a fault refuse is not kept, since it is refused before.
"""

import time
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from devtools.simulator.recall.errors import coded

_METHODS = frozenset({"POST", "PUT", "PATCH"})


@dataclass
class _Kept:
    """An answer, or None while it is being made; `expires` on the monotonic clock."""

    answer: tuple[int, bytes, dict[str, str]] | None = None
    expires: float = 0


class IdempotencyStore:
    """Keeps answers for `lifetime` real seconds after they were given, a 507 like any other."""

    def __init__(self, lifetime: float) -> None:
        self._lifetime = lifetime
        self._kept: dict[tuple[str, str, str], _Kept] = {}
        self.replayed = 0

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The answer of the handler, or the one that it gave before. Raises 409 while it is at work."""
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method not in _METHODS:
            return await handler(request)
        place = (request.method, request.path.rstrip("/"), key)
        kept = self._kept.get(place)
        if kept and kept.answer and time.monotonic() < kept.expires:
            self.replayed += 1
            status, body, headers = kept.answer
            return web.Response(status=status, body=body, headers=headers)
        if kept and kept.answer is None:
            raise coded(409, "conflict", "A request with this idempotency key is still being processed.")
        kept = self._kept[place] = _Kept()
        try:
            response = await handler(request)
        except BaseException:
            del self._kept[place]
            raise
        content = response.body if isinstance(response, web.Response) else None
        headers = {
            name: response.headers[name] for name in ("Content-Type", "Retry-After") if name in response.headers
        }
        kept.answer = (response.status, content if isinstance(content, bytes) else b"", headers)
        kept.expires = time.monotonic() + self._lifetime
        return response
