"""Addresses of workflows in Temporal's web UI."""

from urllib.parse import quote

from starter.errors import MeetingError

_CLOUD_UI = "https://cloud.temporal.io"
_CLOUD_HOSTS = (".tmprl.cloud", ".api.temporal.io")


def temporal_ui_url(configured: str, target_host: str) -> str:
    """The UI's base address: the setting, else the one of Temporal Cloud. Raises MeetingError if unknown.

    Args:
        configured: `MINUTEKEEPER_TEMPORAL_UI_URL`, empty if not set.
        target_host: `host:port` of the Temporal server. A self-hosted server does not say where its UI is.
    """
    if configured:
        return configured.rstrip("/")
    if target_host.rpartition(":")[0].lower().endswith(_CLOUD_HOSTS):
        return _CLOUD_UI
    raise MeetingError(
        f"The address of Temporal's UI for {target_host} is not known; set MINUTEKEEPER_TEMPORAL_UI_URL, for "
        "example to http://127.0.0.1:8233 for a local server."
    )


def workflow_page(ui_url: str, namespace: str, workflow_id: str) -> str:
    """The page of a workflow's newest run."""
    return f"{ui_url}/namespaces/{quote(namespace, safe='')}/workflows/{quote(workflow_id, safe='')}"
