"""What became of deliveries, counted; and what may be wrong where they were refused."""

from collections import Counter

WRONG_TOKEN = "wrong token"  # noqa: S105 - what is said of one
WRONG_KEY = "wrong or missing key"
NO_SUCH_ADDRESS = "no such address"

_CURES = {
    WRONG_TOKEN: "the worker that sent the bot has another BRIDGE_SECRET; after a rotation the old one belongs in "
    "BRIDGE_SECRET_PREVIOUS",
    WRONG_KEY: "MEETINGBAAS_API_KEY is not the key of the account that sends; after a rotation the old one belongs "
    "in MEETINGBAAS_API_KEY_PREVIOUS",
    NO_SUCH_ADDRESS: "BRIDGE_PUBLIC_URL, or a proxy on the way, changes the path /webhooks/",
}

_NAME = "minutekeeper_deliveries_total"
_HELP = "Webhook deliveries by HTTP answer and outcome, since the bridge was started."


class DeliveryCounts:
    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()

    def add(self, answer: int, outcome: str) -> None:
        self._counts[answer, outcome] += 1

    def refused(self) -> Counter[str]:
        """How many were answered with 4xx, by outcome."""
        refused: Counter[str] = Counter()
        for (answer, outcome), count in self._counts.items():
            if 400 <= answer < 500:
                refused[outcome] += count
        return refused

    def as_text(self) -> str:
        """In the text format of Prometheus."""
        lines = [f"# HELP {_NAME} {_HELP}", f"# TYPE {_NAME} counter"]
        for (answer, outcome), count in sorted(self._counts.items()):
            lines.append(f'{_NAME}{{answer="{answer}",outcome="{outcome}"}} {count}')
        return "\n".join([*lines, ""])


def describe(refused: Counter[str]) -> str:
    """Refused deliveries in one line for people, with what to do about those that need not be."""
    reasons = [
        f"{count} x {outcome}{f' ({_CURES[outcome]})' if outcome in _CURES else ''}"
        for outcome, count in refused.most_common()
    ]
    return "; ".join(reasons)
