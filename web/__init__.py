"""The HTTP API: meetings for programs that do not speak Temporal."""
