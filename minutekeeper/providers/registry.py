"""The meeting-bot providers of one process, by name."""

from collections.abc import Iterator, Sequence

from minutekeeper.providers.base import Provider, UnknownProviderError


class Providers:
    """The providers that a process is set up for.

    Args:
        preferred: The names of those that new bots may come from, the first one being the default for what names
            none; others only serve the bots that they have sent. Empty: all of them.
    """

    def __init__(self, providers: Sequence[Provider], preferred: Sequence[str] = ()) -> None:
        self._by_name = {provider.name: provider for provider in providers}
        self.preferred = tuple(preferred or self._by_name)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._by_name.values())

    def get(self, name: str = "") -> Provider:
        """The provider of this name, the default if it is empty. Raises UnknownProviderError."""
        provider = self.find(name or self.preferred[0])
        if provider is None:
            known = ", ".join(sorted(self._by_name))
            raise UnknownProviderError(f"bot.provider: {name!r} is not set up here; there are: {known}")
        return provider

    def find(self, name: str) -> Provider | None:
        """The provider of exactly this name."""
        return self._by_name.get(name)

    async def aclose(self) -> None:
        """Closes the connections of all of them."""
        for provider in self:
            await provider.aclose()
