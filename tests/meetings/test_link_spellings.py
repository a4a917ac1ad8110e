"""How a link and its passcode are written: what surrounds them, and what must not be taken for a part of them."""

import base64
import json
from urllib.parse import quote, unquote

import pytest

from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.meeting_urls import (
    MAX_LENGTH,
    MeetingUrlError,
    parse_meeting_url,
    passcode_in,
    public_url,
)

MEET = "https://meet.google.com/abc-defg-hij"
ZOOM = "https://zoom.us/j/12345678901"
THREAD = "19:meeting_MjM0@thread.v2"
TEAMS = f"https://teams.microsoft.com/l/meetup-join/{quote(THREAD, safe='')}/0"
NAMES = (
    *(
        "passcode",
        "pass code",
        "password",
        "pwd",
        "Kenncode",
        "Kennwort",
        "Passwort",
        "mot de passe",
        "code secret",
    ),
    *("contraseña", "código de acceso", "senha", "wachtwoord", "toegangscode", "密码", "密碼", "パスコード"),
    *("パスワード", "비밀번호", "암호", "Meeting passcode", "Webinar password"),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["{}: Ab1", "{} : Ab1", "{}：Ab1", "({}: Ab1).", "{} Ab1", "{} is Ab1"])  # noqa: RUF001 - as it is written in Chinese
def test_a_passcode_behind_a_link_is_its_password(name: str, form: str) -> None:
    assert parse_meeting_url(f"{ZOOM} {form.format(name)}").url == f"{ZOOM}?pwd=Ab1"
    assert passcode_in(form.format(name.upper())) == "Ab1"


@pytest.mark.parametrize(
    "text", ["", "pwd", "the password is secret", "password: ", "?pwd=x", "https://a.example/pwd 1", "mypwd 12"]
)
def test_a_text_without_a_passcode_names_none(text: str) -> None:
    assert passcode_in(text) == ""


@pytest.mark.parametrize("before", "<([{\"'`*")
@pytest.mark.parametrize("after", ">)]\"'`*.,;:!?")
def test_what_copying_leaves_around_a_link_is_no_part_of_it(before: str, after: str) -> None:
    assert parse_meeting_url(f" {before}{before}{MEET}{after}{after}\n").url == MEET
    assert parse_meeting_url(f"{before}{quote(MEET, safe='')}{after}").url == MEET


@pytest.mark.parametrize("letter", "xX")
def test_what_is_a_letter_is_a_part_of_a_link(letter: str) -> None:
    for text in (f"{letter}{MEET}", f"{MEET}{letter}"):
        with pytest.raises(MeetingUrlError):
            parse_meeting_url(text)


@pytest.mark.parametrize("invisible", "\u00ad\u200b\u200c\u200d\u2060\ufeff")
def test_characters_without_width_are_left_out(invisible: str) -> None:
    assert parse_meeting_url(invisible.join(MEET)).url == MEET


@pytest.mark.parametrize(
    "text",
    [
        MEET.replace("/", "&#47;"),
        MEET.replace("/", "&#x2F;"),
        MEET.replace("/", "&amp;sol;"),
        f"{MEET}\\?authuser\\=1\\&x",
        f"{MEET}%3Fauthuser%3D1",
        f"{MEET}%253Fauthuser=1",
        f"%3C{quote(MEET, safe='')}",
        quote(quote(MEET, safe=""), safe=""),
    ],
)
def test_a_link_that_was_encoded_once_or_twice_is_read(text: str) -> None:
    assert parse_meeting_url(text).url == MEET


@pytest.mark.parametrize("scheme", ["zoommtg", "zoomus", "ZOOMMTG"])
def test_links_of_zooms_application(scheme: str) -> None:
    assert parse_meeting_url(f"{scheme}://zoom.us/join?confno=12345678901").url == ZOOM


@pytest.mark.parametrize(
    "start", ["msteams:/", "msteams://teams.microsoft.com/", "msteams:///", "msteams:", "MSTEAMS:/"]
)
@pytest.mark.parametrize("path", [f"l/meetup-join/{THREAD}/0", f"_#/l/meetup-join/{THREAD}/0", "meet/234567890123"])
def test_links_of_the_application_of_teams(start: str, path: str) -> None:
    expected = "https://teams.microsoft.com/meet/234567890123" if path.startswith("meet") else TEAMS
    assert parse_meeting_url(f"{start}{path}").url == expected


@pytest.mark.parametrize("behind", ["/", "/0", "/0/", "/17"])
def test_the_path_of_a_thread_may_end_with_a_message(behind: str) -> None:
    message = behind.strip("/") or "0"
    assert parse_meeting_url(f"{TEAMS.removesuffix('/0')}{behind}").url == f"{TEAMS.removesuffix('0')}{message}"


