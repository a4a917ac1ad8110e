"""A stand-in for Meeting BaaS v1 on loopback, with state of its own in memory.

It knows nothing of the rest of the project: whatever speaks to the real service can speak to this one.
"""
