"""Says once, in the log and the metrics, that a calendar cannot be read, and once that it can be again."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from meetings.calendars.health import Ailment, remedy
    from meetings.calendars.keeping import CalendarView

CALENDAR_TROUBLES = (
    "minutekeeper_calendar_troubles_total",
    "Calendars that could not be read any more; each trouble counts once.",
)
CALENDAR_RECOVERIES = (
    "minutekeeper_calendar_recoveries_total",
    "Calendars that could be read again; each recovery counts once.",
)


def report(view: CalendarView, before: Ailment | None) -> None:
    """What has changed since `before`. An ailing app is spoken of once for all its calendars, and not here."""
    if view.ailment is None:
        label = {"trouble": before.value if before else ""}
        workflow.metric_meter().create_counter(*CALENDAR_RECOVERIES).add(1, label)
        if before is not Ailment.APP:
            workflow.logger.warning("calendar %s can be read again", view.calendar_id)
        return
    workflow.metric_meter().create_counter(*CALENDAR_TROUBLES).add(1, {"trouble": view.ailment.value})
    if view.ailment is not Ailment.APP:
        cure = remedy(view.ailment, view.calendar_id, view.user, view.platform)
        workflow.logger.warning("calendar %s cannot be read: %s; %s", view.calendar_id, view.trouble, cure)
