"""Calendar V1, under /api/v1/calendar/."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from devtools.simulator.calendars.ids import graph_id
from devtools.simulator.calendars.provider_events import Guest, Response
from devtools.simulator.recall.calendars.v1_models import (
    AuthenticateRequest,
    DisconnectRequest,
    MeetingQuery,
    MeetingUpdate,
    UserUpdate,
    V1Platform,
)
from devtools.simulator.recall.calendars.v1_service import OAuthError, is_web_address, read_state, with_error
from devtools.simulator.recall.calendars.v1_state import CalendarUser, V1Meeting
from devtools.simulator.recall.calendars.v1_tokens import InvalidTokenError
from devtools.simulator.recall.errors import coded, not_found, read_body, read_query
from devtools.simulator.recall.keys import CALENDAR_TOKEN, RECALL
from devtools.simulator.recall.meeting_links import parsed_link
from devtools.simulator.recall.paging import cursor_page
from devtools.simulator.routing import both
from devtools.simulator.state import stamp

_CALLBACKS: Mapping[str, V1Platform] = {"google_oauth_callback": "google", "ms_oauth_callback": "microsoft"}
_INVITES: Mapping[str, str] = {
    "zoom": "zoom_invite",
    "google_meet": "meet_invite",
    "microsoft_teams": "teams_invite",
    "microsoft_teams_live": "teams_invite",
    "webex": "webex_invite",
    "goto_meeting": "goto_meeting_invite",
}
_ANSWERS: Mapping[Response, str] = {
    "accepted": "accepted",
    "declined": "declined",
    "tentative": "tentative",
    "needsAction": "not_available",
}


def calendar_v1_routes() -> list[web.RouteDef]:
    base = "/api/v1/calendar"
    return [
        *both("POST", f"{base}/authenticate", authenticate),
        *both("GET", f"{base}/user", show_user),
        *both("PUT", f"{base}/user", update_user),
        *both("DELETE", f"{base}/user", delete_user),
        *both("POST", f"{base}/user/disconnect", disconnect_platform),
        *both("GET", f"{base}/users", list_users),
        *both("GET", f"{base}/meetings", list_meetings),
        *both("POST", f"{base}/meetings/refresh", refresh_meetings),
        *both("GET", f"{base}/meetings/{{id}}", show_meeting),
        *both("PUT", f"{base}/meetings/{{id}}", override_meeting),
        *both("GET", f"{base}/{{callback:google_oauth_callback|ms_oauth_callback}}", come_back),
    ]


async def authenticate(request: web.Request) -> web.Response:
    """A token for the user of this id, who is made if there is none."""
    calendars, body = request.app[RECALL].calendars_v1, await read_body(request, AuthenticateRequest)
    calendars.user(body.user_id)
    return web.json_response({"token": calendars.tokens.make(body.user_id)})


async def show_user(request: web.Request) -> web.Response:
    return web.json_response(_user(_user_of(request)))


async def update_user(request: web.Request) -> web.Response:
    """Set the preferences; bots that no longer fit are taken back without a word."""
    user, body = _user_of(request), await read_body(request, UserUpdate)
    user.preferences = body.preferences
    request.app[RECALL].calendars_v1.refresh(user)
    return web.json_response(_user(user))


async def delete_user(request: web.Request) -> web.Response:
    request.app[RECALL].calendars_v1.remove(_user_of(request))
    return web.Response(status=204)


async def disconnect_platform(request: web.Request) -> web.Response:
    user, body = _user_of(request), await read_body(request, DisconnectRequest)
    request.app[RECALL].calendars_v1.disconnect(user, body.platform)
    return web.json_response(_user(user))


async def list_users(request: web.Request) -> web.Response:
    """A bare list, or pages if `paginate` is set."""
    email = request.query.get("email", "")
    users = [
        user
        for user in request.app[RECALL].calendars_v1.users.values()
        if not email or any(one.raw.account.email == email for one in user.connections)
    ]
    if request.query.get("paginate"):
        return cursor_page(request, users, _user)
    return web.json_response([_user(user) for user in users])


async def list_meetings(request: web.Request) -> web.Response:
    query = read_query(request, MeetingQuery)
    return web.json_response([_meeting(one) for one in _sorted(_user_of(request)) if _fits(one, query)])


async def refresh_meetings(request: web.Request) -> web.Response:
    user = _user_of(request)
    request.app[RECALL].calendars_v1.refresh(user)
    return web.json_response([_meeting(one) for one in _sorted(user)])


async def show_meeting(request: web.Request) -> web.Response:
    return web.json_response(_meeting(_find_meeting(request)))


async def override_meeting(request: web.Request) -> web.Response:
    meeting, body = _find_meeting(request), await read_body(request, MeetingUpdate)
    meeting.override = body.override_should_record
    request.app[RECALL].calendars_v1.refresh(meeting.user)
    return web.json_response(_meeting(meeting))


async def come_back(request: web.Request) -> web.Response:
    """Where users come back from Google and Microsoft, and from where they are sent on to the caller's pages."""
    platform = _CALLBACKS[request.match_info["callback"]]
    state = read_state(request.query.get("state", ""))
    try:
        request.app[RECALL].calendars_v1.connect(state, platform, request.query)
    except OAuthError as error:
        if is_web_address(state.error_url):
            return web.Response(status=302, headers={"Location": with_error(state.error_url, str(error))})
        return coded(400, "calendar_oauth_failed", str(error)).response
    if is_web_address(state.success_url):
        return web.Response(status=302, headers={"Location": state.success_url})
    return web.Response(text="The calendar is connected.")


