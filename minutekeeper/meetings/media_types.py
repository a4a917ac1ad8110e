"""The kinds of files that a recording can be, by their extensions."""

AUDIO_TYPES = {
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "caf": "audio/x-caf",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "mka": "audio/x-matroska",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "wma": "audio/x-ms-wma",
}
VIDEO_TYPES = {
    "3gp": "video/3gpp",
    "asf": "video/x-ms-asf",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "ogv": "video/ogg",
    "ts": "video/mp2t",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}
_TEXT_TYPES = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}
_IMAGE_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
}
_CONTENT_TYPES = AUDIO_TYPES | VIDEO_TYPES | _TEXT_TYPES | _IMAGE_TYPES


def content_type_of(path: str) -> str:
    """The media type of a file of a meeting, by its name."""
    return _CONTENT_TYPES.get(_extension_of(path), "application/octet-stream")


def media_extension_of(path: str) -> str:
    """The extension of a path in lower case, empty if it is none of a recording."""
    extension = _extension_of(path)
    return extension if extension in AUDIO_TYPES or extension in VIDEO_TYPES else ""


def _extension_of(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
