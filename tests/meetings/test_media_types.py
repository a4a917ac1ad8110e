"""The files that a recording can be, and what a browser is told that they are."""

import pytest

from minutekeeper.meetings.media_types import content_type_of, media_extension_of

AUDIO = (
    "aac=audio/aac aif=audio/aiff aiff=audio/aiff amr=audio/amr caf=audio/x-caf flac=audio/flac m4a=audio/mp4 "
    "m4b=audio/mp4 mka=audio/x-matroska mp2=audio/mpeg mp3=audio/mpeg oga=audio/ogg ogg=audio/ogg opus=audio/ogg "
    "wav=audio/wav weba=audio/webm wma=audio/x-ms-wma"
)
VIDEO = (
    "3gp=video/3gpp asf=video/x-ms-asf avi=video/x-msvideo flv=video/x-flv m4v=video/mp4 mkv=video/x-matroska "
    "mov=video/quicktime mp4=video/mp4 mpeg=video/mpeg mpg=video/mpeg ogv=video/ogg ts=video/mp2t "
    "webm=video/webm wmv=video/x-ms-wmv"
)
TEXTS = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
MEDIA = dict(pair.split("=") for pair in f"{AUDIO} {VIDEO}".split())


@pytest.mark.parametrize(("extension", "content_type"), (MEDIA | TEXTS).items())
def test_the_type_of_a_file_by_its_extension(extension: str, content_type: str) -> None:
    assert content_type_of(f"some.meeting/file.{extension}") == content_type
    assert content_type_of(f"FILE.{extension.upper()}") == content_type


@pytest.mark.parametrize("path", ["", "file", "file.exe", "video.mp4/file", "file.mp4."])
def test_every_other_file_is_just_bytes(path: str) -> None:
    assert content_type_of(path) == "application/octet-stream"
    assert media_extension_of(path) == ""


@pytest.mark.parametrize("extension", MEDIA)
def test_a_recording_keeps_its_extension(extension: str) -> None:
    assert media_extension_of(f"/a/b.c/video.{extension.upper()}") == extension


@pytest.mark.parametrize("extension", TEXTS)
def test_a_text_is_no_recording(extension: str) -> None:
    assert media_extension_of(f"/a/transcript.{extension}") == ""
