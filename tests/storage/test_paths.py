"""Which paths may be used in the store."""

import pytest

from minutekeeper.storage.layout import validate_path
from minutekeeper.storage.store import ArtifactStore


@pytest.mark.parametrize("path", ["a", "a/b.c", "ü/日本", ".hidden/a b", "a#1x", "a/#x", "..a/b.."])
def test_good(path: str) -> None:
    assert validate_path(path) == path


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "empty part"),
        ("/etc/passwd", "relative"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("../a", r"\.\."),
        ("a/./b", r"\.\."),
        ("a\nb", "control character"),
        ("a\x00b", "control character"),
        ("a\x7fb", "control character"),
        ("a\ud800b", "control character"),
        ("recording.mp4#1", "being written"),
    ],
)
def test_bad(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        validate_path(path)


@pytest.mark.parametrize("path", ["../x", "/x", "a//b"])
async def test_every_call_checks(folder_store: ArtifactStore, path: str) -> None:
    for call in (folder_store.get, folder_store.size, folder_store.list, folder_store.delete):
        with pytest.raises(ValueError, match="cannot be a path"):
            await call(path)
    with pytest.raises(ValueError, match="cannot be a path"):
        await folder_store.put(path, b"")
    with pytest.raises(ValueError, match="cannot be a path"):
        await folder_store.delete_prefix(path)
    with pytest.raises(ValueError, match="cannot be a path"):
        [chunk async for chunk in folder_store.read(path)]
    with pytest.raises(ValueError, match="cannot be a path"):
        async with folder_store.writer(path):
            pass
