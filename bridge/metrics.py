"""Metrics of the bridge, and advice for deliveries that were refused."""

import collections

from prometheus_client import CollectorRegistry, Counter

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


class DeliveryCounts:
    """Counts webhook deliveries in the registry of this application."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._deliveries = Counter(
            "minutekeeper_deliveries_total",
            "Webhook deliveries by HTTP answer and outcome, since the bridge was started.",
            ["answer", "outcome"],
            registry=registry,
        )

    def add(self, answer: int, outcome: str) -> None:
        self._deliveries.labels(str(answer), outcome).inc()

    def refused(self) -> collections.Counter[str]:
        """Deliveries that were answered with 4xx, by outcome."""
        refused: collections.Counter[str] = collections.Counter()
        for metric in self._deliveries.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total") and sample.labels["answer"].startswith("4"):
                    refused[sample.labels["outcome"]] += int(sample.value)
        return refused


class ProviderCalls:
    """Counts the bridge's calls to the provider, by purpose."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter(
            "minutekeeper_provider_calls_total",
            "Calls of the bridge to the provider's API, by purpose.",
            ["purpose"],
            registry=registry,
        )

    def add(self, purpose: str) -> None:
        self._calls.labels(purpose).inc()


def describe_refusal(refused: collections.Counter[str]) -> str:
    """Describes refused deliveries in one line, with advice where there is any."""
    reasons = [
        f"{count} x {outcome}{f' ({_CURES[outcome]})' if outcome in _CURES else ''}"
        for outcome, count in refused.most_common()
    ]
    return "; ".join(reasons)
