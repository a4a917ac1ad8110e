"""Settings that cannot be meant are named by every command that needs them, wherever they were written."""

from pathlib import Path

import pytest

from tests.starter.support import cli

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD = {
    "MINUTEKEEPER_DEADLINE_JOINING": ["-3", "0", "soon", "1.5"],
    "MINUTEKEEPER_BRIDGE_PORT": ["80900", "-1", "http"],
    "MINUTEKEEPER_SEND_TIMEOUT_SECONDS": ["11", "nan"],
    "MINUTEKEEPER_LOG_LEVEL": ["LOUD"],
    "ARTIFACTS_URL": ["ftp://x"],
    "MINUTEKEEPER_WEBHOOK_SECRET": ["31-characters-are-one-too-few-0"],
}
MISSPELT = {
    "MINUTEKEEPER_DEADLINE_JOINNG": "did you mean MINUTEKEEPER_DEADLINE_JOINING?",
    "MINUTEKEEPER_SEND_TIMEOUT_SECOND": "did you mean MINUTEKEEPER_SEND_TIMEOUT_SECONDS?",
    "MINUTEKEEPER_DEADLINE_TEATIME": "MINUTEKEEPER_DEADLINE_MAX_BOT_LIFETIME",
    "minutekeeper_log_levle": "did you mean MINUTEKEEPER_LOG_LEVEL?",
}
COMMANDS = (
    ("doctor",),
    ("worker",),
    ("bridge",),
    ("schedule", "https://meet.google.com/abc-defg-hij", "--at", "+1d"),
)


@pytest.mark.parametrize("where", ["environment", ".env"])
async def test_a_bad_setting_is_named_by_every_command(
    settings: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    settings.delenv("ARTIFACTS_URL")
    for name, values in BAD.items():
        for number, value in enumerate(values):
            with settings.context() as patch:
                if where == ".env":
                    (tmp_path / ".env").write_text(f"{name}={value}\n")
                else:
                    patch.setenv(name, value)
                for command in COMMANDS[: None if number == 0 else 1]:
                    ended = await cli(*command)
                    assert (ended.code, ended.out) == (2, "")
                    assert ended.err.removeprefix("Error: ").startswith(f"{name}: ")
                    assert ended.err.count("\n") == 1


async def test_all_bad_settings_are_named_at_once(settings: pytest.MonkeyPatch) -> None:
    for name, values in BAD.items():
        settings.setenv(name, values[0])
    shown = (await cli("doctor")).err
    assert all(f"{name}: " in shown for name in BAD)


@pytest.mark.parametrize(("name", "hint"), MISSPELT.items())
async def test_a_misspelt_setting_is_no_silent_default(settings: pytest.MonkeyPatch, name: str, hint: str) -> None:
    settings.setenv(name, "60")
    ended = await cli("doctor")
    assert ended.code == 2
    assert name.upper() in ended.err
    assert hint in ended.err


async def test_what_is_empty_or_of_others_is_no_mistake(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    settings.setenv("MINUTEKEEPER_DEADLINE_JOINING", "")
    settings.setenv("MINUTEKEEPER_SIMULATOR_SPEED", "2")
    settings.setenv("MINUTEKEEPER_BACKUP_FOLDER", "/tmp")  # noqa: S108 - never opened
    assert "Cannot connect to Temporal" in (await cli("doctor")).out


async def test_an_unreadable_file_of_settings_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    ended = await cli("doctor")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert ended.err.startswith("Error: .env cannot be read")
