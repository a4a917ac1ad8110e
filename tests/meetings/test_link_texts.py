"""Links in HTML and in running text: where they end, and which of several is the way into the meeting."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.meetings.link_texts import best_meeting_url, meeting_urls_in

BARE = "https://us02web.zoom.us/j/85512341234"
LINK = f"{BARE}?pwd=xY9"
MEET = "https://meet.google.com/abc-defg-hij"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3Ameeting_a%40thread.v2/0?context=%7B%22Tid%22%3A%22a%22%7D"

AROUND = [
    '<a href="{}">Join</a>',
    "<a href='{}'>Join</a>",
    "&lt;a href=&quot;{}&quot;&gt;Join&lt;/a&gt;",
    "{};Room 5 (Berlin)",
    "Room 5 ({})",
    "{}, Room 5",
    "{}. See you!",
    "Zoom:{}",
    "[Join]({})",
    "<{}|Join>",
    "\u201c{}\u201d",
    "会议链接：{}，请准时参加。",  # noqa: RUF001 - the signs are the test
    "（{}）",  # noqa: RUF001 - likewise
    "{}…",
    "{}\u200b\u200b and more",
    "**{}**",
    "{}<br>Room 5",
    "{}&nbsp;Room 5",
    "{}\r\nRoom 5",
    '{{"joinUrl":"{}"}}',
    "{}|Room 5",
    "`{}`",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("link", [LINK, MEET, TEAMS])
def test_a_link_ends_where_its_text_goes_on(around: str, link: str) -> None:
    assert [each.url for each in meeting_urls_in(around.format(link))] == [link]


@pytest.mark.parametrize(
    "text",
    [
        f"{BARE} (Passcode: xY9)",
        f"{BARE}\n\nMeeting ID: 855 1234 1234\nPasscode: xY9\n\nOne tap mobile\n+4969123",
        f"<a href='{BARE}'>Join</a><br>Passcode: <b>xY9</b>",
        f"{BARE}?from=addon&amp;pwd=xY9",
        "us02web.zoom.us/j/85512341234?pwd=xY9; Room 5",
        f"{LINK}Passcode: 497810",
        f"see https://urldefense.com/v3/__{LINK}__;!!NdXXx!yyyy$ please",
        f"https://www.google.com/url?q={BARE}?pwd%3DxY9&sa=D&source=calendar",
    ],
)
def test_what_admits_is_found_in_the_text(text: str) -> None:
    found = best_meeting_url([text])
    assert found is not None
    assert found.url == LINK


@pytest.mark.parametrize(
    ("places", "notes", "right"),
    [
        ([BARE, LINK], "", LINK),
        ([BARE, f"{MEET} {LINK}"], "", LINK),
        ([MEET, LINK], "", MEET),
        ([BARE], f"Join: {LINK}", LINK),
        ([BARE], "https://us02web.zoom.us/j/99999999999?pwd=z", BARE),
        (["https://zoom.us/j/85512341234", LINK], "", LINK),
        (["Room 5", ""], LINK, None),
        ([TEAMS.partition("?")[0]], f"Join: {TEAMS}", TEAMS),
        ([f"{BARE} and {MEET} Passcode: abc1"], "", BARE),
    ],
)
def test_of_two_links_to_one_meeting_the_one_with_the_password(
    places: list[str], notes: str, right: str | None
) -> None:
    found = best_meeting_url(places, notes)
    assert (found.url if found else None) == right


BARE_MEET = MEET.removeprefix("https://")
OTHER = "https://us02web.zoom.us/j/85512341235"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (f"//{BARE_MEET}", MEET),
        (f'<a href="//{BARE_MEET}">', MEET),
        (f"http:{BARE_MEET}", MEET),
        (f"http:/{BARE_MEET}", MEET),
        (f"https//{BARE_MEET}", MEET),
        (f"https://https://{BARE_MEET}", MEET),
        (f"Raum:{BARE_MEET}", MEET),
        (f"Raum5{BARE_MEET}", MEET),
        ("acme.zoom.com.cn/j/85512341234", "https://acme.zoom.com.cn/j/85512341234"),
        ("tel.meet/abc-defg-hij", MEET),
        ("teams.cloud.microsoft/meet/9321234567890", "https://teams.microsoft.com/meet/9321234567890"),
        ("gov.teams.microsoft.us/meet/9321234567890", "https://gov.teams.microsoft.us/meet/9321234567890"),
    ],
)
def test_a_link_without_its_scheme_is_one(text: str, right: str) -> None:
    assert [each.url for each in meeting_urls_in(text)] == [right]


@pytest.mark.parametrize(
    "text", [f"anna@{BARE_MEET}", f"acme.example/{BARE_MEET}", f"x.{BARE_MEET}", f"https://acme.example?to={MEET}"]
)
def test_what_only_ends_like_a_link_is_none(text: str) -> None:
    assert list(meeting_urls_in(text)) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (f"{LINK}{MEET}", [LINK, MEET]),
        (f"{MEET}{LINK}", [MEET, LINK]),
        (f"{TEAMS}{MEET}", [TEAMS, MEET]),
        (f"{MEET}/{MEET}", [MEET, MEET]),
        (f"{BARE}{OTHER}", [BARE, OTHER]),
        (f"{LINK}{BARE_MEET}", [LINK, MEET]),
        (f"{MEET}{LINK.removeprefix('https://')}", [MEET, LINK]),
        (f"{BARE}zoom.us/j/85512341235", [BARE, "https://zoom.us/j/85512341235"]),
        (f"{BARE}zoommtg://zoom.us/join?confno=85512341235", [BARE, "https://zoom.us/j/85512341235"]),
        (f"{LINK}https://acme.example/agenda", [LINK]),
        (f"{MEET}www.acme.example", [MEET]),
        (f"https://acme.example/agenda{MEET}", [MEET]),
        (f"https://meet.google.com/linkredirect?dest={LINK}", [LINK]),
    ],
)
def test_two_links_without_a_blank_between_them_are_two(text: str, right: list[str]) -> None:
    assert [each.url for each in meeting_urls_in(text)] == right


@given(st.text(), st.text())
def test_any_text_around_a_link_does_no_harm(before: str, after: str) -> None:
    assert LINK in [each.url for each in meeting_urls_in(f"{before} {LINK} {after}")]


@given(st.text(st.sampled_from("aZ0._-+=/%2E&?#:@{}\"'<>,;()|\\é \u200b\x00https://zoom.us/j/12345678901?pwd=")))
def test_nothing_that_is_written_breaks_the_search(text: str) -> None:
    assert len(list(meeting_urls_in(text))) <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://urldefense.com/v3/__a__;!!" * 600,
        "https://urldefense.com/v3/__" + "__;!!" * 6000,
        BARE + "cw" * 30_000,
        MEET * 2000,
        "https:/" * 14_000,
    ],
    ids=["half links", "half of one link", "half a word for the passcode", "many links", "half schemes"],
)
def test_text_that_is_made_to_be_slow_is_read_quickly(text: str) -> None:
    begun = time.process_time()

    list(meeting_urls_in(text))

    assert time.process_time() - begun < 1


@pytest.mark.parametrize("word", ["contraseña", "contrasen\u0303a", "código de acceso", "codigo de acceso"])
def test_words_for_a_passcode_with_letters_of_their_own(word: str) -> None:
    assert [found.url for found in meeting_urls_in(f"{BARE} {word}: xY9")] == [LINK]
