"""The settings of the HTTP API, of the pages and of outgoing webhooks; a part of `minutekeeper.config.Settings`."""

import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

LEAST_WEBHOOK_SECRET_CHARACTERS = 32

_ORIGIN = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
Port = Annotated[int, Field(ge=0, le=65535)]


class WebSettings(BaseSettings):
    """Where `minutekeeper web` listens, what it reads, and how events are delivered to endpoints."""

    minutekeeper_web_host: str = Field("127.0.0.1", description="The address on which API and pages listen.")
    minutekeeper_web_port: Port = Field(8092, description="The port on which API and pages listen.")
    minutekeeper_search_index: str = Field(
        ".minutekeeper/search.sqlite3",
        description="The file of the search index, on a local disk. It is made from the artifact store.",
    )
    minutekeeper_api_keys: str = Field(".minutekeeper/api-keys.json", description="The file of the API's keys.")
    minutekeeper_webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="The secrets of the endpoints of outgoing events are derived from it: at least 32 random "
        "characters. Another one changes all of them.",
    )
    minutekeeper_webhook_private_addresses: bool = Field(
        default=False,
        description="Also deliver events by http, and to loopback, private and link-local addresses, for receivers "
        "in your network.",
    )

    @field_validator("minutekeeper_webhook_secret")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        if text and len(text) < LEAST_WEBHOOK_SECRET_CHARACTERS:
            raise ValueError(
                f"must have at least {LEAST_WEBHOOK_SECRET_CHARACTERS} characters; `openssl rand -hex 32` makes one"
            )
        return SecretStr(text)

    minutekeeper_web_public_url: str = Field(
        "",
        description="Address at which browsers reach the pages: `https://host`; `http://` on loopback only. Empty: "
        "they are served on loopback.",
    )

    @field_validator("minutekeeper_web_public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        origin = value.rstrip("/").lower()
        if origin and not _ORIGIN.fullmatch(origin):
            raise ValueError("must be an address without a path, such as https://minutes.example.com")
        return origin
