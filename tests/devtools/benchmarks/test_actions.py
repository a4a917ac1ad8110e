from devtools.benchmarks.actions import read_actions

METRICS = """\
# TYPE action counter
action{action_type="command_StartTimer",namespace="default",operation="RespondWorkflowTaskCompleted"} 3
action{action_type="grpc_SignalWorkflowExecution",namespace="default",operation="SignalWorkflowExecution"} 8
action{action_type="grpc_StartWorkflowExecution",namespace="temporal_system",operation="Start"} 2
service_requests{namespace="default"} 99
"""


def test_actions_are_counted_by_type_in_one_namespace() -> None:
    assert read_actions(METRICS, "default") == {"StartTimer": 3, "SignalWorkflowExecution": 8}


def test_a_server_that_has_done_nothing_has_counted_nothing() -> None:
    assert not read_actions("", "default")
