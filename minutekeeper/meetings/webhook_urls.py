"""The address that each bot reports to: it names the workflow and the dispatch, and proves that we made it."""

import hmac
from collections.abc import Iterable
from urllib.parse import quote

from minutekeeper.signing import Purpose, signer

BOT_WEBHOOK_ROUTE = "/webhooks/meetingbaas/{workflow_id}/{dispatch}/{token}"
"""`dispatch` counts the bots of a meeting, so an event finds its bot whatever form its id takes."""

ACCOUNT_WEBHOOK_ROUTE = "/webhooks/meetingbaas"


def bot_webhook_url(public_url: str, secret: str, workflow_id: str, dispatch: int) -> str:
    path = BOT_WEBHOOK_ROUTE.format(
        workflow_id=quote(workflow_id, safe=""),
        dispatch=dispatch,
        token=token_for(workflow_id, dispatch, secret),
    )
    return public_url.rstrip("/") + path


def token_for(workflow_id: str, dispatch: int, secret: str) -> str:
    signature = signer(Purpose.BOT_WEBHOOK, [secret]).get_signature(f"{dispatch} {workflow_id}")
    return signature.decode()


def token_matches(token: str, workflow_id: str, dispatch: int, secrets: Iterable[str]) -> bool:
    """Whether any of the secrets made this token; every one is tried, each in constant time."""
    given = token.encode("utf-8", "surrogatepass")
    matches = [hmac.compare_digest(given, token_for(workflow_id, dispatch, secret).encode()) for secret in secrets]
    return any(matches)
