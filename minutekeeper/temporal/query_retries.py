"""Has a client ask again where a worker could not answer a query because it was just taking the workflow over."""

import asyncio
from typing import Any

from temporalio.client import Interceptor, OutboundInterceptor, QueryWorkflowInput, WorkflowQueryFailedError

from minutekeeper.temporal.names import ASK_AGAIN

_PAUSES_SECONDS = (0.1, 0.5, 2.0)
"""The worker's next workflow task is what it waits for, and that is on its way already."""


class QueryRetries(Interceptor):
    """Asks again, some times. What `minutekeeper.temporal.takeovers` refuses is answered a moment later."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        return _RetryingClient(next)


class _RetryingClient(OutboundInterceptor):
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's name
        for pause in _PAUSES_SECONDS:
            try:
                return await super().query_workflow(input)
            except WorkflowQueryFailedError as error:
                if ASK_AGAIN not in str(error):
                    raise
            await asyncio.sleep(pause)
        return await super().query_workflow(input)
