"""What a policy may write into the texts of a bot, and what hostile titles and names make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.policy import PolicyError, load_policy
from minutekeeper.meetings.fields import BotOptions
from tests.calendars.support import a_policy, an_event, decided

PEOPLE = {
    "organizer_email": "Ben@acme.com",
    "organizer_name": "Ben",
    "own_emails": ["anna@acme.com"],
    "attendees": [{"email": "Anna@acme.com", "name": "Anna"}, {"email": "cleo@acme.com", "name": "Cleo"}],
}


def bot(event: CalendarEvent, **options: str) -> BotOptions:
    made = decided(event, a_policy(bot=options)).bot
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Weekly, Ben, Anna"),
        ({"title": ""}, ", Ben, Anna"),
        ({"organizer_name": ""}, "Weekly, Ben@acme.com, Anna"),
        ({"organizer_name": "", "organizer_email": "cleo@ACME.com"}, "Weekly, Cleo, Anna"),
        ({"own_emails": []}, "Weekly, Ben,"),
        ({"own_emails": ["x@acme.com"]}, "Weekly, Ben, x@acme.com"),
        ({"own_emails": ["x@acme.com", "cleo@acme.com"]}, "Weekly, Ben, Cleo"),
        ({"own_emails": [], "is_organizer": True}, "Weekly, Ben, Ben"),
        ({"title": "  a\nb\t\x00c\u202e "}, "a b c, Ben, Anna"),
        ({"organizer_email": "", "attendees": [{"name": "Dora"}, *PEOPLE["attendees"]]}, "Weekly, , Anna"),
        ({"title": "{user} {titel}"}, "{user} {titel}, Ben, Anna"),
    ],
)
def test_the_texts_of_a_bot_name_the_event(fields: dict[str, object], said: str) -> None:
    made = bot(an_event(**PEOPLE | fields), entry_message="{title}, {organizer}, {user}")
    assert made.entry_message == said


def test_the_owner_is_who_the_policy_says_where_the_calendar_does_not() -> None:
    event = an_event(**PEOPLE | {"own_emails": []})
    policy = a_policy(my_emails=["a@acme.com", "cleo@acme.com"], bot={"name": "{user}"})
    assert (made := decided(event, policy).bot) is not None
    assert made.name == "Cleo"


def test_a_text_of_which_nothing_is_left_is_none() -> None:
    made = bot(an_event(title=""), name="{title}", entry_message="{user}", image="https://acme.example/a.png")
    assert (made.name, made.entry_message) == ("Minutekeeper", None)
    assert decided(an_event(title=""), a_policy(bot={"name": "{title}"})).bot is None


def test_texts_are_cut_to_what_providers_take() -> None:
    made = bot(an_event(title="x" * 500), name="{title}{title}", entry_message="{title} {title}")
    assert (len(made.name), made.name[-2:]) == (255, "x…")
    assert made.entry_message is not None
    assert (len(made.entry_message), made.entry_message[-2:]) == (500, "x…")
    assert bot(an_event(title=f"{'x' * 253} {'y' * 9}"), name="{title}").name == f"{'x' * 253}…"
    assert bot(an_event(title="x" * 249), name="Notes {title}").name == f"Notes {'x' * 249}"


@given(st.text(), st.text(), st.text())
def test_no_title_and_no_name_breaks_a_bot(title: str, organizer: str, user: str) -> None:
    event = an_event(
        title=title,
        organizer_email="o@acme.com",
        organizer_name=organizer,
        own_emails=["u@acme.com"],
        attendees=[{"email": "u@acme.com", "name": user}],
    )
    made = bot(event, name="{title} {organizer} {user}", entry_message="{title} {organizer} {user}")
    for text in (made.name, made.entry_message or ""):
        assert "\n" not in text
        assert "\x00" not in text
    BotOptions.model_validate(made.model_dump())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{titel}", "{titel} is unknown; did you mean {title}?"),
        ("{Title}", "{Title} is unknown; did you mean {title}?"),
        ("{ user }", "{ user } is unknown; did you mean {user}?"),
        ("{organiser} {title}", "{organiser} is unknown; did you mean {organizer}?"),
        ("{}", "{} is unknown; known are {title}, {organizer}, {user}"),
        ("{zzz}", "{zzz} is unknown; known are {title}, {organizer}, {user}"),
        (f"{{{'z' * 100}}}", f"{{{'z' * 40}}} is unknown; known are {{title}}, {{organizer}}, {{user}}"),
    ],
)
@pytest.mark.parametrize("field", ["name", "entry_message"])
def test_an_unknown_placeholder_is_refused_with_the_nearest_one(field: str, text: str, problem: str) -> None:
    with pytest.raises(PolicyError) as refused:
        a_policy(bot={field: text})
    assert refused.value.problems == (f"bot.{field}: {problem}",)


def test_a_single_brace_is_only_a_sign() -> None:
    assert bot(an_event(), name="Notes :-{").name == "Notes :-{"


def test_too_long_texts_are_refused() -> None:
    for field, longest in (("name", 255), ("entry_message", 500)):
        a_policy(bot={field: "x" * longest})
        with pytest.raises(PolicyError, match=rf"bot\.{field}: is longer than {longest} characters"):
            load_policy(f'{{"bot": {{"{field}": "{"x" * (longest + 1)}"}}}}')
