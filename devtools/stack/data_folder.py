"""The data folder of a stack: database, artifacts, logs, secret, and the lock that keeps it for one stack."""

import contextlib
import fcntl
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from devtools.stack.errors import UsageError
from minutekeeper.api_keys import ApiKeyFile, ApiScope
from minutekeeper.storage.filesystem import make_folder

_API_KEY_NAME = "minutekeeper dev"
_MAX_LOG_BYTES = 20_000_000
_LEFTOVER_SECONDS = 10.0
_TAIL_LINES = 20
_KEPT_RUNS = 5
"""After a crash people start the stack again, perhaps several times, before they look why."""


class DataFolder:
    """Opens and locks a folder, made if it is not there.

    The lock lasts as long as any process that inherited `lock_fd`: after a stack was killed, its leftovers keep the
    folder until they are gone, so that never two servers write one database.

    Raises UsageError if another stack has the folder, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        try:
            for each in (self.artifacts, self.logs):
                make_folder(each)
            self.lock_fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"--data-dir {path} cannot be used: {error.strerror}") from error
        try:
            self._lock()
        except BaseException:
            os.close(self.lock_fd)
            raise

    @property
    def database(self) -> Path:
        return self.path / "temporal.db"

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    @property
    def simulator_state(self) -> Path:
        """What the simulated provider knows, as it would in reality after a restart of ours."""
        return self.path / "simulator.json"

    @property
    def search_index(self) -> Path:
        return self.path / "search.sqlite3"

    @property
    def api_keys(self) -> Path:
        """The keys of this folder's HTTP API."""
        return self.path / "api-keys.json"

    def new_api_key(self) -> str:
        """A key that may do everything, instead of the one that the last start made."""
        keys = ApiKeyFile(self.api_keys)
        keys.revoke(_API_KEY_NAME)
        return keys.add(_API_KEY_NAME, tuple(ApiScope), datetime.now(UTC), None)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def environment(self) -> Path:
        """What other commands need to find the stack, for a shell to read."""
        return self.path / "env"

    @property
    def _secret_file(self) -> Path:
        return self.path / "bridge-secret"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def close(self) -> None:
        os.close(self.lock_fd)

    def secret(self) -> str:
        """The secret of this folder's bridge, made at the first call and kept."""
        with contextlib.suppress(FileNotFoundError):
            if kept := self._secret_file.read_text().strip():
                return kept
        made = secrets.token_urlsafe(32)
        with os.fdopen(os.open(self._secret_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(made)
        return made

    def write_environment(self, environment: Mapping[str, str]) -> None:
        """Writes variables for a shell to read, secrets among them, so for nobody else."""
        lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
        with os.fdopen(os.open(self.environment, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(lines)

    def empty(self) -> None:
        """Removes everything that earlier stacks left in the folder."""
        for each in (self.artifacts, self.logs):
            shutil.rmtree(each)
            make_folder(each)
        state = self.path.glob(f"{self.simulator_state.name}*")
        for file in (*self.path.glob(f"{self.database.name}*"), *state, self._secret_file):
            file.unlink(missing_ok=True)

    def rotate_logs(self) -> None:
        """Keeps the logs of earlier runs as `.log.1`, the last one, to `.log.5`; an empty one displaces none."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size == 0:
                continue
            for number in range(_KEPT_RUNS - 1, 0, -1):
                older = _aside(log, number)
                if older.exists():
                    older.replace(_aside(log, number + 1))
            log.replace(_aside(log))

    def truncate_logs(self) -> None:
        """Empties logs that have grown large, keeping what they held as `.log.1`; services append and go on."""
        for log in self.logs.glob("*.log"):
            if log.stat().st_size > _MAX_LOG_BYTES:
                shutil.copyfile(log, _aside(log))
                os.truncate(log, 0)

    def log_tail(self, service: str) -> str:
        """The last lines of a service's log, indented, under the log's path."""
        log = self.log(service)
        lines = log.read_text(errors="replace").splitlines()[-_TAIL_LINES:] if log.exists() else []
        return "\n".join([f"{log}:", *(f"  {line}" for line in lines or ["(empty)"])])

    def _lock(self) -> None:
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while not self._try_lock():
            holder = os.pread(self.lock_fd, 32, 0).decode().strip()
            if not holder or _is_alive(int(holder)) or time.monotonic() > deadline:
                raise UsageError(
                    f"The data folder {self.path} is in use by another stack (process {holder or 'unknown'}). "
                    "Stop that one, or choose another folder with --data-dir."
                )
            time.sleep(0.1)
        os.truncate(self.lock_fd, 0)
        os.pwrite(self.lock_fd, f"{os.getpid()}\n".encode(), 0)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _aside(log: Path, number: int = 1) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
