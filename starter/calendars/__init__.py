"""Calendars, as others connect, read and steer them."""
