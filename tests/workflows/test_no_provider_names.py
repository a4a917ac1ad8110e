"""A workflow reads the same whichever provider sends its bots: no provider is named there."""

import re
from pathlib import Path

from minutekeeper.meetings.provider_names import PROVIDER_NAMES
from minutekeeper.provider_config import ProviderSettings

WORKFLOWS = Path(__file__).resolve().parent.parent.parent / "workflows"


def test_workflows_name_no_provider() -> None:
    settings = {name.partition("_")[0] for name in ProviderSettings.model_fields} - {"minutekeeper"}
    words = {*PROVIDER_NAMES, *settings, "Meeting BaaS", "MeetingBaas", "Recall.ai"}
    named = {
        f"{file.name}: {found}"
        for file in WORKFLOWS.glob("*.py")
        for found in re.findall("|".join(map(re.escape, sorted(words))), file.read_text(), re.IGNORECASE)
    }
    assert named == set()
