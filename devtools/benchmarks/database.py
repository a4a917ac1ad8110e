"""What the embedded server's database takes on the disk, and what of it."""

import sqlite3
from contextlib import closing
from pathlib import Path


def database_bytes(path: Path) -> int:
    """With its log of changes, which is as small as it gets: what it holds is written into the file first."""
    with closing(sqlite3.connect(path)) as database:
        # If somebody reads just now, less is written over and the log stays longer; both are counted.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))


def index_bytes(path: Path) -> int | None:
    """What of it are the indexes for lists and searches; None where Python's SQLite cannot tell."""
    indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions_visibility'"
    query = f"SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE name IN ({indexes})"  # noqa: S608 - nothing from outside
    with closing(sqlite3.connect(path)) as database:
        try:
            (size,) = database.execute(query).fetchone()
        except sqlite3.OperationalError:
            return None
    return int(size)
