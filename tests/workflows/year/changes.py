"""What happens in the calendar of a year, and what the policy says of each event when its meeting begins."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from minutekeeper.calendars.decisions import NO_OVERRIDES, decide
from minutekeeper.calendars.event import CalendarEvent
from minutekeeper.calendars.policy import load_policy
from tests.workflows.scripted import LEAD
from tests.workflows.year.calendar_year import FULL_EVERY, LENGTH, Life, Turn

POLICY = {
    "my_domains": ["acme.com"],
    "rules": [
        {"name": "declined", "when": {"response": "declined"}, "then": "skip"},
        {"name": "private", "when": {"title": "*private*"}, "then": "skip"},
        {"name": "confidential", "when": {"visibility": ["private", "confidential"]}, "then": "skip"},
        {"name": "free", "when": {"availability": "free"}, "then": "skip"},
        {"name": "said no", "when": {"text": "#norecord"}, "then": "skip"},
        {"name": "strangers", "unless": {"attendees": {"external": False}}, "then": "skip"},
    ],
}
_RULES = load_policy(json.dumps(POLICY))
_AHEAD = (3, 20, 90, 600, 3000, 9000, 20000)
"""Minutes from the writing of an event to its start."""
_STRANGER = {"email": "bob@customer.example"}
_NEW: dict[str, tuple[dict[str, Any], ...]] = {
    "respond": ({"response": "declined"}, {"response": "accepted"}),
    "title": ({"title": "Private"}, {"title": "Retitled"}, {"title": "Retitled again"}),
    "marks": (
        {"visibility": "private"},
        {"visibility": "default"},
        {"availability": "free"},
        {"availability": "busy"},
        {"notes": "<p>#no<b>record</b></p>"},
        {"notes": ""},
        {"event_type": "focus_time"},
        {"event_type": "default"},
    ),
    "guests": (
        {"attendees": [_STRANGER]},
        {"attendees": [_STRANGER | {"response": "declined"}], "guests_known": True},
        {"attendees": [], "guests_known": False},
        {"attendees": [], "guests_known": True},
    ),
}
"""Changes of what the policy asks for."""
_KINDS = ("minutes", "days", "link", "delete", "remove", *_NEW)

Place = tuple[str, datetime]
"""A meeting's link and its start."""


@dataclass
class Changes:
    """`truth` is the calendar, `expected` what the policy said of each meeting that began."""

    life: Life
    truth: dict[str, CalendarEvent] = field(default_factory=dict)
    expected: Counter[Place] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)
    """Which event has a link."""
    _held_until: dict[str, datetime] = field(default_factory=dict)
    _held_at: dict[str, set[str]] = field(default_factory=dict)
    """The links at which a meeting has had a bot since it began."""

    def plan(self, events: int) -> None:
        """Single events and series, written over the whole time, most of them changed later."""
        chance, began = self.life.random, self.life.now
        span = self.life.ends - began
        number = 0
        while number < events:
            written = began + span * chance.random() * 0.9
            start = written + timedelta(minutes=chance.choice(_AHEAD))
            instances = min(chance.choice([1, 1, 1, 4]), events - number)
            for week in range(instances):
                when = start + timedelta(weeks=week)
                series = {"is_recurring": True, "recurring_event_id": f"s{start}", "original_start": when}
                self._plan_one(f"e{number}", written, when, series if instances > 1 else {})
                number += 1

    def _plan_one(self, name: str, written: datetime, start: datetime, series: dict[str, Any]) -> None:
        chance = self.life.random
        title = chance.choice(["Weekly", "Planning", "private"])
        link = self._link(name, "") if chance.random() < 0.9 else ""

        async def write() -> None:
            await self._put(name, title=title, start_time=start, meeting_url=link, **series)

        self.life.at(written, write)
        for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
            self.life.at(written + (start + LENGTH * 1.5 - written) * chance.random(), self._change(name))

    def _change(self, name: str) -> Turn:
        life = self.life
        kind, amount = life.random.choice(_KINDS), life.random.random()

        async def change() -> None:
            event = self.truth.get(name)
            if event is None:
                return
            life.counts[kind] += 1
            match kind:
                case "minutes":
                    await self._put(name, start_time=event.start_time + timedelta(minutes=int(amount * 60) - 20))
                case "days":
                    later = life.now + (life.ends - life.now) * amount * 0.9
                    await self._put(name, start_time=later.replace(second=0, microsecond=0))
                case "link":
                    await self._put(name, meeting_url=self._link(name, str(amount)))
                case "delete":
                    await self._put(name, deleted=not event.deleted)
                case "remove":
                    del self.truth[name]
                    life.calendar.remove(name)
                    life.tales[name].append(f"{life.now} removed")
                    await self._tell(name, event.event_id, [event.start_time])
                case _:
                    await self._put(name, **_NEW[kind][int(amount * len(_NEW[kind]))])

        return change

    def _link(self, name: str, which: str) -> str:
        link = self.life.world.link(f"{name}{which}")
        self.names[link] = name
        return link

    async def _put(self, name: str, **fields: Any) -> None:
        life, before = self.life, self.truth.get(name)
        start: datetime = fields.get("start_time") or (before.start_time if before else life.now)
        uid = f"{name}-{life.world.key}"
        event = life.calendar.put(name, end_time=start + LENGTH, updated_at=life.now, uid=uid, **fields)
        self.truth[name] = event
        life.tales[name].append(f"{life.now} {fields}")
        if before is None or event.start_time != before.start_time:
            self._expect(name, event.start_time)
        if start <= life.now:
            # What is wanted only while it goes on is joined late.
            self._decide(name, start)
        await self._tell(name, event.event_id, [start, before.start_time if before else start])

    def _expect(self, name: str, start: datetime) -> None:
        async def begin() -> None:
            self._decide(name, start)
            await self.life.meet()

        self.life.at(start - LEAD, self.life.meet)
        self.life.at(start, begin)
        self.life.at(start + LENGTH, self.life.part)
        # By then an event that was moved while it was recorded has its other meeting.
        self.life.at(start + LENGTH + timedelta(minutes=3), self.life.meet)

    def _decide(self, name: str, start: datetime) -> None:
        """What the policy says of the meeting that begins at this instant, or is under way."""
        life, event = self.life, self.truth.get(name)
        if event is None or event.start_time != start or life.now >= start + LENGTH - timedelta(minutes=2):
            return
        link = event.link.url if event.link else ""
        if start >= self._held_until.get(name, start):
            self._held_at.pop(name, None)
        # A meeting that goes on at another link has another bot there.
        had_bot = link in self._held_at.get(name, set())
        if not had_bot and link and decide(_RULES, NO_OVERRIDES, event, life.now).record:
            life.tales[name].append(f"{life.now} expected at {start} {link}")
            self.expected[link, start] += 1
            self._held_until[name] = start + LENGTH
            self._held_at.setdefault(name, set()).add(link)

    async def _tell(self, name: str, event_id: str, starts: Sequence[datetime]) -> None:
        """The webhook: with the event's name, without it, doubled, or lost where there is time to notice that."""
        life = self.life
        is_far = all(abs(start - life.now) > FULL_EVERY + timedelta(hours=1) for start in starts)
        if is_far and life.random.random() < 0.15:
            life.counts["lost"] += 1
            life.tales[name].append(f"{life.now} nobody is told")
            return
        said = {"event_ids": [event_id]} if life.random.random() < 0.7 else {}
        await life.tell(life.random.choice([1, 1, 1, 2]), **said)
