"""What must be right about access before the pages are served."""

from minutekeeper.config import Settings
from minutekeeper.startup_checks import signing_problems

_TAKEN_HEADERS = frozenset({"authorization", "connection", "content-length", "content-type", "cookie", "host"})


def access_problems(settings: Settings) -> list[str]:
    """One sentence for each problem, naming the variable; none if all is well, or nothing is set up."""
    problems = signing_problems(settings) if settings.bridge_secret.get_secret_value().strip() else []
    has_provider = bool(settings.minutekeeper_oidc_issuer)
    if has_provider and not settings.bridge_secret.get_secret_value().strip():
        problems.append("MINUTEKEEPER_OIDC_ISSUER is set, and BRIDGE_SECRET is not: sessions are encrypted with it")
    needed = {
        "MINUTEKEEPER_OIDC_CLIENT_ID": settings.minutekeeper_oidc_client_id,
        "MINUTEKEEPER_OIDC_CLIENT_SECRET": settings.minutekeeper_oidc_client_secret.get_secret_value(),
    }
    for name, value in needed.items():
        if has_provider != bool(value):
            given, missing = (
                ("MINUTEKEEPER_OIDC_ISSUER", name) if has_provider else (name, "MINUTEKEEPER_OIDC_ISSUER")
            )
            problems.append(f"{given} is set, and {missing} is not: set both, or neither")
    return [*problems, *_proxy_problems(settings)]


def _proxy_problems(settings: Settings) -> list[str]:
    headers = {
        "MINUTEKEEPER_PROXY_USER_HEADER": settings.minutekeeper_proxy_user_header,
        "MINUTEKEEPER_PROXY_ROLES_HEADER": settings.minutekeeper_proxy_roles_header,
    }
    given = {**headers, "MINUTEKEEPER_TRUSTED_PROXIES": settings.minutekeeper_trusted_proxies}
    missing = [name for name, value in given.items() if not value.strip()]
    problems = []
    if 0 < len(missing) < len(given):
        problems.append(f"A proxy that names visitors needs {', '.join(given)}; not set: {', '.join(missing)}")
    problems += [
        f"{name} is {value}, which has a meaning of its own"
        for name, value in headers.items()
        if value.lower() in _TAKEN_HEADERS
    ]
    return problems
