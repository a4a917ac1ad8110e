"""Signatures of webhooks: what is accepted, and that nothing makes the check raise."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from minutekeeper.config import Settings
from minutekeeper.providers import webhook_signatures
from minutekeeper.providers.webhook_signatures import WebhookSignatures

SECRET = "whsec_dGVzdC1rZXktbWF0ZXJpYWwtMzItYnl0ZXMtb2shIQ=="
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"event":"bot.completed","data":{"name":"Zoë"}}'.encode()
VECTORS = Path(__file__).resolve().parents[3] / "shared/samples/recall/signatures/vectors.json"


def signed(
    body: bytes = BODY, *, secret: str = SECRET, family: str = "svix", age: timedelta = timedelta()
) -> dict[str, str]:
    at = datetime.now(UTC) - age
    return {
        f"{family}-id": "msg_1",
        f"{family}-timestamp": str(int(at.timestamp())),
        f"{family}-signature": Webhook(secret).sign("msg_1", at, body.decode()),
    }


@pytest.mark.parametrize("family", ["svix", "webhook", "Webhook", "SVIX"])
def test_either_family_of_headers_is_accepted(family: str) -> None:
    signatures = WebhookSignatures([SECRET])
    headers = signed(family=family)
    assert signatures.may_accept(headers)
    assert signatures.accepts(headers, BODY)
    assert signatures.signed_id(headers, BODY) == "msg_1"


def test_two_secrets_are_accepted_at_a_time() -> None:
    signatures = WebhookSignatures([SECRET, "", OTHER])
    assert signatures.accepts(signed(secret=SECRET), BODY)
    assert signatures.accepts(signed(secret=OTHER), BODY)
    assert not WebhookSignatures([OTHER]).accepts(signed(secret=SECRET), BODY)


def test_one_good_signature_among_others_is_enough() -> None:
    headers = signed()
    good = headers["svix-signature"]
    for signature in (f"v1a,xyz {good}", f"garbage {good}", f"v1,{'A' * 43}= {good}", f"v1 v1, ,, {good}"):
        assert WebhookSignatures([SECRET]).accepts(headers | {"svix-signature": signature}, BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"svix-id": "msg_2"},
        {"svix-id": ""},
        {"svix-timestamp": "0"},
        {"svix-timestamp": "soon"},
        {"svix-timestamp": "nan"},
        {"svix-signature": "v1"},
        {"svix-signature": f"v1,{'A' * 43}="},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    assert not WebhookSignatures([SECRET]).accepts(signed() | change, BODY)


def test_a_changed_body_is_refused() -> None:
    signatures = WebhookSignatures([SECRET])
    assert not signatures.accepts(signed(), BODY + b" ")
    assert not signatures.accepts(signed(), b"\xff\xfe")
    assert not signatures.accepts({}, BODY)


def test_headers_of_two_families_do_not_mix() -> None:
    """Because the id of one family would otherwise stand for the signature of the other."""
    headers = signed()
    mixed = {"webhook-id": headers.pop("svix-id"), **headers}
    assert not WebhookSignatures([SECRET]).accepts(mixed, BODY)
    forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,x", **signed()}
    assert WebhookSignatures([SECRET]).signed_id(forged, BODY) == "msg_1"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_not_of_these_minutes_is_refused(minutes: int) -> None:
    headers = signed(age=timedelta(minutes=minutes))
    assert not WebhookSignatures([SECRET]).may_accept(headers)
    assert not WebhookSignatures([SECRET]).accepts(headers, BODY)


def test_a_delay_of_minutes_is_no_harm() -> None:
    assert WebhookSignatures([SECRET]).accepts(signed(age=timedelta(minutes=4, seconds=50)), BODY)


def test_without_a_secret_nothing_is_accepted() -> None:
    assert not WebhookSignatures(["", "  "]).may_accept(signed())
    assert not WebhookSignatures([]).accepts(signed(), BODY)


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda vector: vector["id"])
def test_published_vectors_verify(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime.fromtimestamp(int(vector["timestamp"]), UTC)

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return at.astimezone(tz)

    monkeypatch.setattr(webhook_signatures, "datetime", Then)
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Then)
    names = ("id", "timestamp", "signature")
    for family in ("webhook", "svix"):
        headers = {f"{family}-{name}": vector[name] for name in names}
        assert WebhookSignatures([vector["secret"]]).accepts(headers, vector["body"].encode())
        another = WebhookSignatures(["whsec_YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz"])
        assert not another.accepts(headers, vector["body"].encode())


@given(st.dictionaries(st.sampled_from(sorted(signed())), st.text() | st.just("\ud800")), st.binary())
def test_the_check_never_raises(changes: dict[str, str], body: bytes) -> None:
    signatures = WebhookSignatures([SECRET])
    headers = signed() | changes
    signatures.may_accept(headers)
    assert signatures.accepts(headers, body) in {True, False}
    assert not signatures.accepts(headers, body + b"\xff")


@pytest.mark.parametrize(
    "name", ["MEETINGBAAS_V2_WEBHOOK_SECRET", "RECALL_WEBHOOK_SECRET", "RECALL_WEBHOOK_SECRET_PREVIOUS"]
)
@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_=",
        "whsec_a",
        "key-é",
        "whsec_YW5vdGhlciBzZWNyZXQ=",
        "YW5vdGhlciBzZWNyZXQ=",
        "my secret, long",
    ],
)
def test_a_setting_that_is_no_secret_is_named(name: str, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, secret)
    with pytest.raises(ValueError, match=name.lower()) as refused:
        Settings(_env_file=None)
    assert "whsec_ again" in str(refused.value)


@pytest.mark.parametrize("key", ["0123456789abcdef" * 3, "AnApiKeyOfLettersAlone0123456789"])
def test_an_api_key_is_no_signing_secret(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECALL_API_KEY", key)
    monkeypatch.setenv("RECALL_WEBHOOK_SECRET", key)
    with pytest.raises(ValueError, match="API key; copy the signing secret"):
        Settings(_env_file=None)


def test_a_secret_may_come_without_its_prefix() -> None:
    assert WebhookSignatures([SECRET.removeprefix("whsec_")]).accepts(signed(), BODY)
