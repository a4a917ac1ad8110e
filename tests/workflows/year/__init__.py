"""A year of one busy calendar in virtual time: `python -m tests.workflows.year --seed 7 --events 1000`.

Things happen to its events, webhooks about them get lost, doubled or say nothing, activities fail in the middle and
workers are replaced. At the end every bot that stood in a meeting is held against what the policy says about the
calendar as it was when that meeting started.
"""
