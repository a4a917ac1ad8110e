"""Runs the stand-in for Meeting BaaS v2 on an address of its own."""

from contextlib import AbstractAsyncContextManager

from devtools.simulator.meetingbaas_v2.app import create_app
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.server import serving


def running_meetingbaas_v2(settings: MeetingBaasV2Settings) -> AbstractAsyncContextManager[str]:
    """Serve while the context is open; gives the base URL. Raises OSError if the address is taken."""
    return serving(settings, create_app)
