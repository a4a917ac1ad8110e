"""From the options to the exit status: starts the environment, executes the run, judges and reports it."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from devtools.chaos.console_report import show
from devtools.chaos.environment import running_environment
from devtools.chaos.evidence import Evidence
from devtools.chaos.execution import ChaosRun
from devtools.chaos.report import report_on
from devtools.chaos.scale import Scale, scale_for
from devtools.stack.data_folder import DataFolder
from starter.output import print_line

_REPORT = "report.json"
_EVIDENCE = "evidence.json"


async def run(data_dir: Path, *, seed: int, meetings: int, short: bool, twins: float | None = None) -> int:
    """0 if no rule was broken, else 1; then the data are kept to be looked at.

    Raises UsageError if the folder cannot be used, ServiceError if a process does not stay up.
    """
    began_at = datetime.now(UTC)
    folder = DataFolder(data_dir)
    try:
        folder.empty()
        for left_over in (_REPORT, _EVIDENCE):
            (folder.path / left_over).unlink(missing_ok=True)
        evidence = await _execute(folder, seed, meetings, scale_for(meetings, short=short, twins=twins))
        report = report_on(evidence, seed=seed, planned=meetings, short=short, began_at=began_at)
        (folder.path / _REPORT).write_text(f"{report.model_dump_json(indent=2)}\n")
        show(report)
        print_line(f"The report: {data_dir / _REPORT}")
        if report.is_clean:
            folder.empty()
            return 0
        (folder.path / _EVIDENCE).write_text(evidence.model_dump_json(indent=1))
        print_line(
            f"Database, recordings and logs are kept in {data_dir}, what was judged in {data_dir / _EVIDENCE}."
        )
        size = f"--meetings {meetings}{' --short' if short else ''}{'' if twins is None else f' --twins {twins:g}'}"
        print_line(f"The same plan again: python -m devtools.chaos --seed {seed} {size}")
        return 1
    finally:
        folder.close()


async def _execute(folder: DataFolder, seed: int, meetings: int, scale: Scale) -> Evidence:
    tell = partial(print_line, stderr=True)
    tell(f"Starting Temporal, two workers, the bridge, a simulated Meeting BaaS and Recall.ai; seed {seed}.")
    with folder.log("supervisors").open("a", buffering=1) as log:

        def note(line: str) -> None:
            log.write(f"{datetime.now(UTC):%H:%M:%S} {line}\n")

        async with running_environment(folder, seed, note) as environment:
            chaos_run = ChaosRun(environment, scale, seed, tell)
            return await environment.crew.run_while_healthy(chaos_run.execute(meetings))
