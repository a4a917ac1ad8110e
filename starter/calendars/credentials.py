"""Loads OAuth credentials from a file or the environment; never from arguments, which other users can see."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.calendar_base import CalendarCredentials
from starter.calendars.credential_rotation import AppCredentials
from starter.errors import MeetingInputError

_PREFIX = "MINUTEKEEPER_CALENDAR_"
_OPTION = "--credentials"
_OPTIONAL = ("email", "tenant")
"""Whose primary calendar it is, for providers that cannot find it out at once, and the tenant at Microsoft."""
_ALIASES = {"platform": "provider", "tenant": "tenant_id"}
"""Other names of fields; each may also begin with `oauth_`, as in the APIs of the providers."""


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=".env", extra="ignore", env_ignore_empty=True)

    platform: SecretStr = SecretStr("")
    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")


def load_credentials(path: Path | None) -> CalendarCredentials:
    """Loads credentials; the file takes precedence over the environment.

    Raises MeetingInputError, which names what is missing and never shows a value.
    """
    in_file = _read(path) if path else {}
    found = _found(in_file, list(_Environment.model_fields))
    return CalendarCredentials.model_validate(found | {name: _text(in_file, name) for name in _OPTIONAL})


def load_app_credentials(path: Path | None) -> AppCredentials:
    """Loads an app's credentials, and its users' tokens, which only the file holds. Raises MeetingInputError."""
    in_file = _read(path) if path else {}
    found = _found(in_file, ["platform", "client_id", "client_secret"])
    tokens = in_file.get("refresh_tokens")
    if not isinstance(tokens, dict) or not tokens:
        raise MeetingInputError(
            _OPTION,
            'there are no refresh_tokens; write them as {"CALENDAR": "token"}. The provider takes an app\'s new '
            "credentials only together with each user's refresh token, which Minutekeeper does not store. Send "
            "users who connected by a link another one: `minutekeeper calendar connect-link`",
        )
    if not all(isinstance(token, str) and token.strip() for token in tokens.values()):
        raise MeetingInputError(_OPTION, "each of the refresh_tokens must be a string")
    return AppCredentials.model_validate(found | {"refresh_tokens": tokens})


def _found(in_file: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    environment = _Environment()
    found = {name: _text(in_file, name) or getattr(environment, name).get_secret_value().strip() for name in names}
    if missing := [name for name, value in found.items() if not value]:
        variables = ", ".join(f"{_PREFIX}{name}".upper() for name in missing)
        raise MeetingInputError(
            _OPTION,
            f"{', '.join(missing)} missing; add it to the JSON file, or set {variables}",
        )
    platform = found["platform"].casefold()
    if platform not in set(CalendarPlatform):
        raise MeetingInputError(_OPTION, f"platform must be {' or '.join(CalendarPlatform)}")
    return found | {"platform": platform}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MeetingInputError(_OPTION, f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise MeetingInputError(_OPTION, f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise MeetingInputError(_OPTION, f"{path} is not JSON") from None
    if not isinstance(content, dict):
        raise MeetingInputError(_OPTION, f"{path} must contain a JSON object")
    return content


def _text(fields: Mapping[str, Any], name: str) -> str:
    names = (name, f"oauth_{name}", _ALIASES.get(name, name))
    value = next((fields[each] for each in names if fields.get(each)), "")
    if not isinstance(value, str):
        raise MeetingInputError(_OPTION, f"{name} must be a string")
    return value.strip()
