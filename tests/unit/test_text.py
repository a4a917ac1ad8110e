import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.text import join_words, one_line


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
    assert join_words(words) == text


@given(st.lists(st.text(min_size=1).map(one_line).filter(bool)))
def test_joining_adds_nothing_but_blanks(words: list[str]) -> None:
    assert join_words(words).replace(" ", "") == "".join(words).replace(" ", "")


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
