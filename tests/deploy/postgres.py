"""A PostgreSQL server of Debian's package for a test, in a folder and on a socket of its own."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))
CAN_RUN = BINARIES is not None and (os.geteuid() != 0 or shutil.which("setpriv") is not None)


@contextmanager
def postgres(folder: Path) -> Iterator[Path]:
    """Runs a server in `folder` as long as the block lasts; gives the folder of its socket."""
    assert BINARIES is not None
    folder.mkdir(parents=True)
    as_user: list[str | Path] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data, log = folder / "data", folder / "log"
    run([*as_user, BINARIES / "initdb", "--no-sync", "--auth=trust", "--username=temporal", "--pgdata", data])
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    pg_ctl = [*as_user, BINARIES / "pg_ctl", "--pgdata", data, "--log", log]
    run([*pg_ctl, "--options", options, "--wait", "start"])
    try:
        yield folder
    finally:
        run([*pg_ctl, "--mode=immediate", "stop"])


def run(command: Sequence[str | Path]) -> None:
    subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )


class Session:
    """One `psql` that is asked many times."""

    def __init__(self, socket: Path) -> None:
        command = ["psql", "--host", str(socket), "--username=temporal", "--dbname=postgres"]
        self._process = subprocess.Popen(
            [*command, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=VERBOSITY=terse"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            cwd="/",
        )

    def ask(self, statement: str) -> list[str]:
        """What the server answers to a statement, line by line; an error is a line that begins with ERROR."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{statement};\n\\echo --\n")
        self._process.stdin.flush()
        lines = []
        while (line := self._process.stdout.readline().rstrip("\n")) != "--":
            lines.append(line)
        return lines

    def close(self) -> None:
        self._process.communicate("")
