"""What is refused before anything starts."""

import pytest
from pydantic import SecretStr, ValidationError

from minutekeeper.config import Settings
from minutekeeper.startup_checks import address_problems, is_loopback, signing_problems, start_problems

GOOD = "g" * 32


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **changes)  # type: ignore[arg-type]  # texts, as in an environment


@pytest.mark.parametrize(
    ("secret", "previous", "named"),
    [
        ("", "", ["BRIDGE_SECRET is not set"]),
        (" " * 40, "", ["BRIDGE_SECRET is not set"]),
        (GOOD[1:], "", ["BRIDGE_SECRET has 31 characters"]),
        (f"  {GOOD[1:]}  ", "", ["BRIDGE_SECRET has 31 characters"]),
        (GOOD, "short", ["BRIDGE_SECRET_PREVIOUS has 5 characters"]),
        ("short", "short", ["BRIDGE_SECRET has 5 characters", "BRIDGE_SECRET_PREVIOUS has 5 characters"]),
        (GOOD, "", []),
        (GOOD, GOOD, []),
    ],
)
def test_a_secret_has_at_least_32_characters(secret: str, previous: str, named: list[str]) -> None:
    problems = signing_problems(
        settings(bridge_secret=SecretStr(secret), bridge_secret_previous=SecretStr(previous))
    )
    assert [problem.partition(":")[0] for problem in problems] == named
    assert not any(text in problem for text in (GOOD[1:], "short:") for problem in problems)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:8090", "http://127.8.9.1", "http://[::1]:8090", "http://[::1]", "http://localhost"),
        *(
            "http://localhost.:8090/path",
            "http://LOCALHOST:1",
            "http://[::ffff:127.0.0.1]",
            "https://bridge.example",
        ),
        *("https://10.0.0.7", "https://bridge.example/under/a/path"),
    ],
)
def test_public_addresses_that_are_safe(url: str) -> None:
    assert address_problems(settings(bridge_public_url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://bridge.example",
            "http://10.0.0.7:8090",
            "http://0.0.0.0:8090",
            "http://[::]:8090",
            "http://bridge:8090",
        ),
        *("http://localhost.example", "http://localhost..", "http://evil-localhost", "http://x.localhost"),
        *(
            "http://127.0.0.1.example",
            "http://127.1",
            "http://2130706433",
            "http://0x7f000001",
            "http://0177.0.0.1",
        ),
        *("http://[::ffff:10.0.0.1]", "http://[fe80::1]", "http://[::2]", "http://①27.0.0.1", "http://ⓛocalhost"),
    ],
)
def test_plain_http_is_for_this_machine_alone(url: str) -> None:
    assert not is_loopback(url)
    (problem,) = address_problems(settings(bridge_public_url=url))
    assert problem.startswith(f"BRIDGE_PUBLIC_URL is {url}: it must start with https://")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://localhost@evil.example",
            "http://localhost:8090@evil.example",
            "https://user:pass@bridge.example",
        ),
        *("http://evil.example\\@localhost", "http://evil.example#@localhost", "http://evil.example?@localhost"),
        *("http://[::1].evil.example", "http://[::1]evil", "http://[::1%25eth0]", "http://local\thost", "http://"),
        *(
            "https://bridge.example/?a=1",
            "https://bridge.example/#a",
            "https://bridge.example:port",
            "ftp://localhost",
        ),
        *(
            "//localhost",
            "localhost:8090",
            "https://a b.example",
            "https://bridge.example\x00",
            "http:\\\\localhost",
        ),
    ],
)
def test_what_is_no_plain_address_is_refused_wherever_it_is_read(url: str) -> None:
    with pytest.raises(ValidationError, match="must be an address such as"):
        settings(bridge_public_url=url)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    problems = start_problems(settings(bridge_public_url="http://bridge.example"))
    names = ["MEETINGBAAS_API_KEY", "BRIDGE_SECRET", "BRIDGE_PUBLIC_URL"]
    assert [problem.split()[0] for problem in problems] == names
