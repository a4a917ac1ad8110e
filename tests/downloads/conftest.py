"""The media server and the store that the activities' tests use, too."""

from tests.activities.conftest import media_server, store

__all__ = ["media_server", "store"]
