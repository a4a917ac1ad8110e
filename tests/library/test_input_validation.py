"""What is wrong with an input is told in one sentence: the field, what is right, and what was given."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from minutekeeper.input_validation import InvalidInputError, read


class Room(BaseModel):
    name: str


class Order(BaseModel):
    start: AwareDatetime
    count: int = Field(1, ge=1, le=9)
    is_urgent: bool = False
    room: Room = Room(name="any")
    labels: list[str] = []
    places: tuple[int, ...] = ()
    extra: dict[str, int] = {}
    kind: Literal["a", "b"] = "a"
    code: str = Field("abc", max_length=3)

    @field_validator("code")
    @classmethod
    def _is_no_zero(cls, code: str) -> str:
        if code == "0":
            raise ValueError("zero is no code")
        return code


class Both(BaseModel):
    first: str
    second: str


class Nothing(BaseModel):
    word: str = ""


NOON = "2026-12-01T12:00:00Z"


def problem(**fields: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        read(Order, [{"start": NOON} | fields])
    return str(caught.value)


def test_an_object_becomes_a_model() -> None:
    assert read(Order, [{"start": NOON}]) == Order(start=datetime(2026, 12, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize("inputs", [[], [None]])
def test_nothing_is_the_default_where_there_is_one(inputs: list[object]) -> None:
    assert read(Nothing, inputs, Nothing(word="default")) == Nothing(word="default")


def test_what_is_given_goes_before_the_default() -> None:
    assert read(Nothing, [{"word": "given"}], Nothing(word="default")) == Nothing(word="given")


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ([], "the input is missing: give one, a JSON object with start"),
        ([{}, {}], "2 inputs were given: give one, a JSON object with start"),
        ([{"start": NOON}, None, 3], "3 inputs were given: give one, a JSON object with start"),
        ([None], "the input is null: give one, a JSON object with start"),
        ([True], "the input is a truth value: give one, a JSON object with start"),
        (["{}"], "the input is text: give one, a JSON object with start"),
        ([7], "the input is a number: give one, a JSON object with start"),
        ([0.5], "the input is a number: give one, a JSON object with start"),
        ([[]], "the input is a list: give one, a JSON object with start"),
        ([b""], "the input is no JSON: give one, a JSON object with start"),
    ],
)
def test_anything_but_one_object_is_refused(inputs: list[object], says: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(Order, inputs)
    assert str(caught.value) == says


def test_the_shape_that_is_asked_for_names_what_is_required() -> None:
    with pytest.raises(InvalidInputError, match=r"a JSON object with first and second\Z"):
        read(Both, [])
    with pytest.raises(InvalidInputError, match=r"give one, a JSON object\Z"):
        read(Nothing, [])
    with pytest.raises(InvalidInputError, match="2 inputs were given"):
        read(Nothing, [{}, {}], Nothing())


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"start": "noon"}, "start: must be an instant with a zone, such as 2026-12-01T10:00:00Z, not 'noon'"),
        (
            {"start": "2026-12-01T12:00:00"},
            "start: must be an instant with a zone, such as 2026-12-01T10:00:00Z, not '2026-12-01T12:00:00'",
        ),
        ({"count": "many"}, "count: must be a whole number"),
        ({"count": 10}, "count: must be less than or equal to 9, not 10"),
        ({"count": None}, "count: must be a whole number, not null"),
        ({"is_urgent": "perhaps"}, "is_urgent: must be true or false, not 'perhaps'"),
        ({"is_urgent": []}, "is_urgent: must be true or false, not a list"),
        ({"room": 7}, "room: must be a JSON object, not 7"),
        ({"room": {}}, "room.name: is missing"),
        ({"room": {"name": 7}}, "room.name: must be text, not 7"),
        ({"labels": "x"}, "labels: must be a list, not 'x'"),
        ({"labels": ["x", True]}, "labels.1: must be text, not true"),
        ({"labels": ["x", False]}, "labels.1: must be text, not false"),
        ({"places": {"a": 1}}, "places: must be a list, not an object"),
        ({"extra": [1]}, "extra: must be a JSON object, not a list"),
        ({"extra": (1,)}, "extra: must be a JSON object, not a list"),
        ({"kind": "c"}, "kind: must be 'a' or 'b', not 'c'"),
        ({"code": "abcd"}, "code: must have at most 3 characters, not 'abcd'"),
        ({"code": "0"}, "code: zero is no code"),
    ],
)
def test_a_problem_names_its_field_what_is_right_and_what_was_given(fields: dict[str, Any], says: str) -> None:
    assert problem(**fields).startswith(says)
    if "not" in says:
        assert problem(**fields) == says


def test_a_long_value_is_cut() -> None:
    assert problem(code="x" * 38).endswith(f"not '{'x' * 38}'")
    assert problem(code="x" * 39).endswith(f"not '{'x' * 39}… (41 characters)")
    assert problem(code="x" * 3000).endswith("… (3,002 characters)")


def test_a_long_name_is_cut() -> None:
    assert problem(extra={"n" * 100: "x"}).startswith(f"extra.{'n' * 34}: must be")


def test_three_problems_are_told_and_the_others_counted() -> None:
    one, two, three = "count: must", "is_urgent: must", "room: must"
    bad: dict[str, Any] = {"count": 10, "is_urgent": 7, "room": 7}
    told = problem(**bad)
    assert [each.startswith(start) for each, start in zip(told.split("; "), (one, two, three), strict=True)]
    assert problem(**bad, kind=7, code=7) == f"{told}; and 2 more"
