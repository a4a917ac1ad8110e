"""The address that each bot reports to: it names the workflow and proves that we made it."""

import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote

BOT_WEBHOOK_ROUTE = "/webhooks/meetingbaas/{workflow_id}/{dispatch}/{token}"
"""`dispatch` counts the bots of a meeting, so an event finds its bot whatever form its id takes."""

ACCOUNT_WEBHOOK_ROUTE = "/webhooks/meetingbaas"


def bot_webhook_url(public_url: str, secret: str, workflow_id: str, dispatch: int) -> str:
    path = BOT_WEBHOOK_ROUTE.format(
        workflow_id=quote(workflow_id, safe=""), dispatch=dispatch, token=token_for(workflow_id, secret)
    )
    return public_url.rstrip("/") + path


def token_for(workflow_id: str, secret: str) -> str:
    return hmac.new(secret.encode(), workflow_id.encode(), hashlib.sha256).hexdigest()[:32]


def token_matches(token: str, workflow_id: str, secrets: Iterable[str]) -> bool:
    """Whether any of the secrets made this token; every one is tried, each in constant time."""
    matches = [hmac.compare_digest(token.encode(), token_for(workflow_id, secret).encode()) for secret in secrets]
    return any(matches)
