"""Links inside links of mail gateways, chats and redirect pages: known wrappers, and what only looks like one."""

import base64
from urllib.parse import quote

import pytest

from minutekeeper.meetings.meeting_urls import MeetingUrlError, Platform, parse_meeting_url

ZOOM = "https://zoom.us/j/12345678901?pwd=aB3_x.1"
CODED = quote(ZOOM, safe="")
SAFELINKS = (
    "safelinks.protection.outlook.com",
    "safelinks.protection.outlook.de",
    "safelinks.protection.office365.us",
    "safelinks.protection.apps.mil",
    "safelinks.o365.cn",
    "safelinks.protection.partner.outlook.cn",
)
WRAPPERS = [
    *(
        f"https://{host}/url?sa=D&{name}={CODED}"
        for host in ("google.com", "www.google.com")
        for name in ("q", "url")
    ),
    *(f"https://www.google.{ending}/url?q={CODED}" for ending in ("de", "co.uk", "com.br")),
    *(f"https://eur01.{host}/?url={CODED}&data=05" for host in SAFELINKS),
    f"https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url={CODED}",
    f"https://statics.teams.onecdn.static.microsoft/evergreen-assets/safelinks/2/x.html?url={CODED}",
    f"https://slack-redir.net/link?url={CODED}",
    f"https://meet.google.com/linkredirect?authuser=0&dest={CODED}",
    f"https://accounts.google.com/AccountChooser?continue={CODED}",
    f"https://accounts.google.com/v3/signin?hl=de&continue={CODED}",
    f"https://l.facebook.com/l.php?u={CODED}&h=AT0",
    f"https://www.linkedin.com/redir/redirect?url={CODED}",
    f"https://linkprotect.cudasvc.com/url?a={CODED}&c=E,1",
    f"https://protect2.fireeye.com/v1/url?k=1&u={CODED}",
    f"https://protect2.fireeye.com/url?k=1&u={CODED}",
    f"https://clicktime.symantec.com/3abc?u={CODED}",
    f"https://link.edgepilot.com/s/1/x?u={CODED}",
    f"https://eu.protection.sophos.com/?d=zoom.us&u={base64.urlsafe_b64encode(ZOOM.encode()).decode()}",
    f"https://eu.protection.sophos.com/?u={base64.urlsafe_b64encode(ZOOM.encode()).decode().rstrip('=')}",
    f"https://protect.checkpoint.com/v2/___{ZOOM}___.YzJl",
    f"https://protect.checkpoint.com/v2/___https:/{ZOOM.removeprefix('https://')}___.YzJl",
    f"https://secure-web.cisco.com/1abc-DEF/{CODED}",
    f"https://urldefense.proofpoint.com/v1/url?u={CODED}&k=x",
    f"https://urldefense.com/v1/url?u={CODED}&k=x",
    f"https://urldefense.us/v1/url?u={CODED}&k=x",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_12345678901-3Fpwd-3DaB3-5Fx.1&d=DwM",
    f"https://urldefense.com/v3/__{ZOOM}__;!!abc!x$",
    f"https://urldefense.com/v3/__{ZOOM.replace('://', ':/')}__;!!abc!x$",
    "https://urldefense.com/v3/__https://zoom.us/j/12345678901*pwd=aB3_x.1__;Pw!!abc!x$",
    "https://urldefense.com/v3/__https://zoom.us/j/12345678901*pwd*aB3_x.1__;Pz0!!abc!x$",
    "https://urldefense.com/v3/__https://zoom.us/j/123456789**A?pwd=aB3_x.1__;MDE!!abc!x$",
]
NO_WRAPPERS = [
    f"https://google.com/search?q={CODED}",
    f"https://google.example/url?q={CODED}",
    f"https://notgoogle.com/url?q={CODED}",
    f"https://google.com.evil.example/url?q={CODED}",
    f"https://eur01.safelinks.protection.outlook.com.evil.example/?url={CODED}",
    f"https://evil.example/safelinks?url={CODED}",
    f"https://statics.teams.cdn.office.net/other/page.html?url={CODED}",
    f"https://slack-redir.net/other?url={CODED}",
    f"https://l.facebook.com/other?u={CODED}",
    f"https://www.linkedin.com/in/redirect?url={CODED}",
    f"https://linkprotect.cudasvc.com/other?a={CODED}",
    f"https://protect2.fireeye.com/v2/url?u={CODED}",
    f"https://protection.sophos.com/?u={base64.urlsafe_b64encode(ZOOM.encode()).decode()}",
    f"https://protect.checkpoint.com/v2/__{ZOOM}__.YzJl",
    f"https://urldefense.example/v1/url?u={CODED}",
    f"https://urldefense.com/v4/url?u={CODED}",
]
EMPTY = [
    "https://www.google.com/url?sa=D",
    "https://slack-redir.net/link?other=x",
    "https://eur01.safelinks.protection.outlook.com/?url=",
    "https://eu.protection.sophos.com/?u=",
    "https://eu.protection.sophos.com/?u=%E4",
    "https://eu.protection.sophos.com/?u=_w",
    "https://urldefense.com/v1/url?k=x",
    "https://urldefense.com/v2/url?d=x",
    "https://secure-web.cisco.com/",
]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_known_wrapper_gives_out_its_link(wrapper: str) -> None:
    assert parse_meeting_url(wrapper).url == ZOOM


def test_a_host_with_its_final_full_stop_is_the_same() -> None:
    assert parse_meeting_url(f"https://slack-redir.net./link?url={CODED}").url == ZOOM


@pytest.mark.parametrize("link", NO_WRAPPERS)
def test_what_only_looks_like_a_wrapper_is_refused(link: str) -> None:
    with pytest.raises(MeetingUrlError, match="is not a host of these services"):
        parse_meeting_url(link)


@pytest.mark.parametrize("wrapper", EMPTY)
def test_a_wrapper_without_a_link_is_refused_as_empty(wrapper: str) -> None:
    with pytest.raises(MeetingUrlError, match="it is empty"):
        parse_meeting_url(wrapper)


def test_of_several_parameters_the_likeliest_counts() -> None:
    other = quote("https://zoom.us/j/99999999999", safe="")
    assert parse_meeting_url(f"https://google.com/url?url={other}&q={CODED}").url == ZOOM
    assert parse_meeting_url(f"https://slack-redir.net/link?url={CODED}&url={other}").url == ZOOM


def test_a_character_that_a_gateway_took_out_and_lost_is_missing() -> None:
    with_too_few = "https://urldefense.com/v3/__https://zoom.us/j/12345678901?pwd=a*b*c__;Lg!!abc!x$"
    assert parse_meeting_url(with_too_few).url == "https://zoom.us/j/12345678901?pwd=a.bc"


def test_the_platforms_are_words_of_the_interface() -> None:
    assert [*Platform] == ["google_meet", "zoom", "microsoft_teams"]
