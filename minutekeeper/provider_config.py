"""The settings of the accounts at meeting-bot providers; a part of `minutekeeper.config.Settings`."""

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from minutekeeper.providers.webhook_signatures import check_webhook_secret


def _signing_secret(value: SecretStr) -> SecretStr:
    check_webhook_secret(value.get_secret_value())
    return value


WebhookSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class ProviderSettings(BaseSettings):
    """Keys, addresses and secrets of each provider, and the order in which they are preferred."""

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
