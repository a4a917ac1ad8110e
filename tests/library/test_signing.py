import base64
import hmac

import pytest
from itsdangerous import BadSignature

from minutekeeper.signing import Purpose, derived_keys, serializer, signer

NEW, OLD = "n" * 32, "o" * 32


def test_what_one_purpose_signed_no_other_accepts() -> None:
    token = signer(Purpose.BOT_WEBHOOK, [NEW]).sign("meeting-a/1")
    for purpose in Purpose:
        if purpose is not Purpose.BOT_WEBHOOK:
            with pytest.raises(BadSignature):
                signer(purpose, [NEW]).unsign(token)


def test_the_previous_secret_still_verifies_and_no_longer_signs() -> None:
    by_old = serializer(Purpose.CONNECT_LINK, [OLD]).dumps({"user": "carla"})
    assert serializer(Purpose.CONNECT_LINK, [NEW, OLD]).loads(by_old) == {"user": "carla"}
    by_both = serializer(Purpose.CONNECT_LINK, [NEW, OLD]).dumps({"user": "carla"})
    assert serializer(Purpose.CONNECT_LINK, [NEW]).loads(by_both) == {"user": "carla"}
    with pytest.raises(BadSignature):
        serializer(Purpose.CONNECT_LINK, [NEW]).loads(by_old)


def test_each_purpose_is_written_into_its_signatures_for_good() -> None:
    """Another text would turn away all cookies, links and addresses that are on their way."""
    assert {purpose.name: purpose.value for purpose in Purpose} == {
        "BOT_WEBHOOK": "minutekeeper.bot-webhook",
        "BOT_CALLBACK": "minutekeeper.bot-callback",
        "BOT_METADATA": "minutekeeper.bot-metadata",
        "CONNECT_LINK": "minutekeeper.connect-link",
        "CONNECT_SESSION": "minutekeeper.connect-session",
        "PAGE_SESSION": "minutekeeper.page-session",
        "PAGE_SIGN_IN": "minutekeeper.page-sign-in",
        "PAGE_FORM": "minutekeeper.page-form",
        "PAGE_LINK": "minutekeeper.page-link",
    }


def test_a_signature_is_hmac_with_sha_256_under_a_key_derived_likewise() -> None:
    key = hmac.digest(NEW.encode(), b"minutekeeper.bot-webhook", "sha256")
    signature = base64.urlsafe_b64encode(hmac.digest(key, b"meeting-a/1", "sha256")).rstrip(b"=")
    assert signer(Purpose.BOT_WEBHOOK, [NEW]).sign("meeting-a/1") == b"meeting-a/1." + signature
    assert derived_keys(Purpose.BOT_WEBHOOK, [NEW]) == [key]
    link = serializer(Purpose.CONNECT_LINK, [NEW]).dumps({"user": "carla"})
    assert isinstance(link, str)
    signed, _, given = link.rpartition(".")
    key = hmac.digest(NEW.encode(), b"minutekeeper.connect-link", "sha256")
    assert given.encode() == base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).rstrip(b"=")


def test_keys_are_as_many_as_secrets_and_all_different() -> None:
    keys = [key for purpose in Purpose for key in derived_keys(purpose, [NEW, OLD])]
    assert len(set(keys)) == 2 * len(Purpose)
    assert {len(key) for key in keys} == {32}
