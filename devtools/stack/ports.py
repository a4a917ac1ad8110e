"""The TCP ports of a stack: chosen or checked before anything is started."""

import secrets
import socket
from collections.abc import Mapping

from devtools.stack.errors import UsageError

HOST = "127.0.0.1"

# Below the ports that systems hand out by themselves, so that no connection takes one before its service does.
_FIRST_FREE, _LAST_FREE = 20_000, 29_999


def claim_ports(wanted: Mapping[str, int]) -> dict[str, int]:
    """The port for each option (`--temporal-port` …); 0 becomes a free one.

    Raises UsageError if a port is taken, or named twice.
    """
    claimed: dict[str, int] = {}
    for option, port in sorted(wanted.items(), key=lambda each: each[1] == 0):
        if port in claimed.values():
            raise UsageError(f"Port {port} is given twice: choose another one with {option}.")
        claimed[option] = _checked(option, port) if port else _free_port(taken=set(claimed.values()))
    return claimed


def _checked(option: str, port: int) -> int:
    try:
        _bind(port)
    except OSError as error:
        raise UsageError(
            f"Port {port} cannot be used ({error.strerror}): choose another one with {option}, 0 for any free one."
        ) from error
    return port


def _free_port(taken: set[int]) -> int:
    while True:
        port = _FIRST_FREE + secrets.randbelow(_LAST_FREE - _FIRST_FREE + 1)
        if port in taken:
            continue
        try:
            _bind(port)
        except OSError:
            continue
        return port


def _bind(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
