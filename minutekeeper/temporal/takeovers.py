"""Keeps a worker that takes a workflow over from running its next task ahead of time.

A query that was not answered while no worker ran is handed to the next worker together with what has happened
since, such as a timer or a signal. If no workflow task has begun with these events, the SDK (temporalio 1.35) runs
them with the time of the task before, and keeps what the workflow then decides. A replay runs them at the time at
which their own task began: the workflow may decide otherwise, and is stuck for good. So such a query fails, the
workflow is evicted, and its task runs from the history as it should.
"""

from collections.abc import Callable, Sequence

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner
from temporalio.workflow import _Definition

from minutekeeper.temporal.names import ASK_AGAIN

_Activate = Callable[[WorkflowActivation], WorkflowActivationCompletion]


class TakeoverSafeRunner(WorkflowRunner):
    """Runs workflows with another runner, and refuses activations that run ahead of their task."""

    def __init__(self, runner: WorkflowRunner) -> None:
        self._runner = runner

    def prepare_workflow(self, defn: _Definition) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        instance = self._runner.create_instance(det)
        # A wrapper would have to follow each new method of the SDK's class.
        instance.activate = _guarded(instance.activate)  # type: ignore[method-assign, assignment]
        return instance

    def set_worker_level_failure_exception_types(self, types: Sequence[type[BaseException]]) -> None:
        self._runner.set_worker_level_failure_exception_types(types)


def _guarded(activate: _Activate) -> _Activate:
    """New events at the time of the task before: a new task always has a later time."""
    before: tuple[int, int] = (0, 0)

    def guarded(activation: WorkflowActivation) -> WorkflowActivationCompletion:
        nonlocal before
        at, length = activation.timestamp.ToNanoseconds(), activation.history_length
        runs_ahead = not activation.is_replaying and before[0] == at and length > before[1] > 0
        before = (at, length)
        if not runs_ahead:
            return activate(activation)
        refusal = WorkflowActivationCompletion(run_id=activation.run_id)
        refusal.failed.failure.message = ASK_AGAIN
        return refusal

    return guarded
