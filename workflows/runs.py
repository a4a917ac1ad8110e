"""Which run of its workflow a meeting is in."""

from temporalio import workflow


def later_run() -> str:
    """The first run, if this is a later one. The first one's id is left out: activities know it by themselves."""
    info = workflow.info()
    return "" if info.run_id == info.first_execution_run_id else info.first_execution_run_id