@pytest.mark.parametrize("behind", ["/0/x", "/x", "//0", "/0x", " /0"])
def test_a_path_that_goes_on_behind_its_end_is_no_meeting(behind: str) -> None:
    with pytest.raises(MeetingUrlError):
        parse_meeting_url(f"{TEAMS.removesuffix('/0')}{behind}")
    with pytest.raises(MeetingUrlError):
        parse_meeting_url(f"https://teams.live.com/meet/234567890123{behind.replace('/0', '/x')}")


@pytest.mark.parametrize("digits", [8, 21])
def test_a_number_of_teams_has_9_to_20_digits(digits: int) -> None:
    with pytest.raises(MeetingUrlError, match="neither a /l/meetup-join"):
        parse_meeting_url(f"https://teams.live.com/meet/{'1' * digits}")
    for right in (9, 20):
        url = f"https://teams.live.com/meet/{'1' * right}"
        assert parse_meeting_url(url).url == url


@pytest.mark.parametrize("name", ["pwd", "tk", "x", "from"])
@pytest.mark.parametrize("place", ["?{0}=%00&a=b", "?a=b&{0}=%E2%80%AE", "?a=b&{0}=%0A&c=d"])
def test_no_parameter_holds_what_cannot_be_printed(name: str, place: str) -> None:
    with pytest.raises(MeetingUrlError, match="encoded control characters or invisible characters"):
        parse_meeting_url(f"{ZOOM}{place.format(name)}")


def coords(**fields: str) -> str:
    text = quote(json.dumps(fields), safe="")
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def light(given: str) -> str:
    return f"https://teams.microsoft.com/light-meetings/launch?agent=web&coords={given}"


def test_the_page_for_those_without_an_account_names_the_meeting() -> None:
    found = parse_meeting_url(light(coords(conversationId=THREAD, tenantId="t1", organizerId="o1", messageId="7")))
    assert found.url.startswith(f"{TEAMS.removesuffix('0')}7?context=")
    assert json.loads(unquote(found.url.partition("context=")[2])) == {"Tid": "t1", "Oid": "o1"}
    alone = parse_meeting_url(light(coords(conversationId=THREAD, tenantId="t1")))
    assert alone.url.startswith(f"{TEAMS}?context=")
    assert "Oid" not in alone.url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "x",
        "e30",
        coords(conversationId=THREAD),
        coords(tenantId="t1"),
        coords(conversationId="no thread", tenantId="t1"),
        coords(conversationId=f"{THREAD}/", tenantId="t1"),
        coords(conversationId=THREAD, tenantId="t1", messageId="seven"),
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b"\xff").decode(),
    ],
)
def test_a_page_that_names_no_meeting_is_refused(given: str) -> None:
    with pytest.raises(MeetingUrlError, match="names no meeting in its coords"):
        parse_meeting_url(light(given))


@pytest.mark.parametrize(
    ("url", "public", "key"),
    [
        (f"{ZOOM}?pwd=x", ZOOM, ZOOM),
        ("https://acme.zoom.us/w/12345678901?tk=x&pwd=y", "https://acme.zoom.us/j/12345678901", ZOOM),
        ("https://us02web.zoom.us/j/12345678901", "https://us02web.zoom.us/j/12345678901", ZOOM),
        ("https://acme.zoom.us/my/anna?pwd=x", "https://acme.zoom.us/my/anna", "https://acme.zoom.us/my/anna"),
        (f"{TEAMS}?context=c&x=y", f"{TEAMS}?context=c", TEAMS),
        ("https://teams.live.com/meet/1?p=x", "https://teams.live.com/meet/1", "https://teams.live.com/meet/1"),
        (MEET, MEET, MEET),
    ],
)
def test_what_is_shown_of_a_link_and_what_meetings_are_compared_by(url: str, public: str, key: str) -> None:
    assert public_url(url) == public
    assert meeting_key(url) == key


def test_a_link_has_at_most_2048_characters() -> None:
    assert MAX_LENGTH == 2048
    longest = f"{MEET}?{'x' * (MAX_LENGTH - len(MEET) - 1)}"
    assert parse_meeting_url(longest).url == MEET
    with pytest.raises(MeetingUrlError, match="it is longer than 2,048 characters"):
        parse_meeting_url(f"{longest}x")


@pytest.mark.parametrize("text", ["", "  ", "<>", "\u200b"])
def test_nothing_is_no_link(text: str) -> None:
    with pytest.raises(MeetingUrlError) as caught:
        parse_meeting_url(text)
    assert str(caught.value) == (
        "Not a link to a meeting: it is empty. Give one such as https://meet.google.com/abc-defg-hij, "
        "https://zoom.us/j/12345678901?pwd=…, https://teams.microsoft.com/l/meetup-join/… or "
        "https://teams.live.com/meet/…"
    )
