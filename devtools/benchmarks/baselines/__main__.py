"""The worker of the baselines.

`python -m devtools.benchmarks.baselines`, with the settings of the product's own.
"""

import asyncio
import logging
import signal

from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker

from activities.bots import BotActivities
from devtools.benchmarks.baselines.naive import NaiveWorkflow
from devtools.benchmarks.baselines.plain_timer import QUEUE, PlainTimerWorkflow
from minutekeeper.config import Settings
from minutekeeper.logs import set_up_logging
from minutekeeper.process import run_and_exit
from minutekeeper.providers.factory import open_providers
from minutekeeper.temporal.worker_connection import connect_for_worker


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    providers = open_providers(settings)
    bots = BotActivities(
        providers,
        public_url=settings.bridge_public_url,
        secret=settings.bridge_secret.get_secret_value(),
    )
    worker = Worker(
        await connect_for_worker(),
        task_queue=QUEUE,
        workflows=[PlainTimerWorkflow, NaiveWorkflow],
        activities=[bots.send_bot],
        # As the product's own worker has it, so that nothing but the workflows differs.
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_cached_workflows=settings.minutekeeper_cached_workflows,
        max_concurrent_activities=settings.minutekeeper_max_concurrent_activities,
        workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
    )
    async with worker:
        logging.getLogger(__name__).info("ready, polling %s", QUEUE)
        await stop.wait()
    await providers.aclose()


def main() -> int:
    settings = Settings()
    set_up_logging(json=False, level=settings.minutekeeper_log_level)
    asyncio.run(_serve(settings))
    return 0


if __name__ == "__main__":
    run_and_exit(main)
