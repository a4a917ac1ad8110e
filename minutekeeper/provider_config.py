"""The settings of the accounts at meeting-bot providers; a part of `minutekeeper.config.Settings`."""

from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from minutekeeper.meetings.dispatch_timing import (
    LONGEST_AHEAD,
    LONGEST_SPREAD,
    AccountPace,
    DispatchTiming,
    longest_of,
)
from minutekeeper.meetings.provider_names import PROVIDER_NAMES
from minutekeeper.providers.webhook_signatures import check_webhook_secret


def _signing_secret(value: SecretStr) -> SecretStr:
    check_webhook_secret(value.get_secret_value())
    return value


WebhookSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


_SPARE = 1.1
"""Meetings of a rush wake up a little more slowly than their provider could take them."""


class _Account(NamedTuple):
    """The fields of the settings for one provider; the webhook secret is empty where the key itself signs."""

    key: str
    webhook_secret: str
    address: str
    per_second: str
    lead_seconds: float
    """How long before the start its bots have to be asked for, to come on time and from reserved machines."""
    is_called_at_once: bool
    """Whether it is called when the meeting has woken up, at no instant of its own, because it keeps the timer."""


_ACCOUNTS = {
    "meetingbaas": _Account(
        "meetingbaas_api_key",
        "",
        "meetingbaas_base_url",
        "minutekeeper_requests_per_second",
        lead_seconds=240,
        is_called_at_once=False,
    ),
    "meetingbaas-v2": _Account(
        "meetingbaas_v2_api_key",
        "meetingbaas_v2_webhook_secret",
        "meetingbaas_v2_base_url",
        "meetingbaas_v2_requests_per_second",
        lead_seconds=300,
        is_called_at_once=True,
    ),
    "recall": _Account(
        "recall_api_key",
        "recall_webhook_secret",
        "recall_region",
        "recall_requests_per_second",
        lead_seconds=1200,
        is_called_at_once=False,
    ),
}


@dataclass(frozen=True)
class ProviderAccount:
    """What the settings say of one provider; the last three are the names of variables."""

    name: str
    is_set_up: bool
    address: str
    webhook_secret: str = field(repr=False)
    per_second: float
    lead_seconds: float
    is_called_at_once: bool
    key_variable: str
    webhook_secret_variable: str
    address_variable: str


