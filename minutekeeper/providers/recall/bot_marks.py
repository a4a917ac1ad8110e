"""The marks of our bots in the provider's `metadata`, by which their webhooks and searches lead back to us.

It is a flat map of short texts. Others of the same workspace can write there, too, so the marks are signed, and
unsigned ones count as absent.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from minutekeeper.providers.fields import parse_time
from minutekeeper.signing import Purpose, signer

KEY = "mk_key"
"""The field that a search by our key filters by."""

_MAX_VALUE = 500
"""Characters that a value may have over there; longer ones go on in further fields."""
_MAX_PARTS = 5
_PREFIX = "mk_"
_FIELDS = ("key", "dispatch", "workflow_id", "run", "sent_at", "meeting_url")
_ODD_CHARACTERS = re.compile(r"[^a-z0-9_]")
_LOCAL_URL = re.compile(
    r"[a-z][a-z0-9+.-]*://([^/\s@]*@)?(localhost\b|\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:])", re.IGNORECASE
)


class BotMarks(BaseModel):
    """What a bot of ours is marked with; all fields are empty for one that is not ours."""

    model_config = ConfigDict(frozen=True)

    key: str = ""
    dispatch: int | None = None
    workflow_id: str = ""
    run: str = ""
    sent_at: datetime | None = None
    """When the bot was first to be asked for, by our clock: the provider does not say when a bot was created."""
    meeting_url: str = ""
    """The link as we know it: the provider takes it apart, and forgets it some days after the call."""

    def to_wire(self, secrets: Sequence[str]) -> dict[str, str]:
        """The first secret signs. Raises ValueError without one."""
        if not secrets:
            raise ValueError("the metadata of a bot cannot be signed without a secret")
        return _in_parts(self._texts() | {"signature": self.signature(secrets[0])})

    def signature(self, secret: str) -> str:
        text = json.dumps(list(self._texts().items()))
        return signer(Purpose.BOT_METADATA, [secret]).get_signature(text).decode()

    def _texts(self) -> dict[str, str]:
        return {
            "key": self.key,
            "dispatch": "" if self.dispatch is None else str(self.dispatch),
            "workflow_id": self.workflow_id,
            "run": self.run,
            "sent_at": self.sent_at.astimezone(UTC).isoformat() if self.sent_at else "",
            "meeting_url": self.meeting_url,
        }


class ReceivedBotMarks(BaseModel):
    """Parses the `metadata` of any bot."""

    model_config = ConfigDict(frozen=True)

    claimed: BotMarks = BotMarks()
    signature: str = Field("", repr=False)

    def verified(self, secrets: Sequence[str]) -> BotMarks:
        """The marks if one of the secrets signed them; empty otherwise."""
        if not self.claimed.key:
            return BotMarks()
        given = self.signature.encode("utf-8", "surrogatepass")
        matches = [hmac.compare_digest(given, self.claimed.signature(secret).encode()) for secret in secrets]
        return self.claimed if any(matches) else BotMarks()


def caller_marks(metadata: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The caller's own data, and what had to be left out of it, as sentences for people.

    Its names are none of ours and have only letters, digits and underscores; those that are the same in this form
    are numbered. Requests with a URL of an IP address or localhost are refused as a whole over there.
    """
    marks: dict[str, str] = {}
    notes = []
    for key, value in metadata.items():
        if _LOCAL_URL.search(value):
            notes.append(
                f"Recall.ai takes no URLs of IP addresses or localhost, so the metadata {key!r} was left out."
            )
        elif value:
            plain = f"meta_{_ODD_CHARACTERS.sub('_', key)}"
            names = (plain, *(f"{plain}_{number}" for number in range(2, len(metadata) + 2)))
            marks[next(name for name in names if name not in marks)] = value
    return marks, tuple(notes)


def _in_parts(texts: Mapping[str, str]) -> dict[str, str]:
    """The fields, each cut into as many as its length needs; empty ones are left out."""
    parts = {}
    for name, text in texts.items():
        for number in range(-(-len(text) // _MAX_VALUE)):
            piece = text[number * _MAX_VALUE : (number + 1) * _MAX_VALUE]
            parts[_PREFIX + name + (f"_{number + 1}" if number else "")] = piece
    return parts


def _joined(metadata: Mapping[str, Any], name: str) -> str:
    found = []
    for number in range(_MAX_PARTS):
        piece = metadata.get(_PREFIX + name + (f"_{number + 1}" if number else ""))
        if not isinstance(piece, str) or len(piece) > _MAX_VALUE:
            break
        found.append(piece)
    return "".join(found)


def _from_wire(value: Any) -> ReceivedBotMarks:
    if not isinstance(value, dict):
        return ReceivedBotMarks()
    texts = {name: _joined(value, name) for name in (*_FIELDS, "signature")}
    dispatch = texts["dispatch"]
    is_number = dispatch.isascii() and dispatch.isdecimal() and len(dispatch) < 10
    claimed = BotMarks(
        key=texts["key"],
        dispatch=int(dispatch) if is_number else None,
        workflow_id=texts["workflow_id"],
        run=texts["run"],
        sent_at=parse_time(texts["sent_at"]),
        meeting_url=texts["meeting_url"],
    )
    return ReceivedBotMarks(claimed=claimed, signature=texts["signature"])


MetadataField = Annotated[ReceivedBotMarks, BeforeValidator(_from_wire)]
