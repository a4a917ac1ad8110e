"""The plain way to be on time: a timer until the instant, then an ordinary activity that sends the bot.

It does less than a meeting of ours, and its activity is the product's own, so only the waiting differs.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.bots import BotActivities
    from minutekeeper.meetings.dispatch import DispatchedBot, SendBotInput
    from minutekeeper.meetings.dispatch_timing import DispatchTiming
    from minutekeeper.meetings.provider_choice import ProviderChoice

QUEUE = "baselines"

_SEND_TIMEOUT = timedelta(seconds=10)


@workflow.defn
class PlainTimerWorkflow:
    @workflow.run
    async def run(self, request: SendBotInput) -> DispatchedBot:
        call_at = DispatchTiming().dispatch_at(request.start_time)
        await workflow.sleep(max(timedelta(), call_at - workflow.now()))
        sent: DispatchedBot | ProviderChoice = await workflow.execute_activity_method(
            BotActivities.send_bot, request, start_to_close_timeout=_SEND_TIMEOUT
        )
        if isinstance(sent, ProviderChoice):
            raise ApplicationError("a benchmark has one provider", non_retryable=True)
        return sent
