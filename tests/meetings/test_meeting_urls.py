from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minutekeeper.meetings.meeting_urls import MAX_LENGTH, MeetingUrlError, Platform, parse_meeting_url

MEET = "https://meet.google.com/abc-defg-hij"
ZOOM = "https://zoom.us/j/12345678901"
ZOOM_PWD = "https://acme.zoom.us/j/12345678901?pwd=aB3_x.1"
THREAD = "19%3Ameeting_MjM0OTEw-ZmEt%40thread.v2"
CONTEXT = "%7B%22Tid%22%3A%228dd0-47af%22%2C%22Oid%22%3A%220fab-45c3%22%7D"
TEAMS = f"https://teams.microsoft.com/l/meetup-join/{THREAD}/0?context={CONTEXT}"
TEAMS_LIVE = "https://teams.live.com/meet/9347395651010?p=fJGzccc"

SAME_MEETING = {
    MEET: [
        MEET,
        "http://meet.google.com/abc-defg-hij",
        "meet.google.com/abc-defg-hij",
        "HTTPS://Meet.Google.COM/ABC-DEFG-HIJ/",
        "https://meet.google.com:443/abc-defg-hij",
        "https://meet.google.com./abc-defg-hij",
        "https://meet.google.com/abc-defg-hij?authuser=0&hs=179&pli=1#x",
        "https://meet.google.com/lookup/abc-defg-hij?authuser=1",
        "https://g.co/meet/abc-defg-hij",
        " <https://meet.google.com/abc-defg-hij>.\n",
        "(https://meet.google.com/abc-defg-hij),",
        "**https://meet.google.com/abc-defg-hij**",
        "\ufeffhttps://meet.google.com/abc-defg-hij\u200b",
        f"https://www.google.com/url?q={quote(MEET, safe='')}&sa=D&source=calendar&usg=AOv",
        "https://www.google.com/url?q=https://meet.google.com/abc-defg-hij&sa=D",
        f"https://eur01.safelinks.protection.outlook.com/?url={quote(MEET, safe='')}&data=05%7C01%7C&reserved=0",
        "https://nam04.safelinks.protection.outlook.com/ap/t-59584e83/?url="
        + quote(f"https://www.google.com/url?q={quote(MEET, safe='')}", safe=""),
    ],
    "https://meet.google.com/lookup/c7iqwhrnbv": [
        "https://meet.google.com/lookup/c7iqwhrnbv?authuser=0&hs=179",
        "g.co/meet/c7iqwhrnbv",
    ],
    # A nickname of ten letters is a nickname, not a code without its hyphens.
    "https://meet.google.com/lookup/bjsswoeoil": ["https://meet.google.com/lookup/bjsswoeoil"],
    ZOOM: [
        ZOOM,
        "zoom.us/j/12345678901",
        "https://www.zoom.us/j/12345678901/",
        "https://zoom.us/j/12345678901#success",
        "https://zoom.us/j/12345678901?pwd=",
        "https://zoom.us/w/12345678901?uuid=WN_Vc&utm_source=mail",
        "https://zoom.us/s/12345678901",
        "https://zoom.us/wc/join/12345678901?wpk=wcpk",
        "https://zoom.us/wc/12345678901/join?fromPWA=1",
        "https://app.zoom.us/wc/12345678901/start",
        "https://app.zoom.us/wc/12345678901",
        "https://zoom.us/launch/jc/12345678901",
        "https://zoom.us/join?confno=12345678901",
        "zoommtg://zoom.us/join?action=join&confno=12345678901&zc=0&browser=chrome&uname=Betty",
        "zoomus://zoom.us/join?confno=12345678901",
    ],
    ZOOM_PWD: [
        ZOOM_PWD,
        "https://acme.zoom.us/j/12345678901?utm_medium=x&pwd=aB3_x.1&from=addon#success",
        "https://acme.zoom.us/j/12345678901?from=addon&amp;pwd=aB3_x.1",
        "https://acme.zoom.us/wc/12345678901/join?pwd=aB3%5Fx%2E1",
        "https://acme.zoom.us/j/12345678901?pwd=aB3_x.1&pwd=another",
        "zoommtg://acme.zoom.us/join?confno=12345678901&pwd=aB3_x.1",
    ],
    "https://zoom.us/j/123456789?pwd=UzB6%2B/pT0I9==": ["https://zoom.us/j/123456789?pwd=UzB6+/pT0I9=="],
    "https://vuw.zoom.us/my/andre.g?pwd=x1": ["https://vuw.zoom.us/my/andre.g?pwd=x1&uname=A"],
    "https://acme.zoomgov.com/j/1612345678": ["https://acme.zoomgov.com/wc/join/1612345678"],
    "https://us02web.zoom.us/j/1612345678": ["us02web.zoom.com/j/1612345678"],
    TEAMS: [
        TEAMS,
        TEAMS.lower().replace("mjm0otew-zmet", "MjM0OTEw-ZmEt").replace("tid", "Tid").replace("oid", "Oid"),
        f"https://teams.microsoft.com/l/meetup-join/{unquote(THREAD)}/0?context={unquote(CONTEXT)}",
        f"https://teams.microsoft.com/l/meetup-join/{THREAD}?context={CONTEXT}&anon=true&deeplinkId=1#",
        f"https://teams.cloud.microsoft/l/meetup-join/{THREAD}/0?context={CONTEXT}",
        f"https://teams.microsoft.com/_#/l/meetup-join/{THREAD}/0?context={CONTEXT}&anon=true",
        f"https://teams.microsoft.com/v2/?meetingjoin=true#/l/meetup-join/{THREAD}/0?context={CONTEXT}",
        "https://teams.microsoft.com/dl/launcher/launcher.html?url="
        + quote(f"/_#/l/meetup-join/{THREAD}/0?context={CONTEXT}&anon=true", safe="")
        + "&type=meetup-join&deeplinkId=54ccd357&directDl=true&msLaunch=true&suppressPrompt=true",
        f"https://can01.safelinks.protection.outlook.com/?url={quote(TEAMS, safe='')}&data=05",
    ],
    f"https://gov.teams.microsoft.us/l/meetup-join/{THREAD}/0": [
        f"https://gov.teams.microsoft.us/l/meetup-join/{THREAD}/0",
    ],
    "https://dod.teams.microsoft.us/l/meetup-join/19%3Adod%3Ameeting_027b%40thread.v2/0": [
        "https://dod.teams.microsoft.us/l/meetup-join/19%3adod%3ameeting_027b%40thread.v2/0",
    ],
    "https://teams.microsoft.us/meet/23456789012345?p=Ab1": ["teams.microsoft.us/meet/23456789012345?p=Ab1"],
    TEAMS_LIVE: [
        TEAMS_LIVE,
        f"{TEAMS_LIVE}&anon=true",
        "https://teams.live.com/dl/launcher/launcher.html?url=%2F_%23%2Fmeet%2F9347395651010%3Fp%3DfJGzccc&type=meet",
    ],
    "https://teams.microsoft.com/meet/23456789012345?p=Ab1": [
        "https://teams.microsoft.com/meet/23456789012345?p=Ab1&launchAgent=marketing_join",
        "https://teams.microsoft.com/v2/?meetingjoin=true#/meet/23456789012345?laentry=hero&p=Ab1&anon=true",
    ],
}


