"""Errors of the artifact store, with messages for people instead of the storage library's."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

_SIGNS = {
    "NoSuchBucket": "the bucket does not exist; create it or correct ARTIFACTS_URL",
    # The last place where the storage library looks for credentials.
    "169.254.169.254": "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}
_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_NO_ROOM = re.compile(r"status code: 507|QuotaExceeded|XMinioStorageFull")
_SERVICE_FAILURE = re.compile(r"status code: (429|5\d\d)")
_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; raise it or free some space",
    errno.EROFS: "the folder is read-only; make it writable",
    errno.EACCES: "permission denied; make the folder writable for the user of this process",
    errno.EPERM: "permission denied; make the folder writable for the user of this process",
}


class StoreError(Exception):
    """An operation of the artifact store failed; a retry may help. The message is for people."""


class StoreUnusableError(StoreError):
    """The store is full, read-only, missing or not accessible; retries do not help until an operator fixes that."""


class NotStoredError(StoreError):
    """There is no file under this path."""


class DamagedPartError(StoreError):
    """The assembled file differs from what was received; it has to be downloaded again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The download is spoilt and fetched anew: {what}")


@contextmanager
def translate_store_errors(doing: str) -> Iterator[None]:
    """Turns the storage library's errors into StoreError or NotStoredError.

    The original is dropped on purpose, because it contains the storage service's answer, which quotes the access
    key.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        text = str(error)
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
            raise NotStoredError(f"Cannot {doing}: it is not in the store") from None
        kind = StoreUnusableError if (remedy := _remedy(error, text)) else StoreError
        raise kind(f"Cannot {doing}: {remedy or _reason(error, text)}") from None


def _remedy(error: Exception, text: str) -> str:
    """What is wrong and how to fix it, if an operator has to; empty for anything else."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return "access denied; check the permissions of the folder, or the AWS credentials and region"
    if number := _os_error(error, text):
        return _REMEDIES.get(number, "")
    if _NO_ROOM.search(text):
        return "the storage service has no room left; free some space or raise its quota"
    return next((remedy for sign, remedy in _SIGNS.items() if sign in text), "")


def _reason(error: Exception, text: str) -> str:
    if number := _os_error(error, text):
        return os.strerror(number)
    if answer := _SERVICE_FAILURE.search(text):
        return f"the storage service is overloaded or out of order; it answers {_status(int(answer[1]))}"
    if "error sending request" in text:
        return "the storage service cannot be reached"
    return text.partition("\n")[0].partition("<")[0][:200]


def _os_error(error: Exception, text: str) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    number = _OS_ERROR.search(text)
    return int(number[1]) if number else None


def _status(code: int) -> str:
    known = code in set(HTTPStatus)
    return f"{code} ({HTTPStatus(code).phrase})" if known else str(code)
