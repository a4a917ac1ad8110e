"""Credentials of a calendar, ours and as they are sent."""

from pydantic import SecretStr

from minutekeeper.calendars.user_connection import CalendarPlatform
from minutekeeper.providers.calendar_base import CalendarCredentials

SECRETS = ("client-secret-4711", "1//refresh-token-0815")
CREDENTIALS = CalendarCredentials(
    platform=CalendarPlatform.GOOGLE,
    client_id="app.apps.googleusercontent.com",
    client_secret=SecretStr(SECRETS[0]),
    refresh_token=SecretStr(SECRETS[1]),
)
WIRE_CREDENTIALS = {
    "platform": "Google",
    "oauth_client_id": "app.apps.googleusercontent.com",
    "oauth_client_secret": SECRETS[0],
    "oauth_refresh_token": SECRETS[1],
}
