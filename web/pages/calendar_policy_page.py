"""The page on which a policy is edited, tried and saved."""

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aiohttp import hdrs, web

from minutekeeper.calendars.limits import Limits
from minutekeeper.calendars.limits_file import InstallationLimits
from minutekeeper.calendars.plan import BotLoad, ChangeKind, PeakLoad
from minutekeeper.calendars.policy import Policy, PolicyError, load_policy
from minutekeeper.calendars.policy_lines import PolicyProblem, located_problems
from starter.calendars.client import CalendarClient
from starter.calendars.preview import policy_as_written, policy_difference
from starter.calendars.tables import counts
from web.access.roles import Role
from web.pages.calendar_pages import Connected, calendar_address, calendar_frame
from web.pages.route import PageRequest, PageResponse, PageRoute, see_other
from web.pages.templates import render_page

_MOST_STEPS = 100
_CONTEXT_LINES = 1
_LONGEST_LINE = 200

STEP_WORDS = {
    ChangeKind.BOOK: ("Book", "good"),
    ChangeKind.MOVE: ("Move", "active"),
    ChangeKind.UPDATE: ("Update", "active"),
    ChangeKind.RELEASE: ("Cancel", "bad"),
}


class PolicyLine(NamedTuple):
    """A line of a policy's text with what is wrong there; number 0 stands for lines that are left out."""

    number: int
    text: str
    problems: tuple[str, ...]


class LoadRow(NamedTuple):
    """Bots of a calendar in one measure, before and after a change, and the limits of them."""

    what: str
    before: PeakLoad | None
    after: PeakLoad
    of_user: int | None
    of_installation: int | None

    @property
    def is_over(self) -> bool:
        """Whether it is more than a limit, so that meetings are left out."""
        return any(each is not None and self.after.bots > each for each in (self.of_user, self.of_installation))


class CalendarPolicyPages:
    """`limits` are those of the installation, if it has any."""

    def __init__(self, connected: Connected, limits: InstallationLimits | None) -> None:
        self._connected = connected
        self._limits = limits

    def routes(self) -> list[PageRoute]:
        address = "/calendars/{calendar}/policy"
        return [
            PageRoute(hdrs.METH_GET, address, self.edit, Role.ADMIN),
            PageRoute(hdrs.METH_POST, address, self.change, Role.ADMIN),
        ]

    async def edit(self, request: PageRequest) -> web.StreamResponse:
        client = await self._connected()
        policy = await client.policy(request.http.match_info["calendar"])
        return _edit_page(request, _as_text(policy), ())

    async def change(self, request: PageRequest) -> web.StreamResponse:
        """Tries a policy; saves it if it was tried before and the calendar's own has not changed since."""
        client, calendar = await self._connected(), request.http.match_info["calendar"]
        text, act = request.form.get("policy", "").replace("\r\n", "\n"), request.form.get("act", "")
        try:
            policy = load_policy(text)
        except PolicyError as error:
            return _edit_page(request, text, located_problems(text, error.problems))
        if act == "edit":
            return _edit_page(request, text, ())
        before = await client.policy(calendar)
        is_known = request.form.get("before") == _fingerprint(before)
        if act == "save" and is_known:
            await client.set_policy(calendar, policy)
            return see_other(f"{calendar_address(calendar)}?done=policy")
        if not (difference := policy_difference(before, policy)):
            return see_other(f"{calendar_address(calendar)}?done=same")
        return await self._tried(request, client, (before, policy, text), difference, overtaken=act == "save")

    async def _tried(
        self,
        request: PageRequest,
        client: CalendarClient,
        policies: tuple[Policy, Policy, str],
        difference: list[str],
        *,
        overtaken: bool,
    ) -> web.StreamResponse:
        before, policy, text = policies
        calendar = request.http.match_info["calendar"]
        now, then = await asyncio.gather(client.plan(calendar), client.plan(calendar, policy))
        values = {
            "calendar": calendar_address(calendar),
            "name": calendar,
            "difference": difference,
            "counts": counts(then),
            "steps": then.steps[:_MOST_STEPS],
            "more": max(len(then.steps) - _MOST_STEPS, 0),
            "shared": then.shared,
            "left_out": then.left_out,
            "load": self._load(now.load, then.load, policy),
            "bots": (now.load.bots, then.load.bots),
            "step_words": STEP_WORDS,
            "text": text,
            "before": _fingerprint(before),
            "overtaken": overtaken,
            "form_token": request.form_token,
            "here": request.http.path,
        }
        return PageResponse(render_page("calendar_tried.html", calendar_frame(request), values))

    def _load(self, now: BotLoad, then: BotLoad, policy: Policy) -> list[LoadRow]:
        for_user = self._limits.per_user if self._limits else None
        user = policy.limits.over(for_user) if policy.limits else for_user
        whole = self._limits.installation if self._limits else None
        user, whole = user or Limits.model_construct(), whole or Limits.model_construct()
        return [
            LoadRow("in the busiest hour", now.busiest_hour, then.busiest_hour, user.per_hour, whole.per_hour),
            LoadRow("on the busiest day", now.busiest_day, then.busiest_day, user.per_day, whole.per_day),
            LoadRow("at once", now.at_once, then.at_once, user.at_once, whole.at_once),
        ]


def _edit_page(request: PageRequest, text: str, problems: Iterable[PolicyProblem]) -> web.StreamResponse:
    found = tuple(problems)
    values = {
        "calendar": calendar_address(request.http.match_info["calendar"]),
        "name": request.http.match_info["calendar"],
        "text": text,
        "problems": found,
        "lines": list(_around(text, found)),
        "form_token": request.form_token,
        "here": request.http.path,
        "rows": min(max(text.count("\n") + 3, 12), 40),
    }
    page = render_page("calendar_policy.html", calendar_frame(request), values)
    return PageResponse(page, status=422 if found else 200)


def _around(text: str, problems: Iterable[PolicyProblem]) -> Iterator[PolicyLine]:
    """The lines with problems, and the ones next to them."""
    wrong: defaultdict[int, list[str]] = defaultdict(list)
    for each in problems:
        if each.line:
            wrong[each.line].append(each.text)
    shown = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if any(abs(number - each) <= _CONTEXT_LINES for each in wrong):
            if shown and shown != number - 1:
                yield PolicyLine(0, "", ())
            yield PolicyLine(number, line[:_LONGEST_LINE], tuple(wrong.get(number, ())))
            shown = number


def _as_text(policy: Policy) -> str:
    return json.dumps(policy_as_written(policy), indent=2, ensure_ascii=False) + "\n"


def _fingerprint(policy: Policy) -> str:
    """By which a policy is known again, so that no change of others is overwritten unseen."""
    return hashlib.sha256(_as_text(policy).encode()).hexdigest()[:16]
