"""Extracts a few fields of a large JSON object without creating objects for the rest.

Decoding a transcript of megabytes takes seconds, and a hostile body of many small parts takes a gigabyte. Skipping
takes about ten milliseconds per mebibyte, whatever the content.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import msgspec

from minutekeeper.providers.json_decoding import UnwieldyJsonError, decode_json

_MOST_BYTES = 256 * 1024
"""Limit for all extracted fields together; the useful fields of a delivery are far smaller."""

_MOST_BYTES_OF_AN_ITEM = 16 * 1024 * 1024
"""Limit for one item; five hours of one speaker without a break are smaller."""

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])

_MOST_ESCAPES = 100_000
"""Limit, because each takes a microsecond to check."""

_ESCAPES = re.compile(
    rb"\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class Scanner:
    """Scans an object for members by their names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {f"member_{number}": name for number, name in enumerate(sorted(set(names)))}
        fields = [(field, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for field in self._names]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Members", fields, rename=self._names))

    def scan(self, body: bytes | memoryview) -> dict[str, memoryview]:
        """The raw text of the members that exist.

        Raises TypeError if it is not an object, ValueError if it is not JSON, and UnwieldyJsonError.
        """
        try:
            found = self._decoder.decode(body)
        except RecursionError:
            raise UnwieldyJsonError("it nests too deeply") from None
        except msgspec.ValidationError:
            raise TypeError("it is not an object") from None
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None
        members = {name: getattr(found, field) for field, name in self._names.items()}
        return {name: memoryview(raw) for name, raw in members.items() if raw is not msgspec.UNSET}


class StoredItems(Sequence[Any]):
    """Iterates over the items of a JSON array lazily, because all objects together take ten times its size.

    Raises TypeError if it is not an array, ValueError if it is not JSON, and UnwieldyJsonError.
    """

    def __init__(self, array: memoryview) -> None:
        try:
            self._items = _ITEMS.decode(array)
        except RecursionError:
            raise UnwieldyJsonError("it nests too deeply") from None
        except msgspec.ValidationError:
            raise TypeError("it is not an array") from None
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """None for a field that is too long or cannot be decoded."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        raw = memoryview(self._items[index])
        try:
            return decode_json(bytes(raw)) if len(raw) <= _MOST_BYTES_OF_AN_ITEM else None
        except ValueError:
            return None


def decoded(members: Mapping[str, memoryview]) -> dict[str, Any]:
    """The values of members, without those that are too long or cannot be decoded."""
    values = {}
    room = _MOST_BYTES
    for name, raw in members.items():
        if len(raw) <= room:
            room -= len(raw)
            try:
                values[name] = decode_json(bytes(raw))
            except ValueError:
                continue
    return values


def without_halves(body: bytes) -> bytes:
    """The body with a question mark for each escaped half of a surrogate pair.

    Raises UnwieldyJsonError for one with a great many escapes.
    """
    if body.count(b"\\u") > _MOST_ESCAPES:
        raise UnwieldyJsonError("it has too many escaped characters that are none")
    return _ESCAPES.sub(lambda found: b"?" if found[1] else found[0], body)
