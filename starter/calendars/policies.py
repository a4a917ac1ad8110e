"""Policies as people write them: read from a file, shown again, and compared."""

import difflib
import json
from pathlib import Path
from typing import Any

from meetings.calendars.policy import Policy, PolicyError, load_policy
from starter.errors import MeetingInputError


def read_policy(path: Path, given_as: str) -> Policy:
    """Raises MeetingInputError that names everything that is wrong with it at once."""
    try:
        return load_policy(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MeetingInputError(given_as, f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise MeetingInputError(given_as, f"{path} is no text in UTF-8") from None
    except PolicyError as error:
        only, *more = error.problems
        problems = f" {only}" if not more else "".join(f"\n  {each}" for each in error.problems)
        raise MeetingInputError(given_as, f"{path} is no policy:{problems}") from None


def as_written(policy: Policy) -> dict[str, Any]:
    """The policy with what its author wrote, and nothing else."""
    return policy.model_dump(mode="json", by_alias=True, exclude_unset=True)


def difference(before: Policy, after: Policy) -> list[str]:
    """The lines of JSON that go (`-`) and come (`+`); none if both say the same."""
    old, new = (json.dumps(as_written(each), indent=2, ensure_ascii=False).splitlines() for each in (before, after))
    return [
        line
        for line in difflib.unified_diff(old, new, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
