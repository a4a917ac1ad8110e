"""The metadata of our bots in the provider's field `extra`, by which their webhooks are routed.

Other products of the same account can write there, too, so it is signed, and unsigned metadata counts as absent.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from minutekeeper.providers.json_decoding import decode_json
from minutekeeper.signing import Purpose, signer

_EVENT_KEY = "mk-calendar-event"

_MAX_LENGTH = 1000
"""In characters: the limit of Temporal's workflow ids."""


class BotMetadata(BaseModel):
    """The parsed metadata; all fields are empty for a bot that is not ours."""

    model_config = ConfigDict(frozen=True)

    dispatch_key: str = ""
    dispatch: int | None = None
    workflow_id: str = ""
    run: str = ""

    def to_wire(self, secrets: Sequence[str]) -> dict[str, str]:
        """Plain strings only, because the provider's filter supports nothing else.

        The first secret signs. Raises ValueError without one.
        """
        if not secrets:
            raise ValueError("the metadata of a bot cannot be signed without a secret")
        return {
            "dispatch_key": self.dispatch_key,
            "dispatch": "" if self.dispatch is None else str(self.dispatch),
            "workflow_id": self.workflow_id,
            "run": self.run,
            "signature": self.signature(secrets[0]),
        }

    def signature(self, secret: str) -> str:
        fields = json.dumps([self.dispatch_key, self.dispatch, self.workflow_id, self.run])
        return signer(Purpose.BOT_METADATA, [secret]).get_signature(fields).decode()


class ReceivedBotMetadata(BaseModel):
    """Parses the `extra` of any bot."""

    model_config = ConfigDict(frozen=True)

    claimed: BotMetadata = BotMetadata()
    signature: str = Field("", repr=False)

    def verified(self, secrets: Sequence[str]) -> BotMetadata:
        """The metadata if one of the secrets signed it; empty otherwise."""
        if not self.claimed.dispatch_key:
            return BotMetadata()
        given = self.signature.encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(given, self.claimed.signature(secret).encode()) for secret in secrets]
        return self.claimed if any(matches) else BotMetadata()


def caller_metadata_to_wire(metadata: Mapping[str, str]) -> dict[str, str]:
    """The caller's own data, under names that are none of ours; the account's own tools can filter by them."""
    return {f"meta_{key}": value for key, value in metadata.items()}


def event_extra(secrets: Sequence[str]) -> dict[str, str]:
    """The metadata of bots that the provider sends to events for us; the same for all occurrences of a series."""
    return BotMetadata(dispatch_key=_EVENT_KEY).to_wire(secrets)


def _from_wire(value: Any) -> ReceivedBotMetadata:
    if isinstance(value, str):
        try:
            value = decode_json(value.encode("utf-8", "replace"))
        except ValueError:
            return ReceivedBotMetadata()
    if not isinstance(value, dict):
        return ReceivedBotMetadata()
    texts = {name: item for name, item in value.items() if isinstance(item, str) and len(item) <= _MAX_LENGTH}
    claimed = BotMetadata(
        dispatch_key=texts.get("dispatch_key", ""),
        dispatch=_counter(value.get("dispatch")),
        workflow_id=texts.get("workflow_id", ""),
        run=texts.get("run", ""),
    )
    return ReceivedBotMetadata(claimed=claimed, signature=texts.get("signature", ""))


def _counter(value: Any) -> int | None:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


ExtraField = Annotated[ReceivedBotMetadata, BeforeValidator(_from_wire)]
