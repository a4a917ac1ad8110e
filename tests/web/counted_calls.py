"""A connection to Temporal that counts what it is asked."""

from collections import Counter
from typing import Any

from temporalio.client import (
    DescribeWorkflowInput,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    WorkflowExecutionDescription,
)


class Counted(Interceptor):
    """Counts queries, and the descriptions of each workflow."""

    def __init__(self) -> None:
        self.queries: Counter[str] = Counter()
        self.described: Counter[str] = Counter()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - its name there
        counts = self

        class Counting(OutboundInterceptor):
            async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - its name there
                counts.queries[input.id] += 1
                return await super().query_workflow(input)

            async def describe_workflow(
                self,
                input: DescribeWorkflowInput,  # noqa: A002 - its name there
            ) -> WorkflowExecutionDescription:
                counts.described[input.id] += 1
                return await super().describe_workflow(input)

        return Counting(next)
