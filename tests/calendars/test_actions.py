"""What a policy wants of the meetings that it records: of policy and rule, the rule counts."""

from datetime import timedelta
from typing import Any

import pytest

from minutekeeper.calendars.actions import describe_actions
from minutekeeper.calendars.decisions import NO_OVERRIDES, Decision
from minutekeeper.calendars.event import meeting_id_for_event
from minutekeeper.calendars.plan import ChangeKind
from minutekeeper.calendars.policy import Policy, PolicyError
from minutekeeper.meetings.fields import BotOptions, RecordingMode, WantedArtifacts
from tests.calendars.support import START, World, a_policy, an_entry, an_event, decided


def record(**fields: Any) -> dict[str, Any]:
    return {"name": "mine", "then": "record"} | fields


def of(policy: Policy) -> Decision:
    return decided(an_event(), policy)


def test_nothing_is_said_by_default() -> None:
    made = of(a_policy())
    assert (made.bot, made.wanted, made.metadata) == (None, None, {})
    assert [*describe_actions(made.bot, made.wanted, made.metadata)] == []


def test_what_a_rule_says_goes_before_what_the_policy_says() -> None:
    policy = a_policy(
        record(
            bot={"longest_stay": 30}, wanted={"recording": True, "audio": True}, metadata={"team": "a", "x": "1"}
        ),
        bot={"longest_stay": 60, "name": "Notes"},
        wanted={"recording": False},
        metadata={"team": "b", "y": "2"},
    )
    made = of(policy)
    assert made.bot == BotOptions(longest_stay=30, name="Notes")
    assert made.wanted == WantedArtifacts(recording=True, transcript=True, audio=True)
    assert made.metadata == {"team": "a", "x": "1", "y": "2"}


@pytest.mark.parametrize("how", ["otherwise", "override"])
def test_what_the_policy_says_goes_for_all_meetings_that_it_records(how: str) -> None:
    policy = a_policy(wanted={"transcript": False}, metadata={"a": "b"}, bot={"longest_stay": 5})
    overrides = (
        NO_OVERRIDES.with_event(meeting_id_for_event(an_event()), "always") if how == "override" else NO_OVERRIDES
    )
    made = decided(an_event(), policy, overrides)
    assert made.rule == how
    assert (made.wanted, made.metadata) == (WantedArtifacts(transcript=False), {"a": "b"})
    assert made.bot == BotOptions(longest_stay=5)


def test_a_meeting_is_booked_and_changed_with_what_is_wanted() -> None:
    world = World()
    quiet = a_policy(wanted={"transcript": False}, metadata={"a": "b"})
    assert world.sync(an_event(), policy=quiet) == [ChangeKind.BOOK]
    (desired,) = world.meetings.values()
    request = desired.request("c1", "e1")
    assert (request.wanted, request.metadata) == (WantedArtifacts(transcript=False), {"a": "b"})
    assert world.sync(an_event(), policy=quiet) == [ChangeKind.KEEP]
    assert world.sync(an_event(), policy=a_policy(metadata={"a": "b"})) == [ChangeKind.UPDATE]
    assert world.sync(an_event(), policy=a_policy()) == [ChangeKind.UPDATE]
    (desired,) = world.meetings.values()
    request = desired.request("c1", "e1")
    assert (request.wanted, request.metadata) == (WantedArtifacts(), {})


def test_another_title_is_another_name_of_the_bot() -> None:
    world, policy = World(), a_policy(bot={"name": "Notes: {title}"})
    world.sync(an_event(title="Old"), policy=policy)
    assert world.sync(an_event(title="New"), policy=policy) == [ChangeKind.UPDATE]
    (desired,) = world.meetings.values()
    assert desired.bot == BotOptions(name="Notes: New")


@pytest.mark.parametrize(
    ("bot", "minutes"),
    [
        ({"longest_stay": 30}, 30),
        ({"longest_stay": 90}, 60),
        ({"longest_stay": 90, "leave_at_end": 60}, 90),
        ({}, 60),
    ],
)
def test_the_load_counts_a_bot_for_as_long_as_it_stays(bot: dict[str, int], minutes: int) -> None:
    entry = an_entry(an_event(), a_policy(bot=bot))
    assert entry.desired.leaves_at == START + timedelta(minutes=minutes)


TWENTY = {f"k{number}": "v" for number in range(20)}


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"wanted": {"transkript": False}}, "wanted.transkript: unknown; did you mean transcript?"),
        ({"wanted": {"transcript": "no"}}, 'wanted.transcript: must be true or false, not "no"'),
        (
            {"wanted": {"transcript": False, "recording": False}},
            "wanted: neither recording nor transcript is kept, so no bot is needed; say skip instead",
        ),
        (
            {
                "wanted": {"transcript": False},
                "rules": [record(wanted={"recording": False})],
            },
            "rules[0].wanted: neither recording nor transcript is kept, so no bot is needed; say skip instead",
        ),
        ({"metadata": {"A": "b"}}, "metadata: the key 'A' needs 1 to 40 small letters, digits, dots, dashes or"),
        ({"metadata": {"a": "b\n"}}, "metadata: the value of 'a' must have no line breaks"),
        ({"metadata": TWENTY | {"x": "y"}}, "metadata: 21 keys are too many"),
        (
            {"metadata": TWENTY, "rules": [record(metadata={"x": "y"})]},
            "rules[0].metadata: 21 keys are too many, those of the policy included: at most 20",
        ),
        ({"rules": [record(then="skip", metadata={"a": "b"})]}, "rules[0]: a rule that skips has no meeting"),
        ({"rules": [record(then="skip", wanted={"audio": True})]}, "rules[0]: a rule that skips has no meeting"),
        ({"bot": {"longest_stay": 0}}, "bot.longest_stay: must be at least 1, not 0"),
        ({"bot": {"longest_stay": 1441}}, "bot.longest_stay: must be at most 1440, not 1441"),
        ({"bot": {"longest_stay": "60"}}, 'bot.longest_stay: must be a whole number, not "60"'),
    ],
)
def test_what_makes_no_sense_is_refused(policy: dict[str, Any], problem: str) -> None:
    with pytest.raises(PolicyError) as refused:
        a_policy(*policy.pop("rules", ()), **policy)
    assert problem in refused.value.problems[0]


def test_twenty_keys_and_a_skipping_rule_beside_nothing_kept_are_fine() -> None:
    a_policy(record(metadata=TWENTY), metadata=TWENTY)
    a_policy(record(then="skip"), record(name="r", wanted={"recording": True}), wanted={"recording": False})


def test_each_action_has_its_sentence() -> None:
    bot = BotOptions(
        provider="p",
        name="N",
        entry_message="Hello",
        recording_mode=RecordingMode.AUDIO_ONLY,
        transcription_language="de",
        longest_stay=60,
        leave_at_end=0,
    )
    assert [*describe_actions(bot, WantedArtifacts(transcript=False, audio=True), {"b": "2", "a": "1"})] == [
        "The bot is sent by p.",
        "The bot is called N.",
        "It writes when it joins: Hello",
        "It records in the mode audio_only.",
        "The spoken language is de.",
        "It stays for at most 60 minutes.",
        "It leaves 0 minutes after the planned end.",
        "Kept: recording and audio.",
        "No transcript is made.",
        "Its data: a=1, b=2.",
    ]
