"""One bot that reports without end: its meeting hears enough of it, and its end in any case."""

import asyncio

from temporalio.client import Client

from tests.bridge.support import Bridge, codes, complete, start_recorder, status

TOO_OFTEN = "reported too often"


async def test_a_bot_that_reports_without_end_is_heard_so_far_and_its_end_as_well(
    bridge: Bridge, client: Client, workflow_id: str
) -> None:
    await start_recorder(client, workflow_id)
    outcomes: list[str] = []
    for some in range(0, 360, 20):
        answers = await asyncio.gather(
            *(bridge.to_bot(workflow_id, status(second=second)) for second in range(some, some + 20))
        )
        assert {answer.status for answer in answers} == {200}
        outcomes += [answer.json["outcome"] for answer in answers]
    assert 300 <= len(outcomes) - outcomes.count(TOO_OFTEN) < 340
    assert (await bridge.to_bot(workflow_id, complete())).json != {"outcome": TOO_OFTEN}
    assert (await bridge.to_bot(workflow_id, status(bot_id="bot-2"))).json != {"outcome": TOO_OFTEN}
    assert len(await codes(client, workflow_id)) < 342
