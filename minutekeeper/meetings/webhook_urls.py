"""The address that each bot reports to: it names provider, workflow and dispatch, and proves that we made it."""

import hmac
from collections.abc import Iterable
from urllib.parse import quote

from minutekeeper.signing import Purpose, signer

BOT_WEBHOOK_ROUTE = "/webhooks/{provider}/{workflow_id}/{dispatch}/{token}"
"""`dispatch` counts the bots of a meeting, so an event finds its bot whatever form its id takes."""

ACCOUNT_WEBHOOK_ROUTE = "/webhooks/{provider}"


def bot_webhook_url(public_url: str, secret: str, provider: str, workflow_id: str, dispatch: int) -> str:
    path = BOT_WEBHOOK_ROUTE.format(
        provider=provider,
        workflow_id=quote(workflow_id, safe=""),
        dispatch=dispatch,
        token=token_for(provider, workflow_id, dispatch, secret),
    )
    return public_url.rstrip("/") + path


def account_webhook_path(provider: str) -> str:
    """Where the webhooks of a provider's whole account arrive, below the bridge's public URL."""
    return ACCOUNT_WEBHOOK_ROUTE.format(provider=provider)


def token_for(provider: str, workflow_id: str, dispatch: int, secret: str) -> str:
    signature = signer(Purpose.BOT_WEBHOOK, [secret]).get_signature(f"{provider} {dispatch} {workflow_id}")
    return signature.decode()


def token_matches(token: str, provider: str, workflow_id: str, dispatch: int, secrets: Iterable[str]) -> bool:
    """Whether any of the secrets made this token; every one is tried, each in constant time."""
    given = token.encode("utf-8", "surrogatepass")
    expected = [token_for(provider, workflow_id, dispatch, secret).encode() for secret in secrets]
    matches = [hmac.compare_digest(given, each) for each in expected]
    return any(matches)
