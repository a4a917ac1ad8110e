"""The part of the table of routes that is about calendars."""

from minutekeeper.api_keys import ApiScope
from starter.calendars.client import CalendarDetails, PolicyUpdate
from starter.calendars.explain import EventExplanation
from starter.calendars.gateway import OverrideUpdate
from starter.calendars.preview import PolicyPreview
from web.api.calendars import CALENDARS, CalendarHandlers
from web.api.models import CalendarEvents, EventOverride, EventsQuery, ListedCalendars, PolicyDocument
from web.api.problems import ProblemCode
from web.api.route import ApiRoute

_CALENDAR = f"{CALENDARS}/{{calendar}}"
_EVENT = f"{_CALENDAR}/events/{{event}}"

_OF_ALL = (ProblemCode.TEMPORAL_UNREACHABLE, ProblemCode.STORE_UNREACHABLE, ProblemCode.PROVIDER_UNREACHABLE)
_OF_ONE = (ProblemCode.NOT_FOUND, ProblemCode.WORKER_MISSING, *_OF_ALL)
_OF_CHANGES = (*_OF_ONE, ProblemCode.TOO_LATE)


def calendar_routes(calendars: CalendarHandlers) -> tuple[ApiRoute, ...]:
    return (
        ApiRoute(
            "GET",
            CALENDARS,
            "listCalendars",
            "List calendars, also those without a workflow.",
            calendars.list,
            ListedCalendars,
            ApiScope.READ,
            answers={200: "All calendars."},
            problems=_OF_ALL,
        ),
        ApiRoute(
            "GET",
            _CALENDAR,
            "getCalendar",
            "Show a calendar.",
            calendars.show,
            CalendarDetails,
            ApiScope.READ,
            answers={200: "The calendar."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "GET",
            f"{_CALENDAR}/events",
            "listEvents",
            "List a calendar's events with their decisions.",
            calendars.events,
            CalendarEvents,
            ApiScope.READ,
            query=EventsQuery,
            answers={200: "The events."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "GET",
            f"{_EVENT}/explain",
            "explainEvent",
            "Explain why an event is recorded or not.",
            calendars.explain,
            EventExplanation,
            ApiScope.READ,
            answers={200: "The rule that decides, and the facts."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "GET",
            f"{_CALENDAR}/policy",
            "getPolicy",
            "Show a calendar's policy.",
            calendars.policy,
            PolicyDocument,
            ApiScope.READ,
            answers={200: "The policy as it was written."},
            problems=_OF_ONE,
        ),
        ApiRoute(
            "POST",
            f"{_CALENDAR}/plan",
            "planPolicy",
            "Show what a policy, or the calendar's own, would book, move and cancel. Changes nothing.",
            calendars.plan,
            PolicyPreview,
            ApiScope.READ,
            body=PolicyDocument,
            answers={200: "What it would do."},
            problems=_OF_ONE,
            example={"otherwise": "record"},
        ),
        ApiRoute(
            "PUT",
            f"{_CALENDAR}/policy",
            "setPolicy",
            "Change a calendar's policy; booked meetings are decided again.",
            calendars.set_policy,
            PolicyUpdate,
            ApiScope.ADMIN,
            body=PolicyDocument,
            answers={200: "What the change does."},
            problems=_OF_CHANGES,
            example={"otherwise": "skip"},
        ),
        ApiRoute(
            "PUT",
            f"{_EVENT}/override",
            "overrideEvent",
            "Decide about one event, or its whole series, before any policy.",
            calendars.override,
            OverrideUpdate,
            ApiScope.ADMIN,
            body=EventOverride,
            answers={200: "What the override does."},
            problems=_OF_CHANGES,
            example={"choice": "never"},
        ),
    )
