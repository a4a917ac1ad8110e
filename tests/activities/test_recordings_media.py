import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.media import is_media


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300), st.integers(1, 512))
def test_text_is_no_recording_wherever_it_is_cut(text: str, length: int) -> None:
    assert not is_media(f"<Error>{text}".encode()[:length], "application/octet-stream")


@pytest.mark.parametrize("content_type", ["text/html", "application/json", "video/mp4", ""])
@pytest.mark.parametrize("head", [b"\0\0\0\x18ftypmp42", b"\0\0\x10\0moov", b"ID3\x03\0", b"\xff\xfb\x90"])
def test_a_known_beginning_is_believed_whatever_the_server_says(head: bytes, content_type: str) -> None:
    assert is_media(head, content_type)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("video/mp4", True), ("application/octet-stream", True), ("text/plain", False), ("application/xml", False)],
)
def test_unknown_bytes_are_taken_unless_the_server_calls_them_text(content_type: str, *, expected: bool) -> None:
    assert is_media(b"\x00\x9fsomething new", content_type) is expected
