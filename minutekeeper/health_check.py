"""Health check of a container.

`python -m minutekeeper.health_check URL` exits with 0 if the URL is answered with 200.

A module instead of `python -c`, because some container engines split an argument with blanks.
"""

import sys
import urllib.error
import urllib.request

_TIMEOUT_SECONDS = 3


def main(arguments: list[str]) -> int:
    """The exit status: 0 healthy, 1 unhealthy, 2 for wrong arguments."""
    if len(arguments) != 1 or not arguments[0].startswith("http://"):
        sys.stderr.write("usage: python -m minutekeeper.health_check http://HOST:PORT/PATH\n")
        return 2
    try:
        with urllib.request.urlopen(arguments[0], timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - http only
            return 0 if response.status == 200 else 1
    except (OSError, urllib.error.HTTPError) as error:
        sys.stderr.write(f"{arguments[0]}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
