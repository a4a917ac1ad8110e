import asyncio
import os
import signal

import pytest

from devtools.stack.errors import ServiceError, UsageError
from devtools.stack.runner import run_to_exit_status


async def ends_with(status: int) -> int:
    await asyncio.sleep(0)
    return status


async def fails(error: Exception) -> int:
    await asyncio.sleep(0)
    raise error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_work_cleanly_and_a_second_one_does_not_hurry_it(number: signal.Signals) -> None:
    cleaned: list[str] = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), number)
            await asyncio.sleep(600)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.05)
            cleaned.append("all")
        return 0

    assert run_to_exit_status(work(), when_stopped=130) == 130
    assert cleaned == ["all"]


def test_work_that_ends_by_itself_has_its_own_status() -> None:
    assert run_to_exit_status(ends_with(1), when_stopped=0) == 1


@pytest.mark.parametrize(("error", "status"), [(UsageError("try --x"), 2), (ServiceError("see the log"), 1)])
def test_an_error_is_a_sentence(capsys: pytest.CaptureFixture[str], error: Exception, status: int) -> None:
    assert run_to_exit_status(fails(error), when_stopped=0) == status
    assert capsys.readouterr().err == f"{error}\n"
