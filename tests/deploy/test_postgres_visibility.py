"""PostgreSQL takes the search attributes of every meeting, with the cast of Temporal's visibility schema."""

import json
import re
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minutekeeper.meetings.request import MeetingRequest
from minutekeeper.temporal.search_attributes import (
    CALENDAR_ID,
    MEETING_TITLE,
    calendar_attribute,
    initial_attributes,
)
from starter.meeting_queries import title_conditions
from tests.deploy.postgres import CAN_RUN, Session, postgres

START = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
SIGNS = ":'\\\x00 *&|!()<>a1\u00e9\u754c\u202e\n\t\x7f\x85\u2028"
HARD = st.text(st.one_of(st.sampled_from(SIGNS), st.characters(codec="utf-8")))

needs_postgres = pytest.mark.skipif(not CAN_RUN, reason="needs PostgreSQL: apt-get install postgresql")


def title_attribute(title: str) -> str | None:
    """The `MeetingTitle` of a meeting that is booked under this title."""
    request = MeetingRequest(
        meeting_url="https://meet.google.com/abc-defg-hij",
        start_time=START,
        end_time=START + timedelta(hours=1),
        title=title,
    )
    return initial_attributes(request).get(MEETING_TITLE)


@pytest.fixture(scope="module")
def database() -> Iterator[Session]:
    # The paths of pytest are too long for a socket, and closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with postgres(Path(name) / "pg") as socket:
            session = Session(socket)
            try:
                # As in Temporal's schema: attributes as JSON, of which columns are generated.
                session.ask(
                    "CREATE TABLE visibility (search_attributes JSONB,"
                    " title TSVECTOR GENERATED ALWAYS AS ((search_attributes->>'MeetingTitle')::tsvector) STORED,"
                    " calendars JSONB GENERATED ALWAYS AS (search_attributes->'CalendarId') STORED)"
                )
                yield session
            finally:
                session.close()


def store(database: Session, attributes: dict[str, object]) -> list[str]:
    """The answer to a row with these attributes: nothing if it was stored."""
    document = json.dumps(attributes).replace("'", "''")
    return database.ask(f"SET standard_conforming_strings = on; INSERT INTO visibility VALUES ('{document}')")  # noqa: S608 - the text that is stored is the test


@needs_postgres
def test_the_database_of_this_test_refuses_what_temporals_refuses(database: Session) -> None:
    assert "ERROR" in store(database, {"MeetingTitle": "Standup: team A"})[0]


@needs_postgres
@settings(max_examples=150)
@given(HARD.filter(lambda text: len(text) <= 500))
@example("Standup: team A")
@example("Anna's 'quoted \\ title")
@example("''")
@example("a\x00b")
@example("x" * 500)
@example("界" * 500)
@example("\U0001f600" * 500)
def test_every_title_is_stored(database: Session, title: str) -> None:
    assert store(database, {"MeetingTitle": title_attribute(title)}) == []


@needs_postgres
@settings(max_examples=50)
@given(st.lists(HARD, max_size=60))
def test_every_calendar_id_is_stored(database: Session, calendar_ids: list[str]) -> None:
    update = calendar_attribute(calendar_ids)
    assert update.key == CALENDAR_ID
    assert store(database, {"CalendarId": update.value}) == []


@needs_postgres
@pytest.mark.parametrize(
    ("title", "word"),
    [("Standup: team A", "standup"), ("Review, part two", "REVIEW"), ("Q3 Планирование", "планирование")],
)
def test_a_title_is_found_by_its_words_whatever_their_case(database: Session, title: str, word: str) -> None:
    database.ask("DELETE FROM visibility")
    store(database, {"MeetingTitle": title_attribute(title)})
    (condition,) = title_conditions(word)
    # Temporal joins the words of the value with `|` and casts them to a tsquery.
    value = re.fullmatch(r"MeetingTitle = '(.*)'", condition)
    assert value is not None
    query = " | ".join(value[1].split())
    assert database.ask(f"SELECT count(*) FROM visibility WHERE title @@ '{query}'::tsquery") == ["1"]  # noqa: S608 - likewise


@given(HARD.filter(lambda text: len(text) <= 500))
def test_a_title_holds_nothing_that_postgresql_reads_as_syntax(title: str) -> None:
    kept = title_attribute(title) or ""
    assert not set(kept) & set(":'\\")
    assert not [character for character in kept if unicodedata.category(character) == "Cc"]
    assert len(json.dumps(kept)) <= 2048
