"""The real command as a process: exit statuses, signals, pipes, and no traceback ever."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from starter.temporal_client import TemporalMeetingClient
from tests.starter.support import a_request, an_outcome, cli, end, process

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ended(*arguments: str) -> tuple[int | None, str, str]:
    async with process(*arguments) as child:
        out, err = await child.communicate()
        return child.returncode, out.decode(), err.decode()


async def test_help_is_there_without_anything_else() -> None:
    code, out, err = await ended("--help")
    assert (code, err) == (0, "")
    for command in ("schedule", "list", "show", "watch", "reschedule", "cancel", "leave", "transcript", "why"):
        assert f"\n  {command} " in out
    assert (await cli()).out == out


async def test_help_loads_nothing_that_takes_time() -> None:
    heavy = {"temporalio", "pydantic", "rich", "aiohttp", "httpx", "obstore"}
    program = "import sys, starter.cli; print(*sorted(set(sys.modules) & set(sys.argv[1:])))"
    loaded = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program, *heavy], cwd=ROOT, capture_output=True, check=True
    )
    assert loaded.stdout == b"\n"


async def test_temporal_down_is_a_1_and_a_sentence(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    code, out, err = await ended("list")
    assert (code, out) == (1, "")
    assert err.startswith("Error: Cannot connect to Temporal at 127.0.0.1:1: Connection refused.")
    assert err.count("\n") == 1
    assert "Connection refused" in (await cli("list", "--json")).error


async def test_a_wrong_profile_is_a_1_and_a_sentence(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TEMPORAL_PROFILE", "nowhere")
    profile = await cli("list")
    assert (profile.code, profile.out) == (1, "")
    assert "'nowhere' not found" in profile.err


@pytest.mark.usefixtures("at_temporal")
async def test_a_booking_from_a_process_and_its_end(client: TemporalMeetingClient) -> None:
    start = a_request(120).start_time.isoformat()
    code, out, err = await ended("schedule", "https://meet.google.com/pro-cess-abc", "--at", start, "--json")
    assert (code, err) == (0, "")
    booked = json.loads(out)
    await end(client, booked["workflow_id"], an_outcome(booked["meeting_id"]))
    code, out, err = await ended("watch", booked["meeting_id"])
    assert (code, err) == (0, "")
    assert "is completed." in out


@pytest.mark.usefixtures("at_temporal")
async def test_ctrl_c_is_a_quiet_130(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(121))
    async with process("watch", started.meeting_id, "--json") as child:
        assert child.stdout is not None
        assert json.loads(await child.stdout.readline())["status"] == "scheduled"
        child.send_signal(signal.SIGINT)
        out, err = await child.communicate()
        assert (child.returncode, out) == (130, b"")
        assert json.loads(err) == {"error": "Interrupted.", "exit_code": 130}


@pytest.mark.usefixtures("at_temporal")
async def test_a_reader_that_goes_away_is_no_trouble(client: TemporalMeetingClient) -> None:
    started = await client.start(a_request(122))
    for arguments in (("watch", started.meeting_id, "--json"), ("watch", started.meeting_id)):
        async with process(*arguments) as child:
            assert child.stdout is not None
            await child.stdout.readline()
            child._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]  # as `head` does
            await client.temporal.get_workflow_handle(started.workflow_id).signal("play", {"text": "News."})
            assert await child.wait() == 1
            assert child.stderr is not None
            assert await child.stderr.read() == b""


async def test_the_simulator_is_handed_its_own_options() -> None:
    code, out, _err = await ended("simulator", "--help")
    assert code == 0
    assert "--port" in out


@pytest.mark.parametrize(
    ("variable", "value"), [("BRIDGE_SECRET", "s" * 31), ("BRIDGE_PUBLIC_URL", "http://bridge.example.com")]
)
async def test_a_service_with_unsafe_settings_is_a_2_that_names_them(
    settings: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    settings.setenv("MEETINGBAAS_API_KEY", "key")
    settings.setenv("BRIDGE_SECRET", "s" * 32)
    settings.setenv(variable, value)
    for name in ("worker", "bridge"):
        service = await cli(name)
        assert (service.code, service.out) == (2, "")
        assert service.err.startswith(variable)
        assert len(service.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["worker", "bridge"])
async def test_a_service_without_its_secrets_is_a_2_that_names_them(name: str) -> None:
    service = await cli(name)
    assert (service.code, service.out) == (2, "")
    assert "BRIDGE_SECRET" in service.err
    assert (await cli(name, "--queue", "unknown")).code == 2
