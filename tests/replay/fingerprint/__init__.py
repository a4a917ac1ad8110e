"""The fingerprint of the workflows: what they ask of Temporal, in which order and on which conditions.

Read from their source with nothing but the standard library, so that it is there within a second and needs nobody's
server. What a replay does not look at is left out: comments, notes, summaries, timeouts, the names of locals.
"""