class ProviderSettings(BaseSettings):
    """Keys, addresses, secrets and limits of each provider, and the order in which they are preferred."""

    meetingbaas_api_key: SecretStr = Field(SecretStr(""), description="API key of the Meeting BaaS account.")
    meetingbaas_base_url: str = Field(
        "https://api.meetingbaas.com", description="Base URL of the Meeting BaaS API."
    )
    meetingbaas_api_key_previous: SecretStr = Field(
        SecretStr(""), description="The key before the last rotation, still accepted in webhooks."
    )
    meetingbaas_v2_api_key: SecretStr = Field(SecretStr(""), description="API key for version 2 of Meeting BaaS.")
    meetingbaas_v2_base_url: str = Field(
        "https://api.meetingbaas.com", description="Base URL of version 2 of the Meeting BaaS API, without `/v2`."
    )
    meetingbaas_v2_webhook_secret: WebhookSecret = Field(
        SecretStr(""), description="Signing secret (`whsec_…`) of the account's webhook endpoint for version 2."
    )
    meetingbaas_v2_webhook_secret_previous: WebhookSecret = Field(
        SecretStr(""), description="The signing secret before the last rotation, still accepted."
    )
    recall_api_key: SecretStr = Field(SecretStr(""), description="API key of the Recall.ai workspace.")
    recall_region: str = Field(
        "us-west-2",
        pattern="^[a-z0-9-]+$",
        description="Region of the Recall.ai workspace: `us-west-2`, `us-east-1`, `eu-central-1` or "
        "`ap-northeast-1`.",
    )
    recall_base_url: str = Field(
        "", description="Base URL of the Recall.ai API, without `/api`; empty: that of the region."
    )
    recall_webhook_secret: WebhookSecret = Field(
        SecretStr(""), description="Signing secret (`whsec_…`) of the Recall.ai workspace for webhooks."
    )
    recall_webhook_secret_previous: WebhookSecret = Field(
        SecretStr(""), description="The signing secret before the last rotation, still accepted."
    )
    recall_transcriber: str = Field(
        "recallai_streaming",
        pattern="^(recallai_streaming|meeting_captions)$",
        description="Where Recall.ai takes transcripts from: `recallai_streaming`, its own transcription, which is "
        "billed apart; `meeting_captions`, the captions of the meeting service.",
    )
    recall_retention_hours: int = Field(
        168, ge=1, description="Hours after which Recall.ai deletes its copies of recordings."
    )
    meetingbaas_v2_requests_per_second: float = Field(
        5.0,
        gt=0,
        le=1000,
        description="Requests that the plan allows at version 2 of Meeting BaaS. A lower limit is detected.",
    )
    recall_requests_per_second: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="Bots that the Recall.ai workspace may create each second: 60 a minute unless it was raised.",
    )
    minutekeeper_requests_per_second: float = Field(
        20.0,
        ge=0,
        le=1000,
        description="Requests that the account's plan allows: 2 to 20; 0: no limit. A lower limit is detected from "
        "rejected requests.",
    )
    minutekeeper_largest_rush: int = Field(
        1000,
        ge=1,
        description="Meetings at one instant for which bookings made here wake up early enough, so that half of "
        "their bots are sent before the instant at that limit.",
    )
    minutekeeper_dispatch_lead_seconds: float = Field(
        20.0,
        ge=2,
        le=600,
        description="Lead before the dispatch time at which a worker picks up the dispatch activity of a meeting "
        "booked here.",
    )
    minutekeeper_dispatch_jitter_seconds: float = Field(
        40.0,
        ge=0,
        le=600,
        description="Span before that lead over which meetings at one instant, booked here, wake up.",
    )
    minutekeeper_providers: str = Field(
        "",
        description="Providers that bots are sent by, in the order of preference, separated by commas: "
        "`meetingbaas`, `meetingbaas-v2`, `recall`. Empty: all that have a key, in this order.",
    )
    minutekeeper_calendar_provider: str = Field(
        "",
        description="Provider at which calendars are connected if none is named: `meetingbaas`, "
        "`meetingbaas-v2` or `recall`. Empty: the first of these that has a key.",
    )

    @field_validator(
        "meetingbaas_v2_webhook_secret",
        "meetingbaas_v2_webhook_secret_previous",
        "recall_webhook_secret",
        "recall_webhook_secret_previous",
    )
    @classmethod
    def _is_no_key(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        keys = [info.data.get(account.key) for account in _ACCOUNTS.values()]
        if secret.get_secret_value().strip() and secret in keys:
            raise ValueError("it is an API key; copy the signing secret, which begins with whsec_, instead")
        return secret

    def provider_account(self, name: str) -> ProviderAccount:
        """What is set for a provider. Raises KeyError for an unknown name."""
        fields = _ACCOUNTS[name]
        return ProviderAccount(
            name=name,
            is_set_up=self._is_set(fields.key),
            address=self._address(name),
            webhook_secret=self._text(fields.webhook_secret),
            per_second=getattr(self, fields.per_second),
            lead_seconds=fields.lead_seconds,
            is_called_at_once=fields.is_called_at_once,
            key_variable=fields.key.upper(),
            webhook_secret_variable=fields.webhook_secret.upper(),
            address_variable=fields.address.upper(),
        )

    @property
    def configured_providers(self) -> tuple[str, ...]:
        """The names of the providers that have a key, those that bots may come from first."""
        preferred = self.preferred_providers
        others = (name for name in PROVIDER_NAMES if self._is_set(_ACCOUNTS[name].key) and name not in preferred)
        return (*preferred, *others)

    @property
    def named_providers(self) -> tuple[str, ...]:
        """The names in MINUTEKEEPER_PROVIDERS, as they are."""
        return tuple(dict.fromkeys(filter(None, (each.strip() for each in self.minutekeeper_providers.split(",")))))

    @property
    def preferred_providers(self) -> tuple[str, ...]:
        """The names of the providers that new bots may come from, in the order of preference."""
        known = [name for name in self.named_providers or PROVIDER_NAMES if name in _ACCOUNTS]
        return tuple(name for name in known if self._is_set(_ACCOUNTS[name].key))

    @property
    def wake_up(self) -> DispatchTiming:
        """When meetings wake up that are booked here: early enough for every provider that may send the bot.

        What only books needs no keys, so that the names in MINUTEKEEPER_PROVIDERS count here without them.
        """
        paces = self.account_paces
        named = [name for name in self.named_providers if name in paces]
        names = self.preferred_providers or named or PROVIDER_NAMES[:1]
        return longest_of([paces[name].timing for name in names])

    @property
    def account_paces(self) -> dict[str, AccountPace]:
        """When each provider wants its requests, and how many, by its name."""
        return {name: self._pace(self.provider_account(name)) for name in PROVIDER_NAMES}

    def _pace(self, account: ProviderAccount) -> AccountPace:
        """Bots for one instant go around the provider's own instant, or as their meetings wake up one by one."""
        rush = self.minutekeeper_largest_rush / account.per_second if account.per_second else 0.0
        lead, spread = self.minutekeeper_dispatch_lead_seconds, self.minutekeeper_dispatch_jitter_seconds
        ahead = lead if account.is_called_at_once else min(lead + rush / 2, LONGEST_AHEAD)
        if account.is_called_at_once:
            spread = min(max(spread, _SPARE * rush), LONGEST_SPREAD)
        timing = DispatchTiming(lead=account.lead_seconds, ahead=ahead, spread=spread)
        return AccountPace(timing=timing, per_second=account.per_second)

    def _address(self, name: str) -> str:
        address: str = getattr(self, _ACCOUNTS[name].address)
        return self.recall_base_url or f"the region {address}" if name == "recall" else address

    def _text(self, field: str) -> str:
        text: str = getattr(self, field).get_secret_value().strip() if field else ""
        return text

    def _is_set(self, field: str) -> bool:
        return bool(self._text(field))