def _user_of(request: web.Request) -> CalendarUser:
    """The user whose token the call carries. Raises 401, with the reason."""
    calendars = request.app[RECALL].calendars_v1
    try:
        return calendars.user(calendars.tokens.read(request.headers.get(CALENDAR_TOKEN, "")))
    except InvalidTokenError as error:
        raise coded(401, "authentication_failed", str(error)) from None


def _find_meeting(request: web.Request) -> V1Meeting:
    """Raises 404."""
    meeting = request.app[RECALL].calendars_v1.find(_user_of(request), request.match_info["id"])
    if meeting is None:
        raise not_found()
    return meeting


def _sorted(user: CalendarUser) -> list[V1Meeting]:
    return sorted(user.meetings.values(), key=lambda one: (one.event.start, one.uuid))


def _fits(meeting: V1Meeting, query: MeetingQuery) -> bool:
    start = meeting.event.start
    return (
        meeting.ical_uid.startswith(query.ical_uid)
        and (query.start_time_after is None or start > query.start_time_after)
        and (query.start_time_before is None or start < query.start_time_before)
    )


def _user(user: CalendarUser) -> dict[str, Any]:
    return {
        "id": str(user.uuid),
        "external_id": user.external_id,
        "connections": [
            {
                "connected": connection.connected,
                "platform": connection.platform,
                "email": connection.raw.account.email,
                "id": str(connection.uuid),
            }
            for connection in reversed(user.connections)
        ],
        "preferences": {"id": str(user.preferences_id), **user.preferences.model_dump()},
    }


def _meeting(meeting: V1Meeting) -> dict[str, Any]:
    event, platform = meeting.event, meeting.connection.platform
    link = parsed_link(meeting.link) or {}
    invite = {name: value for name, value in link.items() if name != "platform"}
    invites: dict[str, Any] = dict.fromkeys(_INVITES.values())
    if link:
        invites[_INVITES[link["platform"]]] = invite
    bot = meeting.bot
    return {
        "id": str(meeting.uuid),
        "override_should_record": meeting.override,
        "title": event.title,
        "description": event.description,
        "will_record": meeting.will_record,
        "will_record_reason": meeting.reason,
        "start_time": stamp(event.start),
        "end_time": stamp(event.end),
        "platform": "google_calendar" if platform == "google" else "microsoft_outlook",
        "platform_id": event.id if platform == "google" else graph_id(meeting.email, event.id),
        "meeting_platform": link.get("platform"),
        "calendar_platform": platform,
        **invites,
        "bot_id": str(bot.uuid) if bot and not bot.deleted_at else None,
        "is_external": meeting.is_external,
        "is_hosted_by_me": meeting.is_hosted_by_me,
        "is_recurring": bool(event.series),
        "organizer_email": event.organizer.email,
        "attendee_emails": [guest.email for guest in event.guests],
        "attendees": [_attendee(guest, meeting) for guest in event.people],
        "ical_uid": meeting.ical_uid,
        "visibility": event.visibility,
    }


def _attendee(guest: Guest, meeting: V1Meeting) -> dict[str, Any]:
    return {
        "name": guest.name or None,
        "email": guest.email,
        "is_organizer": guest.email == meeting.event.organizer.email,
        "status": _ANSWERS[guest.response],
    }
