"""What a team may do: writes per second, bots per day, tokens, and one bot per meeting for who wants that."""

from collections import deque
from datetime import datetime, timedelta

from devtools.simulator.meetingbaas_v2.bots import V2Bot
from devtools.simulator.meetingbaas_v2.envelope import ApiError
from devtools.simulator.meetingbaas_v2.models import BotRequest, platform_of
from devtools.simulator.meetingbaas_v2.settings import MeetingBaasV2Settings
from devtools.simulator.rate_limit import RateLimit
from devtools.simulator.state import now

RESERVED_TOKENS = 0.5
_HOUR = 3600
_TRANSCRIPTION, _OWN_KEY = 0.25, 0.05
_CHARGED_FOR_WAITING = frozenset({"BOT_NOT_ACCEPTED", "TIMEOUT_WAITING_TO_START", "RECORDING_START_TIMEOUT"})


class Limits:
    """The limits of one team, which may be changed at any time; None or 0 is none."""

    def __init__(self, settings: MeetingBaasV2Settings) -> None:
        self._settings = settings
        self.tokens = settings.tokens
        self.daily_bot_cap = settings.daily_bot_cap
        self.calendar_limit = settings.calendar_limit
        self.requests_per_second = settings.requests_per_second
        self.writes = self._window()
        self._made: deque[datetime] = deque()
        self._locks: dict[str, datetime] = {}

    def change_rate(self, requests_per_second: int) -> None:
        self.requests_per_second = requests_per_second
        self.writes = self._window()

    def admit(self, request: BotRequest) -> None:
        """Let a bot be made now, and count it. Raises ApiError in the order in which the service checks.

        The lock of a meeting is a guess: only bots that want to be alone have and heed it.
        """
        if platform_of(request.meeting_url) is None:
            raise ApiError(400, "INVALID_MEETING_PLATFORM", "Could not determine the meeting platform from the URL")
        moment = now()
        oldest = moment - timedelta(seconds=self._settings.real(self._settings.daily_window))
        while self._made and self._made[0] <= oldest:
            self._made.popleft()
        if self.daily_bot_cap and len(self._made) >= self.daily_bot_cap:
            raise daily_cap(self.daily_bot_cap)
        if self.tokens is not None and self.tokens < RESERVED_TOKENS:
            raise no_tokens(self.tokens)
        if not request.allow_multiple_bots:
            if self._locks.get(request.meeting_url, oldest) > moment:
                raise already_there()
            lasts = timedelta(seconds=self._settings.real(self._settings.duplicate_window))
            self._locks[request.meeting_url] = moment + lasts
        self._made.append(moment)
        if self.tokens is not None:
            self.tokens -= RESERVED_TOKENS

    def settle(self, bot: V2Bot) -> dict[str, float]:
        """What the bot costs, now that it is over, in place of what was reserved."""
        cost = cost_of(bot, self._settings.speed)
        if self.tokens is not None:
            self.tokens += RESERVED_TOKENS - cost["total"]
        return cost

    def _window(self) -> RateLimit | None:
        return RateLimit(self.requests_per_second, 1.0) if self.requests_per_second else None


def cost_of(bot: V2Bot, speed: float) -> dict[str, float]:
    """Tokens by what they are for. Time in a waiting room counts like a recording if nobody let the bot in."""
    seconds = float(bot.duration) if bot.recording_size else 0.0
    if bot.error_code in _CHARGED_FOR_WAITING and bot.waited_since and bot.left_at:
        seconds = (bot.left_at - bot.waited_since).total_seconds() * speed
    recording, transcription, own = round(seconds / _HOUR, 4), 0.0, 0.0
    if bot.transcript is not None:
        config = bot.request.transcription_config
        if config and config.api_key:
            own = round(recording * _OWN_KEY, 4)
        else:
            transcription = round(recording * _TRANSCRIPTION, 4)
    return {
        "recording": recording,
        "transcription": transcription,
        "byok_transcription": own,
        "streaming_input": 0.0,
        "streaming_output": 0.0,
        "total": round(recording + transcription + own, 4),
    }


def rate_limited(requests_per_second: int, retry_after: int = 1) -> ApiError:
    text = f"Rate limit exceeded. Maximum {requests_per_second} requests per second allowed. "
    return ApiError(429, "TOO_MANY_REQUESTS", f"{text}Retry after {retry_after} seconds", retry_after)


def daily_cap(cap: int) -> ApiError:
    text = f"Daily bot cap has been reached: {cap} bots created within the last 24 hours"
    return ApiError(429, "DAILY_BOT_CAP_REACHED", text)


def no_tokens(left: float) -> ApiError:
    return ApiError(
        402, "INSUFFICIENT_TOKENS", f"Insufficient tokens. Available: {left:g}, Required: {RESERVED_TOKENS}"
    )


def already_there() -> ApiError:
    return ApiError(409, "BOT_ALREADY_EXISTS", "A bot is already running for this meeting URL")
