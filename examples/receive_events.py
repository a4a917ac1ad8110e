"""Receives events of Minutekeeper, verifies their signatures and prints one line for each.

    receive_events.py [--host HOST] [--port PORT]

WEBHOOK_SECRET is the secret of the endpoint (`whsec_…`). Events come with the headers of Standard Webhooks, for
which the library `standardwebhooks` is there in many languages. The same event may come more than once, always with
the same webhook-id.
"""

import argparse
import json
import os
import sys

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

MAX_BODY_BYTES = 64 * 1024


class Receiver:
    """Takes events in. A program with a database would keep the ids there."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._seen: set[str] = set()

    async def receive(self, request: web.Request) -> web.Response:
        # The signature is over the bytes as they came: a body that was parsed and written again may differ.
        body = await request.read()
        try:
            self._webhook.verify(body, dict(request.headers))
            event = json.loads(body)
        except (WebhookVerificationError, ValueError) as error:
            print(f"refused: {error}", file=sys.stderr, flush=True)
            return web.Response(status=401)
        event_id = request.headers["webhook-id"]
        if event_id not in self._seen:
            self._seen.add(event_id)
            meeting = event["data"].get("meeting") or {}
            print(event_id, event["type"], meeting.get("meeting_id", "-"), flush=True)
        # Any status from 200 to 299, within 20 seconds; work that takes longer is done afterwards.
        return web.Response(status=204)


def main() -> None:
    parser = argparse.ArgumentParser(description="Receives events.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    secret = os.environ.get("WEBHOOK_SECRET", "")
    if not secret.startswith("whsec_"):
        sys.exit("WEBHOOK_SECRET must be the secret of the endpoint, which begins with whsec_")
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.router.add_post("/", Receiver(secret).receive)
    web.run_app(app, host=given.host, port=given.port, print=lambda *_: print("listening", flush=True))


if __name__ == "__main__":
    main()
