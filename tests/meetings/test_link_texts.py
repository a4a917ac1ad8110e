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
    ],
    ids=["half links", "half of one link", "half a word for the passcode"],
)
def test_text_that_is_made_to_be_slow_is_read_quickly(text: str) -> None:
    begun = time.process_time()

    list(meeting_urls_in(text))

    assert time.process_time() - begun < 1


@pytest.mark.parametrize("word", ["contraseña", "contrasen\u0303a", "código de acceso", "codigo de acceso"])
def test_words_for_a_passcode_with_letters_of_their_own(word: str) -> None:
    assert [found.url for found in meeting_urls_in(f"{BARE} {word}: xY9")] == [LINK]
