"""A worker that is killed at whatever call of the store: the next one brings the whole file home."""

import re
from pathlib import Path

from minutekeeper.storage.layout import record_index_entry
from minutekeeper.storage.manifest import Manifest
from tests.activities.media_server import BLOCK, MediaServer
from tests.activities.programs import told_by
from tests.activities.recording_runner import RECORD
from tests.storage.s3_server import S3Server

_PATH = "records/2026/12/01/1000Z-m.json"
_KEYS = (
    ("meeting", RECORD.workflow_id),
    ("link", RECORD.meeting_url),
    *(("bot", bot.bot_id) for bot in RECORD.bots),
)
RECORDED = (_PATH, *sorted(record_index_entry(kind, key, _PATH) for kind, key in _KEYS))
"""The record of the meeting, and the entries that lead to it."""


class Tokens:
    """Every signature is good here: each process has one of its own, which tells its requests apart."""

    def __contains__(self, signature: object) -> bool:
        return True


async def crash_at_every_call(server: MediaServer, url: str) -> list[dict[str, int]]:
    server.size = 3 * BLOCK + 1000
    server.tokens = Tokens()  # type: ignore[assignment]  # any container will do
    cases = await told_by("crashing", url, f"{server.url}/recording.mp4?sig=t", str(BLOCK))
    assert len(cases) > 20
    assert [case["code"] for case in cases] == [0] * len(cases)
    return cases


def assert_at_most_one_piece_is_fetched_again(server: MediaServer, cases: list[dict[str, int]]) -> None:
    for case in cases:
        again = [line.start or 0 for line in server.log if line.raw_path.endswith(f"-{case['calls']}-next")]
        assert len(again) <= 1, case
        assert all(start >= case["held"] - BLOCK for start in again), (case, again)
    assert {case["held"] for case in cases} >= {0, BLOCK, 2 * BLOCK, 3 * BLOCK, server.size}


async def test_in_a_folder_everything_is_whole_and_nothing_is_left_behind(
    media_server: MediaServer, tmp_path: Path
) -> None:
    cases = await crash_at_every_call(media_server, tmp_path.as_uri())

    for case in cases:
        root = tmp_path / str(case["calls"])
        assert sorted(str(path.relative_to(root)) for path in root.rglob("*.*")) == [
            "m/.run.json",
            "m/manifest.json",
            "m/recording.mp4",
            *RECORDED,
        ], case
        content = (root / "m" / "recording.mp4").read_bytes()
        assert content == media_server.content, case
        files = Manifest.model_validate_json((root / "m" / "manifest.json").read_bytes()).files
        assert [file.sha256 for file in files] == [media_server.sha256]
    assert_at_most_one_piece_is_fetched_again(media_server, cases)


async def test_in_a_bucket_everything_is_whole_and_only_hidden_uploads_are_left_behind(
    media_server: MediaServer, bucket: S3Server
) -> None:
    cases = await crash_at_every_call(media_server, f"s3://{bucket.bucket}")

    for case in cases:
        folder = f"{case['calls']}/m"
        found = {key: body for key, body in bucket.objects.items() if re.match(rf"{case['calls']}/", key)}
        names = ("m/.run.json", "m/manifest.json", "m/recording.mp4", *RECORDED)
        assert sorted(found) == [f"{case['calls']}/{name}" for name in names], case
        assert found[f"{folder}/recording.mp4"] == media_server.content, case
    assert_at_most_one_piece_is_fetched_again(media_server, cases)
