"""Calendars of Meeting BaaS v2: connections, copies of events, and bots for them."""
