"""The one place that decides which paths may be used in the store."""

import re
import unicodedata

_STAGING_NAME = re.compile(r"#\d+$")


def checked(path: str) -> str:
    """The path itself if it may be used in the store. Raises ValueError that says what is wrong otherwise."""
    if path.startswith("/"):
        problem = "it must be relative"
    elif any(part in {"", ".", ".."} for part in path.split("/")):
        problem = "it has an empty part, `.` or `..`"
    elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in path):
        problem = "it has a control character"
    elif _STAGING_NAME.search(path):
        problem = "names that end in `#` and a number are kept for files that are being written"
    else:
        return path
    raise ValueError(f"{path!r} cannot be a path in the artifact store: {problem}")
