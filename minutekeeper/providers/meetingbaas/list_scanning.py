"""Takes a few fields out of a large JSON object without building the rest of it.

A transcript of megabytes takes seconds to become Python objects, and a hostile body of many small parts a gigabyte.
Passing over what is not wanted takes about ten milliseconds for each mebibyte, whatever it is made of.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import msgspec

from minutekeeper.providers.meetingbaas.json_decoding import UnwieldyJsonError, decode_json

_MOST_BYTES = 256 * 1024
"""Of all fields together that are made into objects: what people or programs read of a delivery is far less."""

_MOST_BYTES_OF_AN_ITEM = 16 * 1024 * 1024
"""Five hours of one speaker without a break have less."""

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])

_MOST_ESCAPES = 100_000
"""Each takes a microsecond to look at."""

_ESCAPES = re.compile(
    rb"\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class Scanner:
    """Finds members of an object by their names."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {f"member_{number}": name for number, name in enumerate(sorted(set(names)))}
        fields = [(field, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for field in self._names]
        self._decoder = msgspec.json.Decoder(msgspec.defstruct("Members", fields, rename=self._names))

    def scan(self, body: bytes | memoryview) -> dict[str, memoryview]:
        """The members that there are, as they are written.

        Raises TypeError for what is no object, ValueError for what is no JSON, and UnwieldyJsonError.
        """
        try:
            found = self._decoder.decode(body)
        except RecursionError:
            raise UnwieldyJsonError("it nests too deeply") from None
        except msgspec.ValidationError:
            raise TypeError("it is no object") from None
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None
        members = {name: getattr(found, field) for field, name in self._names.items()}
        return {name: memoryview(raw) for name, raw in members.items() if raw is not msgspec.UNSET}


class StoredItems(Sequence[Any]):
    """The items of a JSON array, each made when it is asked for: all of them take ten times their length.

    Raises TypeError for what is no array, ValueError for what is no JSON, and UnwieldyJsonError.
    """

    def __init__(self, array: memoryview) -> None:
        try:
            self._items = _ITEMS.decode(array)
        except RecursionError:
            raise UnwieldyJsonError("it nests too deeply") from None
        except msgspec.ValidationError:
            raise TypeError("it is no array") from None
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from None

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """None stands for one that is too long or too strange to be meant."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        raw = memoryview(self._items[index])
        try:
            return decode_json(bytes(raw)) if len(raw) <= _MOST_BYTES_OF_AN_ITEM else None
        except ValueError:
            return None


def decoded(members: Mapping[str, memoryview]) -> dict[str, Any]:
    """The values of members, less those that are too long or too strange to be meant."""
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
    """The body with a question mark for each escaped half of a surrogate pair: programs that cut texts make them.

    Raises UnwieldyJsonError for one with a great many escapes.
    """
    if body.count(b"\\u") > _MOST_ESCAPES:
        raise UnwieldyJsonError("it has too many escaped characters that are none")
    return _ESCAPES.sub(lambda found: b"?" if found[1] else found[0], body)
