"""Reading all settings at once, with every problem of the environment and of `.env` in words for people."""

import difflib
import os
from collections.abc import Callable, Iterable

from dotenv import dotenv_values
from pydantic import ValidationError

from minutekeeper.config import DeadlineSettings, Settings, describe_invalid, load_deadlines

_PREFIX = "MINUTEKEEPER_"
_DEADLINE = f"{_PREFIX}DEADLINE_"
_OF_OTHERS = (f"{_PREFIX}SIMULATOR_", f"{_PREFIX}CALENDAR_")
"""Those of the simulator, and credentials of calendars, are read elsewhere."""
_ENV_FILE = ".env"
_ALIKE = 0.8
"""How alike a name must be to one of ours to be taken for a mistake."""
_ALIKE_OF_SHORT = 0.6


class SettingsError(Exception):
    """The settings allow no start; the message has a line for each problem, which names the variable."""


def read_settings() -> Settings:
    """The settings of this process, deadlines checked. Raises SettingsError."""
    try:
        problems = [*_problems(Settings), *_problems(load_deadlines), *_misspelt()]
        if not problems:
            return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{_ENV_FILE} cannot be read: {error}") from None
    raise SettingsError("\n".join(problems))


def _problems(read: Callable[[], object]) -> list[str]:
    try:
        read()
    except ValidationError as error:
        return describe_invalid(error).splitlines()
    return []


def _misspelt() -> Iterable[str]:
    """Names that begin like ours and mean nothing: a setting that is not followed is worse than none."""
    ours = {name.upper() for name in Settings.model_fields}
    deadlines = {f"{_DEADLINE}{name.upper()}" for name in DeadlineSettings.model_fields}
    given = {name.upper() for name in (*os.environ, *dotenv_values(_ENV_FILE))}
    for name in sorted(given - ours - deadlines):
        if not name.startswith(_PREFIX) or name.startswith(_OF_OTHERS):
            continue
        if name.startswith(_DEADLINE):
            alike = _alike(name, deadlines, _DEADLINE, _ALIKE_OF_SHORT)
            instead = f"did you mean {alike}?" if alike else f"there are {', '.join(sorted(deadlines))}"
            yield f"{name}: there is no such deadline; {instead}"
        elif alike := _alike(name, ours | deadlines, _PREFIX, _ALIKE):
            yield f"{name}: there is no such setting; did you mean {alike}?"


def _alike(name: str, known: Iterable[str], prefix: str, cutoff: float) -> str:
    """The known name that was probably meant; empty if it is none of ours."""
    ends = [each.removeprefix(prefix) for each in known if each.startswith(prefix)]
    found = difflib.get_close_matches(name.removeprefix(prefix), ends, n=1, cutoff=cutoff)
    return f"{prefix}{found[0]}" if found else ""
