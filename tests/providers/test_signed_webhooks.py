"""Signed webhooks: only what a known secret signed, at a time of now, whatever the headers are."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.providers.signed_webhooks import WebhookSignatures, delivery_id

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"the secret of this endpoint").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the one before the rotation").decode()
BODY = '{"event": "bot.done", "text": "Grüße"}'.encode()


def signatures(*secrets: str) -> WebhookSignatures:
    return WebhookSignatures(secrets or [SECRET, OLD_SECRET], lambda: NOW)


def signed(
    body: bytes = BODY,
    *,
    secret: str = SECRET,
    at: datetime = NOW,
    family: str = "webhook",
    delivery: str = "msg_1",
) -> dict[str, str]:
    """Signed by the text of the scheme, and not by the library that checks it."""
    stamp = str(int(at.timestamp()))
    delivery = "msg_1"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{delivery}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        f"{family}-id": delivery,
        f"{family}-timestamp": stamp,
        f"{family}-signature": "v1," + base64.b64encode(digest).decode(),
    }


@pytest.mark.parametrize("family", ["webhook", "svix"])
@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_both_families_and_both_secrets_are_accepted(family: str, secret: str) -> None:
    headers = {name.title(): value for name, value in signed(secret=secret, family=family).items()}
    assert signatures().may_accept(headers)
    assert signatures().accepts(headers, BODY)


def test_one_good_family_is_enough() -> None:
    foreign = "whsec_" + base64.b64encode(b"of another endpoint").decode()
    headers = signed(secret=foreign) | signed(family="svix")
    assert signatures().accepts(headers, BODY)
    assert not signatures().accepts(signed(secret=foreign), BODY)


def test_any_of_several_signatures_is_enough() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1a,xyz v1 v1, v2,abc ,, v1,AAAA {headers['webhook-signature']} \x00"
    assert signatures().accepts(headers, BODY)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated(seconds: int) -> None:
    headers = signed(at=NOW + timedelta(seconds=seconds))
    assert signatures().may_accept(headers)
    assert signatures().accepts(headers, BODY)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_no_more_than_five_minutes_are_tolerated(seconds: int) -> None:
    headers = signed(at=NOW + timedelta(seconds=seconds))
    assert not signatures().may_accept(headers)
    assert not signatures().accepts(headers, BODY)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_family_must_be_whole(missing: str) -> None:
    headers = signed(family="webhook")
    del headers[missing]
    half = headers | {missing.replace("webhook", "svix"): signed()[missing]}
    assert not signatures().may_accept(half)
    assert not signatures().accepts(half, BODY)


def test_the_body_and_the_id_are_signed_to_the_letter() -> None:
    assert not signatures().accepts(signed(), BODY + b" ")
    assert not signatures().accepts(signed() | {"webhook-id": "msg_2"}, BODY)
    assert not signatures().accepts(signed() | {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, BODY)
    assert not signatures().accepts(signed(b"\xff\xfe"), b"\xff\xfe")


@pytest.mark.parametrize("secret", ["", "whsec_", "   ", "whsec_ü", "not base64 at all ü", "whsec_A"])
def test_what_is_no_secret_accepts_nothing(secret: str) -> None:
    headers = signed(secret="whsec_")
    assert not signatures(secret).may_accept(headers)
    assert not signatures(secret).accepts(headers, BODY)
    assert signatures(secret, SECRET).accepts(signed(), BODY)


@given(
    st.dictionaries(
        st.sampled_from(
            [f"{family}-{part}" for family in ("webhook", "svix") for part in ("id", "timestamp", "signature")]
        ),
        st.one_of(
            st.text(max_size=40), st.from_regex(r"v1,[A-Za-z0-9+/=]{0,60}", fullmatch=True), st.integers().map(str)
        ),
    ),
    st.binary(max_size=40),
)
def test_no_header_and_no_body_does_harm(headers: dict[str, str], body: bytes) -> None:
    signatures().may_accept(headers)
    delivery_id(headers)
    assert not signatures().accepts(headers, body)


def test_the_delivery_is_named_by_its_header() -> None:
    assert delivery_id({"Svix-Id": "msg_2", "Webhook-Id": "msg_1"}) == "msg_1"
    assert delivery_id({"svix-id": "msg_2", "webhook-id": "\x00"}) == "msg_2"
    assert delivery_id({"webhook-id": "x" * 300}) == ""
    assert delivery_id({}) == ""
