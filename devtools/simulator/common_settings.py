"""Settings that every simulated provider has."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class CommonSettings(BaseSettings):
    """Where it listens, how fast time runs, which faults strike by seed, how large files are."""

    model_config = SettingsConfigDict(frozen=True, use_attribute_docstrings=True)

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=0, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    public_url: str | None = None
    """Base of signed media URLs; by default the address that is listened on."""
    speed: float = Field(default=1.0, gt=0)
    """How much faster than life time runs: at 60 a simulated minute takes one real second."""

    fault_seed: int = 0
    """Decides which faults strike whom: the same seed gives the same faults again."""
    fault_share: float = Field(default=0, ge=0, le=1)
    """Share of all requests, downloads and deliveries that suffer a fault of any kind; 0 is none."""

    recording_size: int = Field(default=1_000_000, ge=0)
    """Bytes of a recording whose script does not say otherwise."""

    def real(self, simulated: float) -> float:
        """Real seconds that this many simulated seconds take."""
        return simulated / self.speed
