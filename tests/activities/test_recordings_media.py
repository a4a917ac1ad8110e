import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.downloads.media_detection import detect_extension, is_media
from minutekeeper.meetings.media_types import content_type_of, media_extension_of


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


@pytest.mark.parametrize(
    ("head", "hint", "expected"),
    [
        (b"\0\0\0\x18ftypisom", "mp4", "mp4"),
        (b"\0\0\0\x18ftypisom", "m4a", "m4a"),
        (b"\0\0\0\x18ftypisom", "mp3", "mp4"),
        (b"\0\0\0\x18ftypM4A ", "mp4", "m4a"),
        (b"\0\0\0\x14ftypqt  ", "mp4", "mov"),
        (b"RIFF\x24\x08\0\0WAVEfmt ", "mp3", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "mp3", "wav"),
        (b"RIFF\x24\x08\0\0AVI LIST", "mp4", "avi"),
        (b"fLaC\0\0\0\x22", "mp3", "flac"),
        (b"OggS\0\x02", "mp3", "ogg"),
        (b"OggS\0\x02", "opus", "opus"),
        (b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01B\x82\x84webm", "mp4", "webm"),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\x82\x88matroska", "mp4", "mkv"),
        (b"ID3\x04\0\0", "wav", "mp3"),
        (b"\xff\xfb\x90\x64", "mp4", "mp3"),
        (b"\xff\xf1\x50\x80", "mp3", "aac"),
        (b"FORM\0\0\0\x12AIFFCOMM", "mp3", "aiff"),
        (b"#!AMR\n", "mp3", "amr"),
        (b"\0\0\x01\xba\x44", "mp4", "mpg"),
        (b"G\x40\x11\x10" + bytes(184) + b"G", "mp4", "ts"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma", "wma"),
        (b"\x9funknown\0", "flac", "flac"),
    ],
)
def test_the_extension_follows_first_bytes_and_link(head: bytes, hint: str, expected: str) -> None:
    assert detect_extension(head, hint) == expected
    assert media_extension_of(f"a/b.{expected.upper()}") == expected
    assert content_type_of(f"m/recording.{expected}").startswith(("audio/", "video/"))


def test_a_text_in_utf_16_is_no_sound() -> None:
    assert detect_extension("<Error>".encode("utf-16"), "mp4") == "mp4"
    assert content_type_of("m/manifest.json") == "application/json"
    assert content_type_of("m/recording.exe") == "application/octet-stream"
