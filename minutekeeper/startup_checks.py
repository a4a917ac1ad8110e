"""What must be right before a process starts: secrets that are long enough, and a public address that is safe."""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr

from minutekeeper.config import Settings
from minutekeeper.meetings.provider_names import PROVIDER_NAMES, similar_provider

LEAST_SECRET_CHARACTERS = 32
"""The shortest BRIDGE_SECRET: a guessed one would allow webhooks for every meeting and connecting calendars."""

_MAKE_ONE = "`openssl rand -hex 32` makes one; it must be the same for worker, bridge and command line"


def start_problems(settings: Settings) -> list[str]:
    """What keeps worker and bridge from starting, one sentence each, naming the variable; none if all is well."""
    return [
        *key_problems(settings),
        *webhook_problems(settings),
        *signing_problems(settings),
        *address_problems(settings),
    ]


def key_problems(settings: Settings) -> list[str]:
    """For what speaks to a provider: one with a key, and no name in the order of preference that has none."""
    problems = []
    for name in settings.named_providers:
        if name not in PROVIDER_NAMES:
            similar = similar_provider(name)
            hint = f"did you mean {similar}?" if similar else f"there are: {', '.join(PROVIDER_NAMES)}"
            problems.append(f"MINUTEKEEPER_PROVIDERS names {name!r}, which is no provider; {hint}")
        elif not (account := settings.provider_account(name)).is_set_up:
            problems.append(f"MINUTEKEEPER_PROVIDERS names {name}, and {account.key_variable} is not set")
    if not settings.configured_providers and not problems:
        others = " or ".join(settings.provider_account(name).key_variable for name in PROVIDER_NAMES[1:])
        why = "it must be the key of the account; for another provider"
        return [f"MEETINGBAAS_API_KEY is not set: {why}, set {others} instead"]
    return [*problems, *_recall_address_problems(settings)]


def webhook_problems(settings: Settings) -> list[str]:
    """For what receives webhooks, and for what sends bots whose webhooks have to be verified."""
    problems = []
    for account in map(settings.provider_account, PROVIDER_NAMES):
        secret, key = account.webhook_secret_variable, account.key_variable
        if secret and account.is_set_up and not account.webhook_secret:
            problems.append(f"{secret} is not set: without it no webhook of {account.name} can be verified")
        if secret and account.webhook_secret and not account.is_set_up:
            problems.append(f"{secret} is set, and {key} is not: set the key as well, or neither")
    return problems


def _recall_address_problems(settings: Settings) -> list[str]:
    """A region and an address of another region: one of them is a mistake, and the key works in one region only."""
    host = urlsplit(settings.recall_base_url).hostname or ""
    is_named = "recall_region" in settings.model_fields_set
    if not (is_named and host.endswith(".recall.ai")) or host == f"{settings.recall_region}.recall.ai":
        return []
    return [
        f"RECALL_BASE_URL is {settings.recall_base_url}, and RECALL_REGION is {settings.recall_region}: set one"
    ]


def signing_problems(settings: Settings) -> list[str]:
    """For what signs, or verifies what was signed."""
    if not settings.bridge_secret.get_secret_value().strip():
        return [f"BRIDGE_SECRET is not set: it must be a long random text; {_MAKE_ONE}"]
    problems = _too_short("BRIDGE_SECRET", settings.bridge_secret)
    if settings.bridge_secret_previous.get_secret_value().strip():
        problems += _too_short("BRIDGE_SECRET_PREVIOUS", settings.bridge_secret_previous)
    return problems


def address_problems(settings: Settings) -> list[str]:
    """For what makes URLs that others follow."""
    url = settings.bridge_public_url
    if url.startswith("https://") or is_loopback(url):
        return []
    why = "because tokens and links would travel in plain text; http:// is for this machine alone"
    return [f"BRIDGE_PUBLIC_URL is {url}: it must start with https://, {why}, such as http://127.0.0.1:8090"]


def is_loopback(url: str) -> bool:
    """Whether a URL leads to the machine that follows it, whatever any name server says."""
    parts = urlsplit(url)
    if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?", parts.netloc):
        return False
    host = (parts.hostname or "").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def describe_problems(problems: Sequence[str]) -> str:
    """The problems for people, a line each."""
    return "".join(f"{problem}.\n" for problem in problems)


def _too_short(name: str, secret: SecretStr) -> list[str]:
    length = len(secret.get_secret_value().strip())
    if length >= LEAST_SECRET_CHARACTERS:
        return []
    characters = "1 character" if length == 1 else f"{length} characters"
    return [f"{name} has {characters}: it must have at least {LEAST_SECRET_CHARACTERS}; {_MAKE_ONE}"]
