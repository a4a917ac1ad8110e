"""The verdict: every rule over all the evidence."""

from collections.abc import Callable, Iterator, Mapping

from devtools.chaos.evidence import Evidence
from devtools.chaos.rules import bots, deliveries, endings, recordings, rooms
from devtools.chaos.rules.breach import Breach

Rule = Callable[[Evidence], Iterator[Breach]]

RULES: Mapping[str, Rule] = {
    "bots sent twice for one dispatch": bots.sent_twice,
    "bots left in a meeting that was cancelled, moved or left": bots.left_behind,
    "moments with two of our bots in one room": rooms.two_in_one_room,
    "doubles left in a room": rooms.double_left_in_room,
    "twins without the recording of their room": rooms.recording_not_shared,
    "twins ended by another's owner": rooms.ended_by_another,
    "twins left without a bot": rooms.left_without_a_bot,
    "recordings lost": recordings.recordings_lost,
    "recordings damaged": recordings.recordings_damaged,
    "files promised that are not there": recordings.promises_broken,
    "meetings without a final status": endings.no_final_status,
    "deliveries answered with 200 and forgotten": deliveries.forgotten,
}
"""What has to be zero, in the words of the report."""


def judge(evidence: Evidence) -> dict[str, list[Breach]]:
    """The breaches of every rule; a rule that was kept has none."""
    return {name: list(rule(evidence)) for name, rule in RULES.items()}
