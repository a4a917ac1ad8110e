import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.text import Spoken, balanced, join_words, one_line, plain_text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], ""),
        (["Hello"], "Hello"),
        (["Hello", "world", ".", "Really", "?"], "Hello world. Really?"),
        (["Hello,", "world."], "Hello, world."),
        (["it", "'s", "(", "almost", ")", "100", "%", "…"], "it's (almost) 100%…"),
        (["'cause", "we", "said", "so"], "'cause we said so"),
        (["¿", "Qué", "?"], "¿Qué?"),
        (["as (", "so", "a。", "b", "x天", "天"], "as (so a。 b x天天"),
        (["今天", "天气", "很", "好", "。", "真的", "!"], "今天天气很好。真的!"),
        (["これは", "ペン", "です"], "これはペンです"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["我们", "用", "Python", "写"], "我们用 Python 写"),
        (["안녕하세요", "여러분"], "안녕하세요 여러분"),
        (["שלום", "עולם", "!"], "שלום עולם!"),
        (["كيف", "حالك", "؟"], "كيف حالك؟"),
        (["👩‍👩‍👧", "🙂"], "👩‍👩‍👧 🙂"),
    ],
)
def test_words_become_readable_text(words: list[str], text: str) -> None:
    assert join_words(map(Spoken, words)) == text


@given(st.lists(st.text(min_size=1).map(one_line).filter(bool)))
def test_joining_adds_nothing_but_blanks(words: list[str]) -> None:
    assert join_words(map(Spoken, words)).replace(" ", "") == "".join(words).replace(" ", "")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" a\r\n\tb\u2028c\x0bd ", "a b c d"),
        ("a\x00\x1b[1mb\x7f\x9f", "a[1mb"),
        ("\ud83d", "\ufffd"),
        ("\x00 \n", ""),
    ],
)
def test_one_line_keeps_only_what_can_be_seen(text: str, line: str) -> None:
    assert one_line(text) == line


@given(st.text(st.characters()))
def test_one_line_is_one_line_and_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
    line.encode()


MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def leaves_no_direction_open(text: str) -> bool:
    """By the rules of Unicode's algorithm, without our own code."""
    opened: list[str] = []
    for character in text:
        if character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068":
            opened.append(character)
        elif character == "\u202c":
            if not opened or opened.pop() in "\u2066\u2067\u2068":
                return False
        elif character == "\u2069" and (not opened or opened.pop() not in "\u2066\u2067\u2068"):
            return False
    return not opened


@given(st.text(st.sampled_from(MARKS + "\u200e\u200f\u061cab\u05d0"), max_size=30))
def test_directions_never_leak_and_nothing_but_their_marks_is_lost(text: str) -> None:
    made = balanced(text)

    assert leaves_no_direction_open(made)
    assert balanced(made) == made
    without = str.maketrans("", "", MARKS)
    assert made.translate(without) == text.translate(without)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Evil Rabbit\u202e", "Evil Rabbit"),
        ("\u202eab\u202c c", "\u202eab\u202c c"),
        ("\u2067a\u202eb\u2069 c", "\u2067ab\u2069 c"),
        ("a\u202c\u2069b", "ab"),
        ("\u202ea\u2066b\u202cc\u2069", "a\u2066bc\u2069"),
        ("\u200ea\u200f\u061c", "\u200ea\u200f\u061c"),
    ],
)
def test_marks_of_direction_stay_only_in_pairs(text: str, made: str) -> None:
    assert balanced(text) == one_line(text) == made


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain  text\nof two lines", "plain text of two lines"),
        ("<p>Hi,<br/>all</p><ul><li>one</li><li>two</li></ul>", "Hi, all one two"),
        ("#no<b>rec</b><span class='x'>ord</span>", "#norecord"),
        ("a&nbsp;b &lt;c&gt; &amp;amp; d", "a b <c> &amp; d"),
        ("<html><head><title>x</title></head><style>p {}</style><STYLE>q</STYLE >y<!-- z -->", "y"),
        ("1 < 2 > 0, a <= b", "1 < 2 > 0, a <= b"),
        ("seen<!-- not seen", "seen"),
        ("\u0130<!-- x -->y", "\u0130 y"),
        ("", ""),
    ],
)
def test_what_a_reader_sees_of_markup(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize("evil", ["<style>", "<!--", "<a", "<", "<b ", "</script", "&#"])
def test_no_markup_takes_long(evil: str) -> None:
    began = time.process_time()
    plain_text(evil * 100_000)
    assert time.process_time() - began < 1
