"""Stored Zoom credentials. What they lead to is not simulated; their secrets are forgotten at once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field, StringConstraints

from devtools.simulator.meetingbaas_v2.models import Body, Extra, Uri
from devtools.simulator.meetingbaas_v2.payloads import millis
from devtools.simulator.meetingbaas_v2.queries import Conditions, PageQuery, Several, extra_fits, is_part
from devtools.simulator.state import now

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class ZoomCredentialChange(Body):
    """Body of PATCH /v2/zoom-credentials/{id}."""

    name: _Name | None = None
    client_id: _Secret | None = None
    client_secret: _Secret | None = Field(default=None, repr=False)
    authorization_code: Annotated[str, StringConstraints(max_length=2000)] | None = Field(default=None, repr=False)
    redirect_uri: Uri | None = None
    extra: Extra | None = None


class NewZoomCredential(ZoomCredentialChange):
    """Body of POST /v2/zoom-credentials; with a code they are those of a user."""

    name: _Name
    client_id: _Secret
    client_secret: _Secret = Field(repr=False)


class ZoomQuery(PageQuery):
    """Query of GET /v2/zoom-credentials."""

    name: str = ""
    credential_type: Several = Field(default_factory=list)
    state: Several = Field(default_factory=list)
    extra: Conditions = Field(default_factory=list)


@dataclass
class ZoomCredential:
    """`is_user` if a person has granted them, by a code."""

    name: str
    is_user: bool
    extra: Extra | None
    id: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)

    def change(self, change: ZoomCredentialChange) -> None:
        self.name = change.name or self.name
        self.is_user = self.is_user or change.authorization_code is not None
        if "extra" in change.model_fields_set:
            self.extra = change.extra
        self.updated_at = now()

    def fits(self, query: ZoomQuery) -> bool:
        return (
            is_part(query.name, self.name)
            and (not query.credential_type or self._type in query.credential_type)
            and (not query.state or "active" in query.state)
            and extra_fits(query.extra, self.extra)
        )

    def shown(self) -> dict[str, Any]:
        """Zoom itself is not asked, so that nothing is known of the user."""
        return {
            "credential_id": str(self.id),
            "name": self.name,
            "credential_type": self._type,
            "zoom_user_id": None,
            "zoom_account_id": None,
            "zoom_email": None,
            "zoom_display_name": None,
            "scopes": None,
            "state": "active",
            "last_error_message": None,
            "last_error_at": None,
            "created_at": millis(self.created_at),
            "updated_at": millis(self.updated_at),
            "extra": self.extra,
        }

    @property
    def _type(self) -> str:
        return "user" if self.is_user else "app"
