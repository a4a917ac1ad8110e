"""A calendar in one line: what its workflow says of it, joined with what the provider has."""

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.calendars.health import AccessProblem, suggested_fix
from meetings.calendars.keeping import CalendarStatus, CalendarView
from meetings.ids import calendar_workflow_id_for
from providers.calendars import ConnectedCalendar


class CalendarState(StrEnum):
    SYNCING = "syncing"
    """It is kept, and was not read yet."""
    ACTIVE = "active"
    ERROR = "error"
    """It cannot be read; `trouble` says why. No meeting is cancelled because of it."""
    LEAVING = "leaving"
    """It is being disconnected."""
    DISCONNECTED = "disconnected"
    NOT_KEPT = "not_kept"
    """The provider has it, and nobody here looks at it."""
    UNKNOWN = "unknown"
    """It is kept, but no worker answered."""


class CalendarSummary(BaseModel):
    """`is_kept`: its workflow runs. `is_connected`: the provider has it; None if it could not be asked."""

    model_config = ConfigDict(frozen=True)

    calendar_id: str
    workflow_id: str
    state: CalendarState
    ailment: AccessProblem | None = None
    trouble: str = ""
    trouble_since: AwareDatetime | None = None
    what_to_do: str = ""
    user: str = ""
    platform: str = ""
    name: str = ""
    email: str = ""
    is_kept: bool
    is_connected: bool | None
    looks: int = 0
    last_look_at: AwareDatetime | None = None
    next_look_at: AwareDatetime | None = None

    @property
    def who(self) -> str:
        """What people call it."""
        return self.email if self.name in {"", self.email} else f"{self.name} <{self.email}>"


def summary_of(
    calendar_id: str,
    view: CalendarView | None,
    connected: ConnectedCalendar | None,
    *,
    is_kept: bool,
    provider_answers: bool = True,
) -> CalendarSummary:
    """`view` is None if nobody answered for it, `connected` if the provider does not have it or was not heard."""
    is_connected = (connected is not None) if provider_answers else None
    state, trouble = _state_of(view, connected, is_kept=is_kept, is_connected=is_connected)
    known = view or CalendarView(calendar_id=calendar_id, status=CalendarStatus.SYNCING)
    return CalendarSummary(
        calendar_id=calendar_id,
        workflow_id=calendar_workflow_id_for(calendar_id),
        state=state,
        ailment=known.problem,
        trouble=trouble,
        trouble_since=known.problem_since,
        what_to_do=_what_to_do(state, known, is_connected=is_connected),
        user=known.user,
        platform=known.platform,
        name=connected.name if connected else "",
        email=connected.email if connected else known.owner,
        is_kept=is_kept,
        is_connected=is_connected,
        looks=known.reconcile_count,
        last_look_at=known.last_reconciled_at,
        next_look_at=known.next_reconcile_at if is_kept else None,
    )


def _what_to_do(state: CalendarState, known: CalendarView, *, is_connected: bool | None) -> str:
    match state:
        case CalendarState.ERROR:
            # Where it seems well here, the trouble is the provider's.
            ailment = known.problem or (AccessProblem.NOT_FOUND if is_connected is False else AccessProblem.SYNC)
            return suggested_fix(ailment, known.calendar_id, known.user, known.platform)
        case CalendarState.NOT_KEPT:
            return f"`minutekeeper calendar connect`, or `minutekeeper calendar disconnect {known.calendar_id}`"
        case CalendarState.UNKNOWN:
            return "start a worker with `minutekeeper worker`; `minutekeeper doctor` says what is missing"
    return ""


def _state_of(
    view: CalendarView | None, connected: ConnectedCalendar | None, *, is_kept: bool, is_connected: bool | None
) -> tuple[CalendarState, str]:
    if not is_kept and is_connected:
        return CalendarState.NOT_KEPT, "the provider has it, but nobody here looks at it"
    if not is_kept or (view and view.status is CalendarStatus.DISCONNECTED):
        return CalendarState.DISCONNECTED, ""
    if view is None:
        return CalendarState.UNKNOWN, "no worker answered"
    if view.status is CalendarStatus.LEAVING:
        return CalendarState.LEAVING, view.error
    if trouble := view.error or _trouble_at_provider(connected, is_connected=is_connected):
        return CalendarState.ERROR, trouble
    return (CalendarState.ACTIVE if view.reconcile_count else CalendarState.SYNCING), ""


def _trouble_at_provider(connected: ConnectedCalendar | None, *, is_connected: bool | None) -> str:
    if is_connected is False:
        return "the provider does not have it any more; connect it again"
    if connected is None or (not connected.error and connected.status != CalendarState.ERROR):
        return ""
    return connected.error or "the provider says so, without a reason"
