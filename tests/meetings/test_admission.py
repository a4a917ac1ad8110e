"""What admits a person to a meeting: it survives every wrapper, and is in nothing that is shown or compared."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minutekeeper.meetings.ids import dispatch_key, meeting_id_for
from minutekeeper.meetings.meeting_keys import meeting_key
from minutekeeper.meetings.meeting_urls import MAX_LENGTH, MeetingUrlError, parse_meeting_url, public_url
from tests.calendars.support import START

TK = "ZkPqN8f2LrS4XyT6wVaE9mHuCdJg5QbA1sDoRtUvWxY.DQkAAAAATESTTOKEN12345"
PWD = "aHkyUy9xcjBDczlDY3NOSCtXMlhMQT09"
THREAD = "19%3Ameeting_MjM0%40thread.v2"
IDS = {"Tid": "8dd08955-18a8-4cd7-8017-5f997f4d47af", "Oid": "0fab73dc-0c6c-4780-9032-1c19b5a545c3"}
CONTEXT = quote(json.dumps(IDS, separators=(",", ":")), safe="")
TEAMS = f"https://teams.microsoft.com/l/meetup-join/{THREAD}/0?context={CONTEXT}"
BARE_TEAMS = f"19:meeting_MjM0@thread.v2/0?context={CONTEXT.lower().replace('tid', 'Tid').replace('oid', 'Oid')}"
COORDS = base64.b64encode(
    json.dumps(
        {
            "conversationId": "19:meeting_MjM0@thread.v2",
            "tenantId": IDS["Tid"],
            "organizerId": IDS["Oid"],
            "messageId": "0",
        }
    ).encode()
).decode()

SPELLINGS = {
    f"https://zoom.us/w/99094129400?tk={TK}": [
        f"https://zoom.us/w/99094129400?tk={TK}&uuid=WN_x",
        f"https://www.zoom.com/w/99094129400?uuid=WN_x&TK={TK}#success",
    ],
    f"https://zoom.us/j/99094129400?tk={TK}&pwd={PWD}": [
        f"zoommtg://zoom.us/join?action=join&confno=990-9412-9400&tk={TK}&pwd={PWD}&zc=0",
        f"https://zoom.us/j/99094129400?tk={TK}\nPasscode: {PWD}",
    ],
    f"https://zoom.us/j/5165671036?pwd={PWD}": [
        f"https://zoom.us/j/5165671036?pwd%3D{PWD}&sa=D&source=calendar",
        f"https://zoom.us/j/5165671036%3Fpwd%3D{PWD}",
        f"https://zoom.us/j/5165671036%253Fpwd%253D{PWD}%2526from%253Daddon",
        f"https://zoom.us/j/5165671036?from=addon&amp;pwd={PWD}",
        f"https://zoom.us/j/5165671036?pwd={PWD}%26omn=123",
        f"https://zoom.us/j/5165671036\\?pwd\\={PWD}\\&x=1",
        f"https://zoom.us/j/516%20567%201036?password={PWD}",
        f"https://zoom.us/s/5165671036?zak=host&pwd={PWD}",
        f"https://zoom.us/wc/5165671036/start?pwd={PWD};Room",
        f"https://zoom.us/j/5165671036?p\u200bwd={PWD}",
        f"https://zoom.us/j/5165671036?pwd={PWD}Passcode: 497810",
        f"https://zoom.us/j/5165671036 (Passcode: {PWD})",
        f"https://zoom.us/j/5165671036\n\nMeeting ID: 516 567 1036\nPasscode: {PWD}\n",
        f"https://zoom.us/j/5165671036, Kenncode: {PWD}.",
        f"https://zoom.us/j/5165671036 密码：{PWD}",  # noqa: RUF001 - as it is written in Chinese
        f"https%253A%252F%252Fzoom.us%252Fj%252F5165671036%253Fpwd%253D{PWD}",
    ],
    "https://us06web.zoom.us/j/88240852079?pwd=584706": [
        "https://us06web.zoom.us/j/88240852079 (Passcode: 584706)",
        "https://us06web.zoom.us/j/88240852079 Passcode 584706",
        "https://us06web.zoom.com/j/88240852079?pwd=584706",
    ],
    "https://us06web.zoom.us/my/ann?pwd=x1": [
        "us06web.zoom.us/my/ann?pwd=x1",
        "us06web.zoom.us/my/ann Passcode: x1",
    ],
    "https://acme.zoomgov.com/j/1612345678?pwd=x1": ["https://acme.zoomgov.com/wc/join/1612345678?wpk=w&pwd=x1"],
    TEAMS: [
        f"https://teams.microsoft.com/light-meetings/launch?agent=web&coords={quote(COORDS)}&deeplinkId=0ac",
        f"https://teams.microsoft.com/light-meetings/launch?coords={COORDS.rstrip('=')}",
        f"https://teams.microsoft.com/dl/launcher/launcher.html?url=/_#/l/meetup-join/{BARE_TEAMS}&anon=true&type=x",
        quote(TEAMS.replace("%3A", ":").replace("%40", "@"), safe=""),
        f"https://teams.microsoft.com/l/meetup-join/{quote(THREAD)}/0?context={quote(CONTEXT)}",
        f"msteams:/l/meetup-join/{THREAD}/0?context={CONTEXT}",
        f"https://teams.microsoft.com/_#/pre-join-calling/{BARE_TEAMS}",
        f'{TEAMS.partition("?")[0]}?context={{"oid":"{IDS["Oid"]}","tid":"{IDS["Tid"]}"}}',
    ],
    "https://teams.live.com/meet/9347395651010?p=fJGzccc": [
        "https://teams.live.com/dl/launcher/launcher.html?url=/_%23/meet/9347395651010?p%3DfJGzccc%26anon%3Dtrue",
        "https://teams.live.com/meet/9347395651010 Passcode: fJGzccc",
    ],
    "https://meet.google.com/abc-defg-hij": [
        "https://meet.google.com/_meet/abc-defg-hij?ijlm=1&hs=187",
        "https://meet.google.com/u/1/abc-defg-hij?authuser=1",
        "https://meet.google.com/linkredirect?authuser=0&dest=https%3A%2F%2Fmeet.google.com%2Fabc-defg-hij",
        "https://accounts.google.com/AccountChooser?continue=https://meet.google.com/abc-defg-hij",
        "https://tel.meet/abc-defg-hij?pin=1234567890",
    ],
    "https://meet.google.com/lookup/weekly": ["https://meet.google.com/_meet/lookup/weekly?authuser=0"],
}


@pytest.mark.parametrize(("normal", "text"), [(url, text) for url, texts in SPELLINGS.items() for text in texts])
def test_what_admits_is_kept_in_every_spelling(normal: str, text: str) -> None:
    assert parse_meeting_url(text).url == normal
    assert parse_meeting_url(normal).url == normal


def _v2(url: str) -> str:
    coded = quote(url, safe="").replace("-", "%2D").replace("_", "%5F").replace("%2F", "_").replace("%", "-")
    return f"https://urldefense.proofpoint.com/v2/url?u={coded}&d=DwMFaQ&c=x&r=y"


def _v3(url: str) -> str:
    taken_out = url.replace("?", "*").replace("&", "*")
    letters = base64.urlsafe_b64encode("".join(each for each in url if each in "?&").encode()).decode().rstrip("=")
    return f"https://urldefense.com/v3/__{taken_out}__;{letters}!!NdXXx!yyyy$"


WRAPPERS: dict[str, Callable[[str], str]] = {
    "google": lambda url: f"https://www.google.com/url?q={quote(url, safe='')}&sa=D&source=calendar&usg=AOv",
    "google in Britain": lambda url: f"https://www.google.co.uk/url?sa=t&url={quote(url, safe='')}",
    "safelinks": lambda url: f"https://eur01.safelinks.protection.outlook.com/?url={quote(url, safe='')}&data=05",
    "safelinks of a government": lambda url: (
        f"https://gcc02.safelinks.protection.office365.us/GetUrlReputation?url={quote(url, safe='')}"
    ),
    "safelinks in Teams": lambda url: (
        "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url="
        f"{quote(url, safe='')}&locale=en-us"
    ),
    "proofpoint 1": lambda url: f"https://urldefense.proofpoint.com/v1/url?u={quote(url, safe='')}&k=x",
    "proofpoint 2": _v2,
    "proofpoint 3": _v3,
    "slack": lambda url: f"https://slack-redir.net/link?url={quote(url, safe='')}&v=3",
    "slack markup": lambda url: f"<{url}>",
    "barracuda": lambda url: f"https://linkprotect.cudasvc.com/url?a={quote(url, safe='')}&c=E,1,x&typo=1",
    "sophos": lambda url: (
        f"https://eu-central-1.protection.sophos.com/?d=zoom.us&u={base64.b64encode(url.encode()).decode()}&p=m"
    ),
    "cisco": lambda url: f"https://secure-web.cisco.com/1aBc-D/{quote(url, safe='')}",
    "check point": lambda url: f"https://protect.checkpoint.com/v2/___{url}___.YzJlOmFjbWU6",
    "encoded": lambda url: quote(url, safe=""),
    "encoded twice": lambda url: quote(quote(url, safe=""), safe=""),
    "HTML": lambda url: url.replace("&", "&amp;"),
}
LINKS = st.sampled_from(list(SPELLINGS))


@pytest.mark.parametrize("name", WRAPPERS)
@given(LINKS)
def test_no_wrapper_loses_what_admits(name: str, url: str) -> None:
    assert parse_meeting_url(WRAPPERS[name](url)).url == url


@given(LINKS, st.lists(st.sampled_from([name for name in WRAPPERS if name != "check point"]), max_size=2))
def test_nor_do_wrappers_in_wrappers(url: str, names: list[str]) -> None:
    text = url
    for name in names:
        text = WRAPPERS[name](text)
    assume(len(text) <= MAX_LENGTH)
    assume(names.count("proofpoint 3") < 2)  # Here it does not take out its own stars, as the real one does.
    assert parse_meeting_url(text).url == url


def test_runs_of_letters_that_proofpoint_took_out_are_put_back() -> None:
    wrapped = "https://urldefense.com/v3/__https:/zoom.us/j/12345678901**Aab**B__;P3B3ZD14eXo!!a!b$"
    assert parse_meeting_url(wrapped).url.startswith("https://zoom.us/j/12345678901")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://www.google.com/search?q=https://zoom.us/j/12345678901", "'www.google.com' is not a host"),
        ("https://urldefense.com/v4/__https://zoom.us/j/12345678901__;!!a!b$", "'urldefense.com' is not a host"),
        ("https://statics.teams.cdn.office.net/other?url=https://zoom.us/j/12345678901", "not a host"),
        (f"https://teams.microsoft.com/l/meetup-join/{THREAD}/0/more?context={CONTEXT}", "neither"),
        (f"https://teams.microsoft.com/x/l/meetup-join/{THREAD}/0", "neither"),
        ("https://teams.microsoft.com/meet/9347395651010/more", "neither"),
        ("https://teams.microsoft.com/light-meetings/launch?coords=e30%3D", "names no meeting"),
        ("https://teams.microsoft.com/light-meetings/launch?coords=W10%3D", "names no meeting"),
        ("https://teams.microsoft.com/light-meetings/launch", "names no meeting"),
        ("https://zoom.us/j/12345678901?a=ok&tk=x&b=%00&pwd=y", "encoded control characters"),
        ("https://zoom.us/j/12345678901?a=%0a&tk=x&pwd=y", "encoded control characters"),
        ("https://zoom.us/j/12345678901 Room 5", "blanks"),
        ("Passcode: 584706", "blanks"),
    ],
)
def test_what_only_looks_like_it_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MeetingUrlError, match=problem):
        parse_meeting_url(text)


@pytest.mark.parametrize("url", SPELLINGS)
def test_what_is_shown_leaves_out_what_admits_and_leads_to_the_same_meeting(url: str) -> None:
    shown = public_url(url)
    assert not [secret for secret in (TK, PWD, "584706", "x1", "fJGzccc") if secret in shown]
    assert parse_meeting_url(shown).url == shown
    assert meeting_key(shown) == meeting_key(url)


def test_every_way_into_a_meeting_is_one_meeting_and_one_bot() -> None:
    ways = [
        "zoom.us/j/99094129400",
        f"acme.zoom.us/j/99094129400?pwd={PWD}",
        f"https://zoom.us/w/99094129400?tk={TK}",
    ]
    urls = [parse_meeting_url(way).url for way in ways]
    assert len({dispatch_key(url, START, 0) for url in urls}) == 1
    assert len({meeting_id_for(url, START) for url in urls}) == 1
    assert meeting_key(urls[0]) != meeting_key(parse_meeting_url("acme.zoomgov.com/j/99094129400").url)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1, max_size=40))
def test_any_password_comes_through_unchanged_or_is_refused(password: str) -> None:
    """Signs that no password of a link has may end it, but nothing else is ever made of it."""
    text = f"https://zoom.us/j/12345678901?pwd={quote(password, safe='')}&from=addon"
    try:
        url = parse_meeting_url(text).url
    except MeetingUrlError:
        assert "%" in password, "only what may be encoded once more is refused"
        return
    assert parse_meeting_url(url).url == url
    assert parse_meeting_url(WRAPPERS["safelinks"](url)).url == url
