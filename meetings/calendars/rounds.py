"""What goes to and fro when all calendars of the account are checked, round after round.

Every field that is added later needs a default, because the rounds go on for years.
"""

from collections.abc import Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict

from meetings.calendars.health import Ailment


class Findings(BaseModel):
    """The calendars that cannot be read, by id, and why; of the `doubtful` ones it is not sure yet."""

    model_config = ConfigDict(frozen=True)

    ailing: Mapping[str, Ailment] = {}
    doubtful: tuple[str, ...] = ()

    def of(self, ailment: Ailment) -> set[str]:
        """The calendars with this ailment."""
        return {calendar_id for calendar_id, each in self.ailing.items() if each is ailment}


NOTHING_FOUND = Findings()


class RoundOrder(BaseModel):
    """One round, after what was found `before`. With `tell_all` calendars are told what they were told already."""

    model_config = ConfigDict(frozen=True)

    before: Findings = NOTHING_FOUND
    tell_all: bool = False


class RoundResult(BaseModel):
    """`calendars` is how many there are, `again_in` the seconds until the next round is due."""

    model_config = ConfigDict(frozen=True)

    findings: Findings = NOTHING_FOUND
    calendars: int = 0
    again_in: float = 3600.0


class RoundsRequest(BaseModel):
    """What the rounds begin with; nothing is needed."""

    model_config = ConfigDict(frozen=True)

    findings: Findings = NOTHING_FOUND
    calendars: int = 0
    told_all_at: AwareDatetime | None = None
    last_round_at: AwareDatetime | None = None
    again_in: float = 3600.0
    trouble: str = ""


class RoundsView(BaseModel):
    """What the `status` query answers. `trouble` is why the last round came to nothing."""

    model_config = ConfigDict(frozen=True)

    calendars: int = 0
    findings: Findings = NOTHING_FOUND
    last_round_at: AwareDatetime | None = None
    next_round_at: AwareDatetime | None = None
    trouble: str = ""
