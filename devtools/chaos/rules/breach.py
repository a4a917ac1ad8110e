"""What a rule answers."""

from pydantic import BaseModel, ConfigDict


class Breach(BaseModel):
    """Something that may never happen: in which meeting, and what says so."""

    model_config = ConfigDict(frozen=True)

    workflow_id: str
    what: str
