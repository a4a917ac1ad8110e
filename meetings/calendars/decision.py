"""Decides whether an event gets a bot, and why; plans, reconciles and explanations all use it."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from meetings.calendars.event import CalendarEvent, is_over
from meetings.calendars.overrides import Overrides
from meetings.calendars.policy import Policy
from meetings.calendars.rules import BotOverrides, BuiltinRule, Rule
from meetings.request import BotOptions

_LONGEST_REASON = 300


class Decision(BaseModel):
    """`rule` is the name of a rule of the policy, or one of `BuiltinRule`; `reason` a sentence for people.

    `bot` is None where the policy says nothing of the bot.
    """

    model_config = ConfigDict(frozen=True)

    record: bool
    rule: str
    reason: str
    bot: BotOptions | None = None


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
    override = overrides.for_event(event)
    if override and override.wanted == "never":
        return _skip(BuiltinRule.OVERRIDE, f'Skipped: somebody said "never" for this {override.scope}.')
    if obstacle := _obstacle(event, now):
        return _skip(*obstacle)
    if event.provider_records:
        reason = "Left to the provider: its own timer sends a bot, until `calendar unrecord` takes that back."
        return _skip(BuiltinRule.PROVIDER, reason)
    if override:
        reason = f'Recorded: somebody said "always" for this {override.scope}.'
        return Decision(record=True, rule=BuiltinRule.OVERRIDE, reason=reason, bot=_bot(policy.bot))
    for looked_at in evaluate_rules(policy, event):
        if looked_at.holds:
            return _by_rule(policy, looked_at)
    record = policy.otherwise == "record"
    reason = (
        f'{"Recorded" if record else "Skipped"}: no rule holds, and otherwise the policy says "{policy.otherwise}".'
    )
    return Decision(
        record=record, rule=BuiltinRule.OTHERWISE, reason=reason, bot=_bot(policy.bot) if record else None
    )


def evaluate_rules(policy: Policy, event: CalendarEvent) -> Iterator[RuleEvaluation]:
    """The rules in their order, up to the one that decides."""
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
    if not event.meeting_url.strip():
        return BuiltinRule.NO_LINK, "Not recorded: the event has no link to a meeting."
    if event.link is None:
        reason = "Not recorded: its link is none of Google Meet, Zoom or Microsoft Teams by which a bot can join."
        return BuiltinRule.UNUSABLE_LINK, reason
    if event.all_day:
        return (
            BuiltinRule.ALL_DAY,
            "Not recorded: it lasts all day, so there is no time at which a bot should come.",
        )
    if is_over(event.expected_end, now):
        return BuiltinRule.OVER, "Not recorded: it is over."
    return None


def _skip(rule: BuiltinRule, reason: str) -> Decision:
    return Decision(record=False, rule=rule, reason=reason)


def _by_rule(policy: Policy, decider: RuleEvaluation) -> Decision:
    record = decider.rule.then == "record"
    verb = "Recorded" if record else "Skipped"
    reason = f'{verb} by rule {decider.number}, "{decider.rule.name}": {decider.why}.'
    if len(reason) > _LONGEST_REASON:
        reason = f"{reason[: _LONGEST_REASON - 1]}…"
    bot = _bot(policy.bot, decider.rule.bot) if record else None
    return Decision(record=record, rule=decider.rule.name, reason=reason, bot=bot)


def _bot(*changes: BotOverrides | None) -> BotOptions | None:
    options: dict[str, object] = {}
    for each in changes:
        options |= each.model_dump(exclude_none=True) if each else {}
    return BotOptions.model_validate(options) if options else None
