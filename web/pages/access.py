"""Puts together what the settings say about access to the pages."""

from collections.abc import Awaitable, Callable
from secrets import token_urlsafe

from minutekeeper.config import Settings, signing_secrets
from minutekeeper.storage.store import ArtifactStore
from web.access.gate import PageGate
from web.access.openid import OpenIdClient, OpenIdSignIn
from web.access.openid_provider import OpenIdProvider
from web.access.page_link_use import PageLinks
from web.access.pending_sign_ins import PendingSignIns
from web.access.public_address import PublicAddress
from web.access.sessions import FormTokens, PageCookies, PageSessions
from web.access.trusted_proxy import TrustedProxy
from web.pages.sign_in import SignInPages


class PageAccess:
    """The gate of all pages, and the pages on which visitors sign in and out."""

    def __init__(self, settings: Settings, opened: Callable[[], Awaitable[ArtifactStore]]) -> None:
        # Without BRIDGE_SECRET nothing can be signed for longer than this process runs, and no link can be made.
        secrets = signing_secrets(settings) or [token_urlsafe(32)]
        address = PublicAddress(settings.minutekeeper_web_public_url)
        cookies = PageCookies(is_secure=address.is_secure())
        sessions = PageSessions(secrets, cookies)
        proxy = _proxy(settings)
        self.gate = PageGate(address, sessions, FormTokens(secrets), proxy)
        self.pages = SignInPages(
            address=address,
            sessions=sessions,
            links=PageLinks(secrets, opened),
            openid=_openid(settings),
            pending=PendingSignIns(secrets, cookies),
            has_proxy=proxy is not None,
        )


def _proxy(settings: Settings) -> TrustedProxy | None:
    if not settings.minutekeeper_proxy_user_header:
        return None
    return TrustedProxy(
        settings.minutekeeper_proxy_user_header,
        settings.minutekeeper_proxy_roles_header,
        settings.trusted_proxies,
    )


def _openid(settings: Settings) -> OpenIdSignIn | None:
    if not settings.minutekeeper_oidc_issuer:
        return None
    client = OpenIdClient(
        settings.minutekeeper_oidc_client_id,
        settings.minutekeeper_oidc_client_secret,
        settings.minutekeeper_oidc_roles_claim,
    )
    return OpenIdSignIn(OpenIdProvider(settings.minutekeeper_oidc_issuer), client)
