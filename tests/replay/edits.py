"""Edits as an author might make them, sorted by what they would do to meetings that sleep."""

import re

from tests.replay.copies import Edit

CALLS, TIMERS, PUBLISHING = "workflows/activity_calls.py", "workflows/timers.py", "workflows/publishing.py"
MEETING, COLLECTION = "workflows/meeting.py", "workflows/artifact_collection.py"

BEGIN = "        self._initialise()\n"
WORD = 'workflow.upsert_search_attributes([search_attributes.MEETING_STATUS.value_set("scheduled")])\n'
COLLECT = "    return await workflow.execute_activity_method(\n        RecordingActivities.collect,"
RETRANSCRIBE = (
    "    await workflow.execute_activity_method(\n        BotActivities.retranscribe,\n        bot.reference,"
)
WAIT = "        if seconds > 0:\n            try:\n                await workflow.wait_condition("
SECONDS = (
    "        seconds = (instant - self.now()).total_seconds()\n"
    f"{WAIT}condition, timeout=seconds, timeout_summary=summary)"
)
UPSERT = f"{' ' * 12}workflow.upsert_search_attributes([each.key.value_set(each.value) for each in changed])\n"

GUARDED = Edit(MEETING, BEGIN, f'{" " * 8}if workflow.patched("a-word"):\n{" " * 12}{WORD}{BEGIN}')
"""Writes search attributes before a meeting sleeps. Those that sleep already keep to the old way."""
UNGUARDED = Edit(MEETING, BEGIN, f"{' ' * 8}{WORD}{BEGIN}")
"""The same without a patch: what an author must not do, or what is left when the patch has been retired."""
RETIRED = Edit(MEETING, BEGIN, f'{" " * 8}workflow.deprecate_patch("a-word")\n{" " * 8}{WORD}{BEGIN}')
"""What stands between the two, while meetings from before are over and some that took the new way are not."""

BREAKING = {
    "a new upsert": UNGUARDED,
    "a new timer": Edit(CALLS, COLLECT, f"    await workflow.sleep(1)\n{COLLECT}"),
    "a new timer of asyncio's": Edit(TIMERS, WAIT, f"        await asyncio.sleep(60)\n{WAIT}"),
    "a new timer in a branch": Edit(
        TIMERS, WAIT, f"        if seconds > 9:\n            await workflow.sleep(1)\n{WAIT}"
    ),
    "a timer under another condition": Edit(TIMERS, WAIT, WAIT.replace("> 0", "> 60")),
    "a timer less": Edit(TIMERS, "timeout=seconds, ", ""),
    "a new activity": Edit(CALLS, COLLECT, f'    await retranscribe("bot")\n{COLLECT}'),
    "an activity less": Edit(CALLS, RETRANSCRIBE, "    str(\n        bot.reference,"),
    "another activity": Edit(CALLS, RETRANSCRIBE, RETRANSCRIBE.replace("retranscribe", "remove_bot")),
    "an activity of another name": Edit(
        CALLS, RETRANSCRIBE, RETRANSCRIBE.replace("BotActivities.retranscribe", '"transcribe"')
    ),
    "a local activity": Edit(CALLS, COLLECT, COLLECT.replace("execute_activity", "execute_local_activity")),
    "a cancellation that is not waited for": Edit(CALLS, "WAIT_CANCELLATION_COMPLETED", "TRY_CANCEL"),
    "an upsert more": Edit(PUBLISHING, UPSERT, f"{UPSERT}{UPSERT}"),
    "an upsert less": Edit(PUBLISHING, UPSERT, "            pass\n"),
    "a failure that comes first": Edit(CALLS, COLLECT, f"    if order:\n        raise TimeoutError\n{COLLECT}"),
    "a patch that is retired": RETIRED,
    "a patch whose old way is lost": Edit(
        CALLS, COLLECT, f'    if not workflow.patched("new"):\n        raise TimeoutError\n{COLLECT}'
    ),
}

