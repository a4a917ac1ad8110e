"""The settings of the HTTP API and of outgoing webhooks; a part of `minutekeeper.config.Settings`."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

Port = Annotated[int, Field(ge=0, le=65535)]


class WebSettings(BaseSettings):
    """Where `minutekeeper web` listens, and what it reads."""

    minutekeeper_web_host: str = Field("127.0.0.1", description="The address on which the HTTP API listens.")
    minutekeeper_web_port: Port = Field(8092, description="The port on which the HTTP API listens.")
    minutekeeper_api_keys: str = Field(".minutekeeper/api-keys.json", description="The file of the API's keys.")
