"""The settings of the HTTP API, of the pages and of outgoing webhooks; a part of `minutekeeper.config.Settings`."""

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

LEAST_WEBHOOK_SECRET_CHARACTERS = 32

_LOOPBACK = r"http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?"
_ORIGIN = re.compile(rf"https://[a-z0-9.-]+(:[0-9]{{1,5}})?|{_LOOPBACK}")
_ISSUER = re.compile(rf"(https://[A-Za-z0-9.-]+(:[0-9]{{1,5}})?|{_LOOPBACK})(/[^\s?#]*)?")
_HEADER = "^[A-Za-z0-9-]*$"
Port = Annotated[int, Field(ge=0, le=65535)]


class FileDelivery(StrEnum):
    """How files of a bucket are sent."""

    LINK = "link"
    THROUGH = "through"


class WebSettings(BaseSettings):
    """Where `minutekeeper web` listens, what it reads, and how events are delivered to endpoints."""

    minutekeeper_web_host: str = Field("127.0.0.1", description="The address on which API and pages listen.")
    minutekeeper_web_port: Port = Field(8092, description="The port on which API and pages listen.")
    minutekeeper_web_metrics_address: str = Field(
        "",
        description="`address:port` for Prometheus metrics of API and pages, apart from their port; empty: none.",
    )
    minutekeeper_web_files: FileDelivery = Field(
        FileDelivery.LINK,
        description="How files of a bucket are sent: `link` redirects to a link of the bucket that is good for 15 "
        "minutes, `through` sends them through the API, for callers that cannot reach the bucket.",
    )
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
    minutekeeper_oidc_issuer: str = Field(
        "",
        description="Issuer of the OpenID provider with whose accounts people sign in to the pages; empty: none.",
    )
    minutekeeper_oidc_client_id: str = Field("", description="Client id of the pages at the OpenID provider.")
    minutekeeper_oidc_client_secret: SecretStr = Field(
        SecretStr(""), description="Client secret of the pages at the OpenID provider."
    )
    minutekeeper_oidc_roles_claim: str = Field(
        "roles",
        min_length=1,
        description="Claim with the roles `look`, `watch`, `steer`, `admin`; dots lead into objects.",
    )
    minutekeeper_proxy_user_header: str = Field(
        "",
        pattern=_HEADER,
        description="Header in which a proxy names the visitor of the pages; empty: no proxy does. It wins over "
        "a sign-in.",
    )
    minutekeeper_proxy_roles_header: str = Field(
        "", pattern=_HEADER, description="Header in which that proxy lists the visitor's roles, with commas."
    )
    minutekeeper_trusted_proxies: str = Field(
        "",
        description="Addresses or networks of the proxies that may send these headers, with commas; from any other "
        "address such a request is refused.",
    )

    @field_validator("minutekeeper_web_public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        origin = value.rstrip("/").lower()
        if origin and not _ORIGIN.fullmatch(origin):
            raise ValueError("must be an address without a path, such as https://minutes.example.com")
        return origin

    @field_validator("minutekeeper_oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str) -> str:
        if value and not _ISSUER.fullmatch(value):
            raise ValueError(
                "must be the issuer exactly as the provider spells it, such as https://login.example.com"
            )
        return value

    @field_validator("minutekeeper_trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for each in filter(None, value.split(",")):
            try:
                ip_network(each.strip())
            except ValueError:
                raise ValueError(
                    f"{each.strip()!r} is neither an address nor a network, such as 10.0.0.5 or 10.0.0.0/24"
                ) from None
        return value

    @property
    def trusted_proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(
            ip_network(each.strip()) for each in self.minutekeeper_trusted_proxies.split(",") if each.strip()
        )
