"""Links say whose calendar may be connected; only who knows the secret can make one."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from minutekeeper.calendars.connect_link import ConnectLinkError, ConnectLinkFault, connect_url, new_link, read_link
from minutekeeper.meetings.webhook_urls import token_for

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINK = new_link("user 1/ä", "google", NOW, success_url="https://a.example/x?y=z&y=1", error_url="http://[::1]:80/")


def last_part() -> str:
    return urlsplit(connect_url("https://bridge.example/base/", "secret-1", LINK)).path.removeprefix(
        "/base/connect/"
    )


def test_a_link_brings_back_what_it_was_made_of_until_a_day_has_passed() -> None:
    assert read_link(last_part(), ["secret-2", "secret-1"], NOW + timedelta(hours=23, minutes=59)) == LINK
    with pytest.raises(ConnectLinkError) as caught:
        read_link(last_part(), ["secret-1"], NOW + timedelta(hours=24))
    assert (caught.value.fault, caught.value.link) == (ConnectLinkFault.EXPIRED, LINK)


def test_every_link_is_one_of_its_own() -> None:
    assert new_link("u", "google", NOW).link_id != new_link("u", "google", NOW).link_id


def test_without_addresses_the_browser_ends_at_a_page_of_ours() -> None:
    link = new_link("user-1", "microsoft", NOW)
    assert (link.success_url, link.error_url) == ("", "")
    assert len(link.link_id) == 16
    told = urlsplit(connect_url("https://bridge.example", "secret-1", link)).path.removeprefix("/connect/")
    assert read_link(told, ["secret-1"], NOW) == link


def test_a_link_is_spelt_in_one_way_only() -> None:
    """The last letter of a signature has two bits that mean nothing: they must be those that we wrote."""
    text = last_part()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = alphabet.index(text[-1]) // 4 * 4
    others = [text[:-1] + letter for letter in alphabet[same : same + 4] if letter != text[-1]]
    assert len(others) == 3
    for other in [*others, f"{text}=", f"{text}\n", f"{text}\u00e4", f"\u00e4{text}", f"{text[:-1]}!{text[-1]}"]:
        with pytest.raises(ConnectLinkError) as caught:
            read_link(other, ["secret-1"], NOW)
        assert caught.value.fault is ConnectLinkFault.FORGED


@pytest.mark.parametrize("text", ["\ud800", "a.\ud800", "a.b.\ud800", ".", "..", ""])
def test_half_characters_and_empty_parts_are_no_link(text: str) -> None:
    with pytest.raises(ConnectLinkError, match=r"\Aforged\Z"):
        read_link(text, ["secret-1"], NOW)


def test_a_link_that_ran_out_says_so() -> None:
    with pytest.raises(ConnectLinkError, match=r"\Aexpired\Z"):
        read_link(last_part(), ["secret-1"], NOW + timedelta(hours=24))


@given(st.integers(0, len(last_part()) - 1), st.sampled_from("Aa0_-.=%"))
def test_no_letter_of_a_link_can_be_changed(place: int, letter: str) -> None:
    text = last_part()
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(ConnectLinkError):
            read_link(changed, ["secret-1"], NOW)


@given(st.text())
def test_nothing_else_is_a_link(text: str) -> None:
    with pytest.raises(ConnectLinkError) as caught:
        read_link(text, ["secret-1"], NOW)
    assert (caught.value.fault, caught.value.link) == (ConnectLinkFault.FORGED, None)


def test_the_token_of_a_bots_address_signs_no_link() -> None:
    told = last_part().rpartition(".")[0]
    with pytest.raises(ConnectLinkError):
        read_link(f"{told}.{token_for('meetingbaas', told, 0, 'secret-1')}", ["secret-1"], NOW)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://a.example", "//a.example", "/here", "javascript:alert(1)", "https://", "https://u:p@a.example/"),
        *("https://a.example/a b", "https://a.example;script-src/", "https://a.example/\n", "https://ä.example/"),
        *("https://a.example\\@evil.example/", 'https://a.example/"><script>', "https://a.example/%0d\r\nX: y"),
        *("https://[", f"https://a.example/{'x' * 1000}"),
    ],
)
def test_addresses_to_which_no_browser_is_sent(url: str) -> None:
    for name in ("success_url", "error_url"):
        with pytest.raises(ValidationError, match=name):
            new_link("user-1", "google", NOW, **{name: url})


@pytest.mark.parametrize(
    ("user", "platform"), [("", "google"), ("u" * 201, "google"), ("u", "apple"), ("u\r\nX: y", "google")]
)
def test_a_link_is_for_somebody_at_a_known_platform(user: str, platform: str) -> None:
    with pytest.raises(ValidationError):
        new_link(user, platform, NOW)
