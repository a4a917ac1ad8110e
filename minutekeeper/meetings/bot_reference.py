"""What identifies a bot: its id at its provider."""

from pydantic import BaseModel, ConfigDict


class BotReference(BaseModel):
    """A bot, by its provider's name and its id there. An empty `provider` is the worker's default."""

    model_config = ConfigDict(frozen=True)

    bot_id: str
    provider: str = ""
