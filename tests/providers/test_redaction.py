"""How much of a foreign text is kept, and which secrets no part of it may show."""

import time

import pytest

from minutekeeper.providers.redaction import MAX_LENGTH, redact


def test_five_hundred_characters_are_kept_whole() -> None:
    assert MAX_LENGTH == 500
    assert redact("x" * 500) == "x" * 500
    assert redact("x" * 501) == f"{'x' * 499}…"
    assert redact("x" * 40_000) == f"{'x' * 499}…"


def test_a_text_of_megabytes_is_cut_before_it_is_searched() -> None:
    started = time.process_time()
    assert redact("https://a.example/ " * 500_000).startswith("https://a.example/… https://a.example/…")
    assert time.process_time() - started < 1


def test_what_lies_far_behind_is_not_read() -> None:
    assert redact(" " * 19_999 + "yes") == "y"
    assert redact(" " * 20_000 + "no") == ""


@pytest.mark.parametrize("name", ["api_key", "apikey", "api-key", "signature", "secret", "token", "password"])
def test_what_a_text_itself_calls_a_secret_is_hidden(name: str) -> None:
    assert redact(f"{name}=abc") == f"{name}=…"
    assert redact(f"{name.upper()} = abc&x=1") == f"{name.upper()} = …&x=1"
    assert redact(f'"my_{name}": "0123456789abc"') == f'"my_{name}": "…"'
    assert redact(f"{name}: 01234567890") == f"{name}: 01234567890"
    assert redact(f"{name}: 012345678901") == f"{name}: …"


@pytest.mark.parametrize("name", ["sig", "key"])
def test_short_names_are_secrets_only_as_whole_words(name: str) -> None:
    assert redact(f"?{name}=abc") == f"?{name}=…"
    assert redact(f"de{name}=abc") == f"de{name}=abc"


@pytest.mark.parametrize("parameter", ["X-Amz-Signature", "x-amz-credential", "X-GOOG-Signature", "X-Amz-Date"])
def test_signed_parameters_are_hidden_up_to_the_next_one(parameter: str) -> None:
    assert redact(f"GET /v.mp4?{parameter}=AK/1%2F&a=b") == f"GET /v.mp4?{parameter}=…&a=b"


@pytest.mark.parametrize("scheme", ["https", "HTTP", "wss", "redis", "s3+x"])
@pytest.mark.parametrize("login", ["", "user@", "user:pw@", ":pw@", "a@b@"])
def test_an_address_is_cut_down_to_its_host(scheme: str, login: str) -> None:
    assert redact(f"see {scheme}://{login}h.example:8/p?q#r now") == f"see {scheme}://h.example:8/… now"


def test_the_address_of_a_bot_loses_its_token() -> None:
    assert redact("POST /webhooks/meetingbaas/m/0/t0ken") == "POST /webhooks/meetingbaas/…"
    assert redact("POST /webhooks/meetingbaas") == "POST /webhooks/meetingbaas"


def test_a_given_secret_is_hidden_in_both_spellings_and_an_empty_one_is_none() -> None:
    assert redact("a/b+c, a%2Fb%2Bc", ["a/b+c", ""]) == "***, ***"
