"""Decides whether an event is recorded: by an override, by what is impossible, or by the first rule that holds."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from minutekeeper.calendars.actions import bot_options, wanted_artifacts
from minutekeeper.calendars.event import CalendarEvent, is_past, series_key
from minutekeeper.calendars.limits import ALWAYS_IMPORTANCE, USUAL_IMPORTANCE
from minutekeeper.calendars.policy import Policy
from minutekeeper.calendars.rules import BuiltinRule, Rule
from minutekeeper.meetings.fields import BotOptions, Metadata, UtcDatetime, WantedArtifacts

Wanted = Literal["always", "never"]


class Override(NamedTuple):
    wanted: Wanted
    scope: Literal["event", "series"]

    @property
    def never_reason(self) -> str:
        return f'Skipped: a user chose "never" for this {self.scope}.'


MAX_OVERRIDES = 1000
"""They are part of the input of every reconcile."""


class Overrides(BaseModel):
    """By the meeting id of an event, and by the key of a series; that of an event goes before that of its series.

    By the meeting id, because it stays the same when the calendar comes back and its events have other ids.
    """

    model_config = ConfigDict(frozen=True)

    events: dict[str, Wanted] = {}
    series: dict[str, Wanted] = {}
    expiry: dict[str, UtcDatetime] = {}
    """From when on the override of an event is not needed any more, by its meeting id, as far as that is known."""

    @property
    def count(self) -> int:
        return len(self.events) + len(self.series)

    def for_event(self, event: CalendarEvent) -> Override | None:
        return self.for_meeting(event.meeting_ids if self.events else (), event.series)

    def for_meeting(self, meeting_ids: Collection[str], series: str) -> Override | None:
        """The override of an event that is known by its meeting ids and the key of its series only."""
        given = {wanted for each in meeting_ids if (wanted := self.events.get(each))}
        if given:
            return Override("never" if "never" in given else "always", "event")
        if series and (wanted := self.series.get(series)):
            return Override(wanted, "series")
        return None

    def with_event(
        self,
        meeting_id: str,
        wanted: Wanted | None,
        other_ids: Collection[str] = (),
        expires_at: datetime | None = None,
    ) -> "Overrides":
        """The overrides after a change; None leaves the event to its series and to the policy again.

        `other_ids` are further ids of the event: what was said of it by these is replaced.
        """
        others = self._without({meeting_id, *other_ids})
        events = _changed(others.events, meeting_id, wanted)
        expiry = {meeting_id: expires_at} if wanted and expires_at else {}
        return others.model_copy(update={"events": events, "expiry": others.expiry | expiry})

    def with_series(self, series_id: str, wanted: Wanted | None) -> "Overrides":
        return self.model_copy(update={"series": _changed(self.series, series_key(series_id), wanted)})

    def fitted(self, newest: str, now: datetime) -> "Overrides | None":
        """The overrides without those that are too many; None if there is no room for `newest`, a key.

        What has expired goes first. For a `never` an `always` goes, because a missing recording harms less than one
        that must not be. What has expired stays as long as there is room, because events are moved.
        """
        if self.count <= MAX_OVERRIDES:
            return self
        dropped = {key for key, at in self.expiry.items() if at <= now and key != newest}
        if not dropped and "never" in (self.events.get(newest), self.series.get(newest)):
            dropped = set(self._oldest_always())
        return self._without(dropped) if dropped else None

    def _oldest_always(self) -> list[str]:
        """The key of the first `always` to expire, or of one that does not; empty if there is none."""
        known = sorted(self.expiry, key=lambda key: self.expiry[key])
        keys = [*known, *self.events, *self.series]
        return [key for key in keys if "always" in (self.events.get(key), self.series.get(key))][:1]

    def _without(self, keys: Collection[str]) -> "Overrides":
        return Overrides(
            events={key: value for key, value in self.events.items() if key not in keys},
            series={key: value for key, value in self.series.items() if key not in keys},
            expiry={key: value for key, value in self.expiry.items() if key not in keys},
        )


NO_OVERRIDES = Overrides()


def _changed(before: dict[str, Wanted], key: str, wanted: Wanted | None) -> dict[str, Wanted]:
    others = {each: value for each, value in before.items() if each != key}
    return others if wanted is None else others | {key: wanted}


_MAX_REASON_LENGTH = 300


class Decision(BaseModel):
    """`rule` is the name of a rule of the policy, or one of `BuiltinRule`; `reason` a sentence for people.

    `bot` is None where the policy says nothing of the bot, `wanted` where it does not say what is kept. An event
    that lasts all day has no hours of its own: `start_time` and `end_time` say from when to when the bot is wanted.
    `importance` counts where there are more meetings than bots.
    """

    model_config = ConfigDict(frozen=True)

    record: bool
    rule: str
    reason: str
    bot: BotOptions | None = None
    wanted: WantedArtifacts | None = None
    metadata: Metadata = {}
    importance: int = USUAL_IMPORTANCE
    start_time: UtcDatetime | None = None
    end_time: UtcDatetime | None = None


class RuleEvaluation(NamedTuple):
    """A rule of the policy that was evaluated: whether it holds, and why."""

    number: int
    rule: Rule
    holds: bool
    why: str


def decide(policy: Policy, overrides: Overrides, event: CalendarEvent, now: datetime) -> Decision:
    """The decision about an event at an instant.

    First comes the word `never`, then what makes a bot impossible, then the provider's own timer, then the word
    `always`, then the policy.
    """
    decision = _decide(policy, overrides, event, now)
    if not event.all_day:
        return decision
    timed = policy.with_hours(event)
    return decision.model_copy(update={"start_time": timed.start_time, "end_time": timed.end_time})


def _decide(policy: Policy, overrides: Overrides, event: CalendarEvent, now: datetime) -> Decision:
    override = overrides.for_event(event)
    if override and override.wanted == "never":
        return _skip(BuiltinRule.OVERRIDE, override.never_reason)
    if obstacle := _obstacle(policy.with_hours(event), now):
        return _skip(*obstacle)
    if event.provider_records:
        reason = "Left to the provider: its own timer sends a bot, until `calendar unrecord` takes that back."
        return _skip(BuiltinRule.PROVIDER, reason)
    if override:
        reason = f'Recorded: a user chose "always" for this {override.scope}.'
        made = _record(policy, event, BuiltinRule.OVERRIDE, reason)
        return made.model_copy(update={"importance": ALWAYS_IMPORTANCE})
    return _by_policy(policy, event)


def _by_policy(policy: Policy, event: CalendarEvent) -> Decision:
    for looked_at in evaluate_rules(policy, event):
        if looked_at.holds:
            return _by_rule(policy, event, looked_at)
    if event.all_day:
        return _skip(BuiltinRule.ALL_DAY, "Not recorded: it lasts all day, and no rule asks for such events.")
    record = policy.otherwise == "record"
    reason = (
        f'{"Recorded" if record else "Skipped"}: no rule holds, and otherwise the policy says "{policy.otherwise}".'
    )
    rule = BuiltinRule.OTHERWISE
    return _record(policy, event, rule, reason) if record else Decision(record=False, rule=rule, reason=reason)


def evaluate_rules(policy: Policy, event: CalendarEvent) -> Iterator[RuleEvaluation]:
    """The rules in their order, up to the one that decides."""
    event = policy.with_hours(event)
    for number, rule in enumerate(policy.rules, start=1):
        findings = list(rule.findings(event, policy))
        missing = [each.text for each in findings if not each.holds]
        why = missing or [each.text for each in findings] or ["it holds of every event"]
        yield RuleEvaluation(number, rule, not missing, " and ".join(why))
        if not missing:
            return


def _obstacle(event: CalendarEvent, now: datetime) -> tuple[BuiltinRule, str] | None:
    if event.deleted:
        return BuiltinRule.DELETED, "Not recorded: the event was deleted or cancelled."
    if not event.event_type.is_meeting:
        return BuiltinRule.NO_MEETING, f"Not recorded: it is no meeting, its type is {event.event_type}."
    if not event.meeting_url.strip():
        return BuiltinRule.NO_LINK, "Not recorded: the event has no link to a meeting."
    if event.link is None:
        reason = "Not recorded: its link is none of Google Meet, Zoom or Microsoft Teams by which a bot can join."
        return BuiltinRule.UNUSABLE_LINK, reason
    if is_past(event.expected_end, now):
        return BuiltinRule.OVER, "Not recorded: it is over."
    return None


def _skip(rule: BuiltinRule, reason: str) -> Decision:
    return Decision(record=False, rule=rule, reason=reason)


def _record(policy: Policy, event: CalendarEvent, name: str, reason: str, rule: Rule | None = None) -> Decision:
    return Decision(
        record=True,
        rule=name,
        reason=reason,
        bot=bot_options(event, policy.my_emails, policy.bot, rule.bot if rule else None),
        wanted=wanted_artifacts(policy.wanted, rule.wanted if rule else None),
        metadata=(policy.metadata or {}) | ((rule.metadata if rule else None) or {}),
        importance=(rule.importance if rule else None) or USUAL_IMPORTANCE,
    )


def _by_rule(policy: Policy, event: CalendarEvent, decider: RuleEvaluation) -> Decision:
    record = decider.rule.then == "record"
    verb = "Recorded" if record else "Skipped"
    reason = f'{verb} by rule {decider.number}, "{decider.rule.name}": {decider.why}.'
    if len(reason) > _MAX_REASON_LENGTH:
        reason = f"{reason[: _MAX_REASON_LENGTH - 1]}…"
    name = decider.rule.name
    if record:
        return _record(policy, event, name, reason, decider.rule)
    return Decision(record=False, rule=name, reason=reason)
