"""Connects, reads and changes calendars."""
