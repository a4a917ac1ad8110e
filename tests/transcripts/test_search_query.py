"""What people type, as words to look for, and how the same words are marked in a text."""

import pytest

from minutekeeper.transcripts.search_query import SearchQuery, SearchQueryError, searchable


def marks(query: str, text: str) -> list[str]:
    return [part.text for part in SearchQuery.parse(query).marked(text) if part.is_match]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("budget", "The Budget, again.", ["Budget"]),
        ("budg", "Our budgets and budget.", ["budgets", "budget"]),
        ("bu", "Our budget, bu.", ["bu"]),
        ("budg ", "Our budget.", []),
        ("budg et", "Our budget.", []),
        ('"next week"', "Next week, or the week next to it.", ["Next week"]),
        ('"next we"', "Next week.", []),
        ("„nächste Woche“", "NAECHSTE? Nächste Woche!", ["Nächste Woche"]),
        ("cafe", "Café, cafe\u0301 and CAFÉ", ["Café", "cafe\u0301", "CAFÉ"]),
        ("lodz", "In Łódź.", ["Łódź"]),
        ("strasse", "Die Straße", ["Straße"]),
        ("c++", "In C++, not in C.", ["C++"]),
        ("c#", "C# and c", ["C#"]),
        ("会议", "今天的会议很长,会 议", ["会议", "会 议"]),
        ("会议 hello", "会议 Hello", ["会议", "Hello"]),
        ("well-known", "well known, known well", ["well known"]),
        ("مرحبا", "قال مرحبا بكم", ["مرحبا"]),
        ("नमस्ते", "वह नमस्ते कहता", ["नमस्ते"]),
    ],
)
def test_words_are_found_whatever_their_case_and_accents(query: str, text: str, expected: list[str]) -> None:
    assert marks(query, text) == expected


def test_marks_never_change_the_text() -> None:
    text = "Straße ﬁn <b>budget</b> \u202e\u05e9\u05dc\u05d5\u202c ½ budget"
    assert "".join(part.text for part in SearchQuery.parse('budget "fin"').marked(text)) == text


@pytest.mark.parametrize(
    ("query", "phrases", "is_open"),
    [
        ('AND OR NOT NEAR("a b", 5)', (("and",), ("or",), ("not",), ("near",), ("a", "b"), ("5",)), False),
        ("text:foo* ^bar {x} -baz", (("text", "foo"), ("bar",), ("x",), ("baz",)), True),
        ('"open phrase', (("open", "phrase"),), False),
        ('""', None, False),
        ("( * \x00 ) \u0301", None, False),
    ],
)
def test_nothing_that_is_typed_is_an_operator(
    query: str, phrases: tuple[tuple[str, ...], ...] | None, *, is_open: bool
) -> None:
    if phrases is None:
        with pytest.raises(SearchQueryError, match="Type a word"):
            SearchQuery.parse(query)
    else:
        assert SearchQuery.parse(query) == SearchQuery(phrases, is_open)


def test_a_search_has_limits_that_are_said() -> None:
    with pytest.raises(SearchQueryError, match="at most 200 characters; this has 201"):
        SearchQuery.parse("a" * 201)
    with pytest.raises(SearchQueryError, match="at most 16 words; this has 17"):
        SearchQuery.parse("a " * 17)


def test_a_snippet_shows_the_first_match_between_whole_words() -> None:
    text = f"{'before ' * 50}the budget is{' after' * 100}"
    parts = SearchQuery.parse("budget").snippet(text)
    shown = "".join(part.text for part in parts)
    assert shown.startswith("… before")
    assert shown.endswith("after …")
    assert len(shown) < 350
    assert [part.text for part in parts if part.is_match] == ["budget"]
    assert SearchQuery.parse("budget").snippet("no match")[0].text == "no match"


def test_the_index_and_the_marks_cut_words_alike() -> None:
    text = "C++ O'Brien's 3,000 e-mails; Ünïcode: 会议 x\u0301\u0301 ﬁ"
    assert searchable(text) == "c++ o brien s 3 000 e mails unicode 会 议 x fi"
