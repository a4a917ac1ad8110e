"""A stand-in for Meeting BaaS v2 on loopback, with state of its own in memory.

Where the public material says nothing, or two things, a docstring or a setting says what was guessed.
"""
