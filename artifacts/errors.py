"""What can go wrong with the store, in words for people instead of the storage library's."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

_METADATA_SERVICE = "169.254.169.254"
"""Where the storage library looks for credentials last, when the environment has none."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


class StoreError(Exception):
    """The artifact store could not do what it was asked to; trying again may help. The message is for people."""


class NotStoredError(StoreError):
    """There is nothing under this path."""


@contextmanager
def in_plain_words(doing: str) -> Iterator[None]:
    """Turns the storage library's errors into StoreError or NotStoredError.

    The original is dropped on purpose: it carries the storage service's answer, which quotes the access key.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        text = str(error)
        if isinstance(error, FileNotFoundError) and "NoSuchBucket" not in text:
            raise NotStoredError(f"Cannot {doing}: it is not in the store") from None
        raise StoreError(f"Cannot {doing}: {_reason(error, text)}") from None


def _reason(error: Exception, text: str) -> str:
    if "NoSuchBucket" in text:
        return "the bucket does not exist; create it or correct ARTIFACTS_URL"
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return "access denied; check the permissions of the folder, or the AWS credentials and region"
    if number := _OS_ERROR.search(text):
        return os.strerror(int(number[1]))
    if _METADATA_SERVICE in text:
        return "there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if "error sending request" in text:
        return "the storage service cannot be reached"
    return text.partition("\n")[0].partition("<")[0][:200]
