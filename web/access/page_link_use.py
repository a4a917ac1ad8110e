"""Lets a page link be used once, whichever process and whatever restart comes between."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from minutekeeper.page_links import read_page_link
from minutekeeper.storage.layout import used_page_link_path
from minutekeeper.storage.store import ArtifactStore
from web.access.roles import Role
from web.access.visitor import Visitor
from web.page_error import PageError

_AGAIN = "`minutekeeper page-link` makes another one."


class PageLinks:
    """Marks used links in the store, where only the first of several uses gets to write the mark."""

    def __init__(self, secrets: Sequence[str], opened: Callable[[], Awaitable[ArtifactStore]]) -> None:
        self._secrets = secrets
        self._opened = opened

    def check(self, token: str) -> str:
        """The id of a link that is valid, used or not. Raises PageError."""
        link = read_page_link(self._secrets, token)
        if link is None:
            raise PageError(403, "This link is not genuine", "It was changed or cut off on its way.", _AGAIN)
        if not link.is_valid(datetime.now(UTC)):
            raise PageError(410, "This link has expired", "A link is valid for ten minutes.", _AGAIN)
        return link.link_id

    async def use(self, token: str) -> Visitor:
        """The visitor of a link that was not used before. Raises PageError, or StoreError."""
        link_id = self.check(token)
        store = await self._opened()
        if not await store.create(used_page_link_path(link_id), secrets.token_bytes(16)):
            raise PageError(410, "This link was used already", "A link signs in once.", _AGAIN)
        return Visitor(name="page link", role=Role.ADMIN)
