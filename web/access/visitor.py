"""Who looks at the pages."""

from pydantic import BaseModel, ConfigDict

from web.access.roles import Role

_LONGEST_NAME = 120


class Visitor(BaseModel):
    """A person by the name that their account or proxy gives; without a name, one who has not signed in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    role: Role = Role.NONE

    def may(self, role: Role) -> bool:
        return self.role >= role


def shown_name(given: str) -> str:
    """A name without characters that cannot be printed, cut to a length that fits; empty if nothing is left."""
    return "".join(each for each in given if each.isprintable()).strip()[:_LONGEST_NAME]
