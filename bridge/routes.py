"""The addresses of the bridge that are reached from outside."""

from aiohttp import web

from bridge.tokens import confirm_address
from bridge.views import healthz, readyz, receive_account_webhook, receive_bot_webhook
from meetings.webhook_address import ACCOUNT_WEBHOOK_ROUTE, BOT_WEBHOOK_ROUTE

# A workflow may be called anything; by itself the router takes no braces.
_NUMBERED = BOT_WEBHOOK_ROUTE.replace("{dispatch}", "{dispatch:[0-9]{1,9}}").replace(
    "{workflow_id}", "{workflow_id:[^/]+}"
)


def setup_routes(app: web.Application) -> None:
    app.router.add_post(ACCOUNT_WEBHOOK_ROUTE, receive_account_webhook)
    app.router.add_post(_NUMBERED, receive_bot_webhook)
    app.router.add_get(_NUMBERED, confirm_address)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