OLD_WAY_KEPT = {
    "a new upsert": GUARDED,
    "a new way with an end of its own": Edit(
        CALLS,
        COLLECT,
        f'    if workflow.patched("new"):\n        return await str(order)\n{COLLECT}',
    ),
    "a new way first, the old one last": Edit(
        TIMERS,
        WAIT,
        f'{" " * 8}if not workflow.patched("new"):\n{" " * 12}pass\n'
        f"{' ' * 8}else:\n{' ' * 12}await workflow.sleep(1)\n{WAIT}",
    ),
    "a condition more": Edit(
        TIMERS, WAIT, WAIT.replace("> 0", '> 0 and not (workflow.patched("new") and summary)')
    ),
    "a condition that is another": Edit(
        TIMERS, WAIT, WAIT.replace("> 0", '> (60 if workflow.patched("new") else 0)')
    ),
    "an activity behind two patches": Edit(
        CALLS,
        COLLECT,
        f'    if workflow.patched("one") or workflow.patched("two"):\n        await retranscribe("bot")\n{COLLECT}',
    ),
}

OTHER_RULES = {
    "when nothing more is to be expected of a bot": Edit(
        "minutekeeper/meetings/polling_policy.py",
        "    if bot.has_recording:\n",
        "    if bot.has_recording and bot.polled_after_final:\n",
    ),
    "how long a meeting is taken to last": Edit(
        "minutekeeper/meetings/fields.py", "timedelta(hours=1)", "timedelta(hours=2)"
    ),
    "how long the pauses before a transcript grow": Edit(COLLECTION, "_MAX_DOUBLINGS = 8", "_MAX_DOUBLINGS = 9"),
    "a default": Edit("minutekeeper/meetings/dispatch.py", "transcript: bool = True", "transcript: bool = False"),
    "which failures another bot may cure": Edit(
        "minutekeeper/meetings/status.py",
        "FailureReason.STREAMING_FAILED, FailureReason.WAITING_TIMEOUT})",
        "FailureReason.STREAMING_FAILED})",
    ),
}

HARMLESS = {
    "a comment": Edit(CALLS, COLLECT, f"    # Tomorrow.\n{COLLECT}"),
    "a docstring": Edit(CALLS, '    """Repeated until acknowledged;', '    """Repeated for ever;'),
    "the words of a summary": Edit(CALLS, "manifest: the folder is whole", "manifest"),
    "the words of a summary with names in it": Edit(CALLS, 'f"bot {bot.bot_id} leaves"', 'f"{bot.bot_id} leaves"'),
    "the words of a note": Edit(COLLECTION, "The manifest could not be written", "No manifest"),
    "a new note": Edit(MEETING, BEGIN, f'{BEGIN}        self._state.note(self._clock.now(), "begun", "Begun.")\n'),
    "a new line in the log": Edit(PUBLISHING, UPSERT, f'            workflow.logger.info("published")\n{UPSERT}'),
    "the name of a local": Edit(TIMERS, SECONDS, re.sub(r"\bseconds\b", "left", SECONDS)),
    "an annotation": Edit(
        CALLS, "async def observe_bot(question: BotStatusQuery", "async def observe_bot(question: object"
    ),
    "a timeout": Edit(
        CALLS,
        "        start_to_close_timeout=timedelta(seconds=20),",
        "        start_to_close_timeout=timedelta(1),",
    ),
    "a retry": Edit(CALLS, "maximum_interval=timedelta(minutes=1)", "maximum_interval=timedelta(minutes=9)"),
    "an activity's queue": Edit(CALLS, RETRANSCRIBE, f'{RETRANSCRIBE}\n        task_queue="elsewhere",'),
    "an activity's input": Edit(CALLS, RETRANSCRIBE, f"{RETRANSCRIBE[:-1]} or None,"),
    "a new field with a default": Edit(
        "minutekeeper/meetings/dispatch.py",
        '    shared_with: str = ""\n',
        '    shared_with: str = ""\n    colour: str = ""\n',
    ),
    "the words of the timeline": Edit(
        "minutekeeper/meetings/descriptions.py", "before the start", "ahead of the start"
    ),
    "the words of a refusal": Edit(
        "minutekeeper/meetings/meeting_changes.py", "already and cannot be moved", "already and will not be moved"
    ),
}