@pytest.mark.parametrize(
    ("normal", "spelling"), [(url, text) for url, texts in SAME_MEETING.items() for text in texts]
)
def test_every_spelling_of_a_link_gives_one_url(normal: str, spelling: str) -> None:
    assert parse_meeting_url(spelling).url == normal


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        (MEET, Platform.GOOGLE_MEET),
        (ZOOM, Platform.ZOOM),
        (TEAMS, Platform.MICROSOFT_TEAMS),
        (TEAMS_LIVE, Platform.MICROSOFT_TEAMS),
    ],
)
def test_the_platform_is_recognised(url: str, platform: Platform) -> None:
    assert parse_meeting_url(url).platform is platform


def test_different_meetings_stay_different() -> None:
    urls = [
        MEET,
        ZOOM,
        ZOOM_PWD,
        TEAMS,
        TEAMS_LIVE,
        f"{ZOOM}?pwd=a",
        f"{ZOOM}?pwd=b",
        "zoom.us/my/a",
        "zoom.us/my/b",
    ]
    assert len({parse_meeting_url(url).url for url in urls}) == len(urls)


REFUSED = {
    "": "empty",
    " <> ": "empty",
    "https://example.com/abc-defg-hij": "'example.com' is not a host",
    "https://meet.google.com.evil.example/abc-defg-hij": "'meet.google.com.evil.example' is not a host",
    "https://evilmeet.google.com/abc-defg-hij": "not a host",
    "https://meet.google.com@evil.example/abc-defg-hij": "behind a user name",
    "https://evil.example\\@meet.google.com/abc-defg-hij": "behind a user name",
    "https://evil.example\\.zoom.us/j/12345678901": "not a host",
    "https://evil.example/.zoom.us/j/12345678901": "'evil.example' is not a host",
    "https://evilzoom.us/j/12345678901": "not a host",
    "https://zoom.us.evil.example/j/12345678901": "not a host",
    "https://evil.example?https://zoom.us/j/12345678901": "'evil.example' is not a host",
    "https://teams.microsoft.com.evil.example/meet/234567890123": "not a host",
    "https://notteams.live.com/meet/234567890123": "not a host",
    "https://zооm.us/j/12345678901": "not a host",  # noqa: RUF001 - the look-alike letters are the test
    "https://meet.google.com/abc-defg-hıj": "no meeting code",  # noqa: RUF001 - likewise
    "https://meet.google.com/abſ-defg-hij": "no meeting code",  # noqa: RUF001 - likewise
    "javascript:alert(1)": "malformed",
    "javascript://meet.google.com/abc-defg-hij": "scheme is 'javascript'",
    "file:///etc/passwd": "scheme is 'file'",
    "zoommtg://meet.google.com/abc-defg-hij": "open Zoom",
    "https://meet.google.com:8443/abc-defg-hij": "port is 8443",
    "https://meet.google.com:port/abc-defg-hij": "malformed",
    "https://[meet.google.com/abc-defg-hij": "malformed",
    "https://meet.google.com/": "no meeting code",
    "https://meet.google.com/new": "no meeting code",
    "https://meet.google.com/lookup/": "no meeting code",
    "https://g.co/abc-defg-hij": "no meeting code",
    "https://zoom.us/": "no meeting number",
    "https://zoom.us/j/1234": "no meeting number",
    "https://zoom.us/j/123456789012": "no meeting number",
    "https://zoom.us/j/１２３４５６７８９": "no meeting number",  # noqa: RUF001 - digits, but not Zoom's
    "https://zoom.us/rec/share/abc": "no meeting number",
    "https://events.zoom.us/ejl/AbCd": "no meeting number",
    "https://zoom.us/join?confno=abc": "no meeting number",
    "https://teams.microsoft.com/": "neither",
    "https://teams.microsoft.com/l/channel/19%3Aabc%40thread.tacv2/General": "neither",
    "https://teams.microsoft.com/l/meetup-join/123/0": "neither",
    "https://teams.microsoft.com/dl/launcher/launcher.html?type=meet": "neither",
    "https://www.google.com/url?sa=D": "empty",
    "https://www.google.com/url?q=https://evil.example/": "'evil.example' is not a host",
    "https://www.google.com/url?q=javascript://zoom.us/j/12345678901": "scheme is 'javascript'",
    "https://evil.example/url?q=https://zoom.us/j/12345678901": "'evil.example' is not a host",
    "https://evilsafelinks.protection.outlook.com/?url=https://zoom.us/j/12345678901": "not a host",
    "Join: https://zoom.us/j/12345678901": "blanks",
    "https://zoom.us/j/12345678901\x00": "control characters",
    "https://zoom.us/j/123\n45678901": "control characters",
    "https://zoom.us/j/12345678901?pwd=\u202ex": "invisible",
    "https://zoom.us/j/12345678901?pwd=\ud800": "invisible",
    "https://zoom.us/j/12345678901?pwd=a%00b": "encoded control characters",
    f"https://zoom.us/j/12345678901?x={'a' * MAX_LENGTH}": "longer than 2,048",
    f"https://zoom.us/j/12345678901?pwd={'é' * 1000}": "longer than 2,048",
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.items())
def test_anything_else_is_refused_with_its_reason_and_what_is_accepted(text: str, problem: str) -> None:
    with pytest.raises(MeetingUrlError) as caught:
        parse_meeting_url(text)
    assert problem in str(caught.value)
    for example_host in ("meet.google.com", "zoom.us", "teams.microsoft.com", "teams.live.com"):
        assert f"https://{example_host}/" in str(caught.value)


