"""Calendars with a life: what happens at Google and Microsoft, and what the service sees of it."""
