"""Identifies a bot by its provider and its id there."""

from pydantic import BaseModel, ConfigDict


class BotReference(BaseModel):
    """A bot. An empty `provider` is the worker's default."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