def test_endless_wrapping_is_refused() -> None:
    url = MEET
    for _ in range(6):
        url = f"https://google.com/url?q={quote(url, safe='')}"
    with pytest.raises(MeetingUrlError, match=r"'google\.com' is not a host"):
        parse_meeting_url(url)


def test_a_refusal_does_not_repeat_the_password() -> None:
    with pytest.raises(MeetingUrlError) as caught:
        parse_meeting_url("https://zoom.us/j/12?pwd=hunter2")
    assert "hunter2" not in str(caught.value)


@st.composite
def spoilt_links(draw: st.DrawFn) -> str:
    """Links that work, with something put in or cut out somewhere."""
    link = draw(st.sampled_from([text for texts in SAME_MEETING.values() for text in texts]))
    start = draw(st.integers(0, len(link)))
    end = draw(st.just(start) | st.integers(start, len(link)))
    piece = draw(st.text(st.sampled_from("aZ0._-+=/%2E&?#:@{}\"'<>,\\é\u200b\x00\ud800[]"), max_size=6))
    return link[:start] + piece + link[end:]


@given(st.text() | spoilt_links())
@example("https://zoom.us/j/12345678901?pwd=a.%2E")
@example("https://teams.live.com/#//[/meet/234567890123")
def test_any_text_is_either_refused_or_normalised_once_and_for_all(text: str) -> None:
    try:
        meeting = parse_meeting_url(text)
    except MeetingUrlError:
        return
    assert parse_meeting_url(meeting.url) == meeting
    assert parse_meeting_url(f"<{meeting.url}>.") == meeting
    assert meeting.url.isascii()
    assert meeting.url.startswith("https://")
    assert len(meeting.url) <= MAX_LENGTH


@given(st.from_regex(r"\A[0-9]{9,11}\Z"), st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_zoom_keeps_number_and_password(number: str, password: str) -> None:
    assert parse_meeting_url(f"zoom.us/wc/{number}/join?utm=1&pwd={password}").url == (
        f"https://zoom.us/j/{number}?pwd={password}"
    )
