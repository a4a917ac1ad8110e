"""What a browser keeps for us: ours alone, for an hour, and never a reason to fall over."""

import base64
import json
import time
import zlib
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from pydantic import BaseModel

from bridge.connect.session_cookies import SESSION_SECONDS
from minutekeeper.cookie_encryption import CookieEncryption
from minutekeeper.signing import Purpose, derived_keys

NEW, OLD = "n" * 32, "o" * 32


class Kept(BaseModel):
    user: str
    step: int = 0


def encryption(secrets: list[str]) -> CookieEncryption:
    return CookieEncryption(Purpose.CONNECT_SESSION, secrets, SESSION_SECONDS)


CONTENT = Kept(user="carla \u00e4", step=2)


def fernet(purpose: Purpose = Purpose.CONNECT_SESSION, secret: str = NEW) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(*derived_keys(purpose, [secret])))


def sealed(content: bytes, age_seconds: float = 0, by: Fernet | None = None) -> str:
    return (by or fernet()).encrypt_at_time(content, int(time.time() - age_seconds)).decode()


def packed(content: BaseModel = CONTENT) -> bytes:
    return zlib.compress(content.model_dump_json().encode())


def test_what_was_sealed_is_opened_by_every_bridge_with_the_same_secret() -> None:
    assert encryption([NEW]).decrypt(Kept, encryption([NEW]).encrypt(CONTENT)) == CONTENT


def test_a_secret_that_was_replaced_still_opens_and_no_longer_seals() -> None:
    assert encryption([NEW, OLD]).decrypt(Kept, encryption([OLD]).encrypt(CONTENT)) == CONTENT
    assert encryption([NEW]).decrypt(Kept, encryption([NEW, OLD]).encrypt(CONTENT)) == CONTENT
    assert encryption([OLD]).decrypt(Kept, encryption([NEW, OLD]).encrypt(CONTENT)) is None


def test_nothing_in_a_seal_can_be_read() -> None:
    text = encryption([NEW]).encrypt(CONTENT)
    assert "carla" not in text
    assert b"carla" not in base64.urlsafe_b64decode(text)


def test_a_long_content_is_sealed_in_less_than_its_length() -> None:
    assert len(encryption([NEW]).encrypt(Kept(user="carla " * 500))) < 500


def test_a_seal_is_good_for_an_hour() -> None:
    assert SESSION_SECONDS == 3600
    seals = encryption([NEW])
    assert seals.decrypt(Kept, sealed(packed(), age_seconds=3595)) == CONTENT
    assert seals.decrypt(Kept, sealed(packed(), age_seconds=3605)) is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"not compressed", zlib.compress(b""), zlib.compress(b"\xff"), zlib.compress(b"no JSON")),
        *(zlib.compress(b"[]"), zlib.compress(b"{}"), zlib.compress(b'{"user": 7}'), packed()[:-6]),
        zlib.compress(json.dumps({"user": "x", "step": "no number"}).encode()),
    ],
)
def test_a_seal_of_ours_around_something_else_is_not_opened(content: bytes) -> None:
    assert encryption([NEW]).decrypt(Kept, sealed(content)) is None


@pytest.mark.parametrize("forged", ["", "x", "gAAAAA==", "a" * 5000, "\u00e4", "\ud800", "\x00", "=;=,"])
def test_what_is_no_seal_is_not_opened_and_has_no_age(forged: str) -> None:
    assert encryption([NEW]).decrypt(Kept, forged) is None
    assert encryption([NEW]).encrypted_at(forged) == 0


@pytest.mark.parametrize("change", [str.lower, lambda text: text[:-1], lambda text: text[::-1]])
def test_a_seal_that_was_changed_is_not_opened(change: Callable[[str], str]) -> None:
    assert encryption([NEW]).decrypt(Kept, change(encryption([NEW]).encrypt(CONTENT))) is None


@pytest.mark.parametrize("purpose", [each for each in Purpose if each is not Purpose.CONNECT_SESSION])
def test_the_key_of_another_purpose_seals_nothing_here(purpose: Purpose) -> None:
    assert encryption([NEW]).decrypt(Kept, sealed(packed(), by=fernet(purpose))) is None


def test_the_key_is_that_of_sessions_and_of_nothing_else() -> None:
    assert encryption([NEW]).decrypt(Kept, sealed(packed())) == CONTENT


def test_a_seal_tells_when_it_was_made() -> None:
    assert encryption([NEW]).encrypted_at(sealed(packed(), age_seconds=100)) == pytest.approx(
        time.time() - 100, abs=10
    )
    assert encryption([NEW]).encrypted_at(sealed(packed(), age_seconds=9000)) > 0, "also one that is too old"
