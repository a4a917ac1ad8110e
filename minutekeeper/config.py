"""Every setting of every process, read from the environment (and a `.env` file) once."""

import re
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from minutekeeper.calendars.limits_file import InstallationLimits, load_limits
from minutekeeper.calendars.objections import VetoScope
from minutekeeper.calendars.policy import DEFAULT_POLICY, Policy, PolicyError, load_policy
from minutekeeper.meetings.deadlines import Deadlines
from minutekeeper.provider_config import ProviderSettings
from minutekeeper.web_config import Port, WebSettings

_DEADLINE_PREFIX = "MINUTEKEEPER_DEADLINE_"
_WEB_ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\s/?#@\\\[\]:]+)(:[0-9]{1,5})?(/[^\s?#\\]*)?")
_HOSTS = re.compile(r"[a-z0-9*.:_\[\]-]+(,[a-z0-9*.:_\[\]-]+)*")


def _in_current_folder() -> str:
    return (Path.cwd() / ".minutekeeper" / "artifacts").as_uri()


class Settings(WebSettings, ProviderSettings):
    """Settings with their defaults. Temporal's own, `TEMPORAL_*`, are read by `temporalio.envconfig`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    bridge_public_url: str = Field(
        "http://127.0.0.1:8090",
        description="Address at which the provider reaches the bridge: `https://…`; `http://` on loopback only.",
    )
    bridge_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs webhook URLs, the marks on our bots and connect links: at least 32 random characters.",
    )
    bridge_secret_previous: SecretStr = Field(
        SecretStr(""), description="The secret before the last rotation, still accepted."
    )
    artifacts_url: str = Field(
        default_factory=_in_current_folder,
        description="Where recordings and transcripts are stored: `file:///…` or `s3://bucket/prefix`; "
        "by default `.minutekeeper/artifacts` in the current folder.",
    )

    minutekeeper_bridge_host: str = Field("127.0.0.1", description="The address on which the bridge listens.")
    minutekeeper_bridge_port: Port = Field(8090, description="The port on which the bridge listens.")
    minutekeeper_bridge_metrics_address: str = Field(
        "",
        description="`address:port` for Prometheus metrics of a bridge, apart from the public port; empty: none.",
    )
    minutekeeper_bridge_allow_missing_key: bool = Field(
        default=False, description="Accept webhooks without a key header on the bots' own URLs."
    )
    minutekeeper_bridge_max_body_bytes: int = Field(
        16 * 1024 * 1024, gt=0, description="Larger webhook bodies are rejected with 413."
    )
    minutekeeper_adopt_all_bots: bool = Field(
        default=False,
        description="Follow every bot of the account that reports to the bridge and store its recording; "
        "otherwise only bots of the calendars that are connected here.",
    )
    minutekeeper_service_name: str = Field(
        "Minutekeeper",
        min_length=1,
        max_length=80,
        description="Name of your service on the connect pages.",
    )
    minutekeeper_support_contact: str = Field(
        "",
        max_length=200,
        description="Contact on the connect pages: an email address, an https address, or a short text.",
    )
    minutekeeper_google_client_id: str = Field(
        "", description="Client id of the OAuth client at Google with which users connect their calendars."
    )
    minutekeeper_google_client_secret: SecretStr = Field(
        SecretStr(""), description="Client secret of the OAuth client at Google."
    )
    minutekeeper_microsoft_client_id: str = Field(
        "", description="Client id of the app registration at Microsoft with which users connect their calendars."
    )
    minutekeeper_microsoft_client_secret: SecretStr = Field(
        SecretStr(""), description="Client secret of the app registration at Microsoft."
    )
    minutekeeper_microsoft_tenant: str = Field(
        "common",
        pattern="^[A-Za-z0-9.-]+$",
        description="Accounts that may connect: `common`, `organizations`, `consumers`, or the id of one tenant.",
    )
    minutekeeper_oauth_base_url: str = Field(
        "",
        pattern="^(https?://.*[^/])?$",
        description="For tests: base URL that serves `/google` and `/microsoft` instead of the real services.",
    )
    minutekeeper_calendar_check_seconds: float = Field(
        3600.0,
        ge=1,
        description="Interval between checks of which calendars the provider can read.",
    )
    minutekeeper_default_policy: str = Field(
        "",
        description="Path of a policy file, for calendars that are connected without a policy of their own; empty: "
        "every meeting that the calendar's owner has not declined is recorded.",
    )
    minutekeeper_limits: str = Field(
        "",
        description="Path of a file with the limits of bots, for the installation and for each user; empty: only "
        "what policies say under `limits`.",
    )
    minutekeeper_veto: VetoScope = Field(
        VetoScope.ANY,
        description="For whom a user's `never` speaks: `any`: for the meeting, also in other calendars; `own`: for "
        "the user's own calendar only.",
    )
    minutekeeper_max_dispatches: int = Field(
        3, ge=1, description="Most bots sent to one meeting, when another attempt can cure a failure."
    )
    minutekeeper_send_timeout_seconds: float = Field(
        8.0, gt=1, lt=10, description="Timeout of one request that sends a bot."
    )
    minutekeeper_max_concurrent_activities: int = Field(
        5000, ge=1, description="Most activities that one worker runs at the same time; most of them only wait."
    )
    minutekeeper_cached_workflows: int = Field(
        500, ge=1, description="Workflows that one worker keeps in memory; others are replayed from their history."
    )
    minutekeeper_speech_to_text_provider: str = Field(
        "Default", description="Transcription service: `Default`, `Gladia` or `Runpod`."
    )
    minutekeeper_speech_to_text_api_key: SecretStr = Field(
        SecretStr(""), description="API key for a transcription service that needs its own."
    )
    minutekeeper_download_slots: int = Field(
        4, ge=1, description="Recordings that one worker downloads at the same time."
    )
    minutekeeper_download_hosts: str = Field(
        "",
        description="The only hosts from which recordings may be downloaded, separated by commas; `*` stands for "
        "any characters, `host:port` names another port than that of http or https. "
        "Empty: every host with a public address, by https.",
    )
    minutekeeper_download_private_addresses: bool = Field(
        default=False,
        description="Also download from loopback, private and link-local addresses, for a store in your network.",
    )
    minutekeeper_download_max_bytes: int = Field(
        20 * 1024 * 1024 * 1024, gt=0, description="Larger recordings are not downloaded."
    )
    minutekeeper_download_give_up_seconds: int = Field(
        86_400,
        gt=0,
        description="How long a download is retried while all its links, also renewed ones, are refused.",
    )
    minutekeeper_shutdown_seconds: float = Field(
        20.0,
        gt=0,
        description="How long a worker may take to finish its tasks after SIGTERM; then its process ends.",
    )
    minutekeeper_disable_new_patches: bool = Field(
        default=False,
        description="Do not activate new workflow patches. Set it while workers of an older release run.",
    )
    minutekeeper_metrics_address: str = Field(
        "", description="`address:port` for Prometheus metrics of a worker; empty: none."
    )
    minutekeeper_temporal_ui_url: str = Field(
        "",
        description="Address of Temporal's web UI, for `minutekeeper open`; not needed for Temporal Cloud.",
    )
    minutekeeper_log_format: str = Field(
        "text", pattern="^(text|json)$", description="`text`, or `json` with one object per line."
    )
    minutekeeper_log_level: str = Field(
        "INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Lowest level that is logged: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    )

    @field_validator(
        "meetingbaas_base_url",
        "meetingbaas_v2_base_url",
        "recall_base_url",
        "bridge_public_url",
        "minutekeeper_temporal_ui_url",
    )
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if (value and not _WEB_ADDRESS.fullmatch(value)) or not value.isprintable():
            raise ValueError(
                "must be an address such as https://bridge.example.com, with http:// or https:// in front, and "
                "without user, password, query and fragment"
            )
        return value.rstrip("/")

    @field_validator("minutekeeper_service_name", "minutekeeper_support_contact")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("must be one line of printable characters, without blanks around them")
        return value

    @field_validator("artifacts_url")
    @classmethod
    def _is_store_address(cls, value: str) -> str:
        if not value.startswith(("file:///", "s3://")):
            raise ValueError("must be file:///an/absolute/folder or s3://bucket/prefix")
        return value.rstrip("/")

    @field_validator("minutekeeper_default_policy", "minutekeeper_limits")
    @classmethod
    def _is_valid_file(cls, value: str, info: ValidationInfo) -> str:
        is_policy = info.field_name == "minutekeeper_default_policy"
        if value:
            try:
                (load_policy if is_policy else load_limits)(_text_of(value))
            except PolicyError as error:
                kind = "is not a valid policy" if is_policy else "is not a valid file of limits"
                raise ValueError(f"{value} {kind}: {'; '.join(error.problems)}") from None
        return value

    @field_validator(
        "minutekeeper_metrics_address", "minutekeeper_bridge_metrics_address", "minutekeeper_web_metrics_address"
    )
    @classmethod
    def _is_ip_and_port(cls, value: str) -> str:
        if value:
            socket_address(value)
        return value

    @field_validator("minutekeeper_download_hosts")
    @classmethod
    def _is_list_of_hosts(cls, value: str) -> str:
        hosts = "".join(value.lower().split())
        if hosts and not _HOSTS.fullmatch(hosts):
            raise ValueError("must be hosts with commas between them, such as *.example.com,127.0.0.1:8080")
        return hosts

    @property
    def default_policy(self) -> Policy:
        """The policy of calendars that are connected without one of their own. Raises ValueError."""
        path = self.minutekeeper_default_policy
        return load_policy(_text_of(path)) if path else DEFAULT_POLICY

    @property
    def limits(self) -> InstallationLimits | None:
        """The limits of the installation and of each user; None if there is no file of them. Raises ValueError."""
        path = self.minutekeeper_limits
        return load_limits(_text_of(path)) if path else None

    @property
    def download_hosts(self) -> tuple[str, ...]:
        return tuple(filter(None, self.minutekeeper_download_hosts.split(",")))


class DeadlineSettings(Deadlines, BaseSettings):
    """The deadlines of `minutekeeper.meetings.deadlines`, each from `MINUTEKEEPER_DEADLINE_<NAME>` in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=_DEADLINE_PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )


def _text_of(path: str) -> str:
    """The text of a file. Raises ValueError if it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None


def socket_address(text: str) -> tuple[str, int]:
    """The IP address and port of `127.0.0.1:9464` or `[::1]:9464`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    is_v6 = host.startswith("[") and host.endswith("]")
    try:
        address = ip_address(host[1:-1]) if is_v6 else IPv4Address(host)
        is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    except ValueError:
        is_port = False
    if not is_port:
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:9464 or [::1]:9464")
    return str(address), int(port)


def signing_secrets(settings: Settings) -> list[str]:
    """What proves a text to be ours: the present secret, and the one before the last rotation."""
    secrets = [settings.bridge_secret.get_secret_value(), settings.bridge_secret_previous.get_secret_value()]
    return [secret for secret in secrets if secret.strip()]


def load_deadlines() -> Deadlines:
    return Deadlines(**DeadlineSettings().model_dump())


def describe_invalid(error: ValidationError) -> str:
    """One line for each setting that is wrong, naming the variable, for people."""
    prefix = _DEADLINE_PREFIX if error.title == DeadlineSettings.__name__ else ""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = prefix + "_".join(str(part) for part in problem["loc"]).upper()
        lines.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)
