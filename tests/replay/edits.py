"""Edits as an author might make them, sorted by what they would do to meetings that sleep."""

import re

from tests.replay.copies import Edit

STEPS, WAITING, PUBLISHING = "workflows/steps.py", "workflows/waiting.py", "workflows/publishing.py"

MEETING = "workflows/meeting.py"
SLEEP = "            self._journal.enter(MeetingStatus.SCHEDULED)\n"
WORD = "workflow.upsert_search_attributes(search_attributes.updated_attributes(request))\n"
FIND = "    return await workflow.execute_activity_method(\n        BotActivities.find_bot,"
REMOVE = "    return await workflow.execute_activity_method(\n        BotActivities.remove_bot,\n        bot_id,"
WAIT = "    if seconds > 0:\n        try:\n            await workflow.wait_condition("
SECONDS = (
    "    seconds = (instant - workflow.now()).total_seconds()\n"
    f"{WAIT}condition, timeout=seconds, timeout_summary=summary)"
)
UPSERT = "            workflow.upsert_search_attributes(updates)\n"

GUARDED = Edit(MEETING, SLEEP, f'{" " * 12}if workflow.patched("a-word"):\n{" " * 16}{WORD}{SLEEP}')
"""Writes search attributes before a meeting sleeps. Those that sleep already keep to the old way."""
UNGUARDED = Edit(MEETING, SLEEP, f"{' ' * 12}{WORD}{SLEEP}")
"""The same without a patch: what an author must not do, or what is left when the patch has been retired."""
RETIRED = Edit(MEETING, SLEEP, f'{" " * 12}workflow.deprecate_patch("a-word")\n{" " * 12}{WORD}{SLEEP}')
"""What stands between the two, while meetings from before are over and some that took the new way are not."""

BREAKING = {
    "a new upsert": UNGUARDED,
    "a new timer": Edit(STEPS, FIND, f"    await workflow.sleep(1)\n{FIND}"),
    "a new timer of asyncio's": Edit(WAITING, WAIT, f"    await asyncio.sleep(60)\n{WAIT}"),
    "a new timer in a branch": Edit(WAITING, WAIT, f"    if seconds > 9:\n        await workflow.sleep(1)\n{WAIT}"),
    "a timer under another condition": Edit(WAITING, WAIT, WAIT.replace("> 0", "> 60")),
    "a timer less": Edit(WAITING, "timeout=seconds, ", ""),
    "a new activity": Edit(STEPS, FIND, f'    await remove_bot("bot")\n{FIND}'),
    "an activity less": Edit(STEPS, REMOVE, "    return str(\n        bot_id,"),
    "another activity": Edit(STEPS, REMOVE, REMOVE.replace("remove_bot", "find_bot")),
    "an activity of another name": Edit(STEPS, REMOVE, REMOVE.replace("BotActivities.remove_bot", '"remove"')),
    "a local activity": Edit(STEPS, FIND, FIND.replace("execute_activity", "execute_local_activity")),
    "a cancellation that is not waited for": Edit(STEPS, "WAIT_CANCELLATION_COMPLETED", "TRY_CANCEL"),
    "an upsert more": Edit(PUBLISHING, UPSERT, f"{UPSERT}{UPSERT}"),
    "an upsert less": Edit(PUBLISHING, UPSERT, "            pass\n"),
    "a failure that comes first": Edit(STEPS, FIND, f"    if request:\n        raise TimeoutError\n{FIND}"),
    "a patch that is retired": RETIRED,
    "a patch whose old way is lost": Edit(
        STEPS, FIND, f'    if not workflow.patched("new"):\n        raise TimeoutError\n{FIND}'
    ),
}

OLD_WAY_KEPT = {
    "a new upsert": GUARDED,
    "a new way with an end of its own": Edit(
        STEPS, REMOVE, f'    if workflow.patched("new"):\n        return await str(bot_id)\n{REMOVE}'
    ),
    "a new way first, the old one last": Edit(
        WAITING,
        WAIT,
        f'    if not workflow.patched("new"):\n        pass\n    else:\n        await workflow.sleep(1)\n{WAIT}',
    ),
    "a condition more": Edit(
        WAITING, WAIT, WAIT.replace("> 0", '> 0 and not (workflow.patched("new") and summary)')
    ),
    "a condition that is another": Edit(
        WAITING, WAIT, WAIT.replace("> 0", '> (60 if workflow.patched("new") else 0)')
    ),
    "an activity behind two patches": Edit(
        STEPS,
        FIND,
        f'    if workflow.patched("one") or workflow.patched("two"):\n        await remove_bot("bot")\n{FIND}',
    ),
}

OTHER_RULES = {
    "when a bot's story is over": Edit(
        "meetings/watch.py", "    if bot.given_up or bot.is_recorded:", "    if bot.given_up:"
    ),
    "how long a meeting is taken to last": Edit(
        "minutekeeper/meetings/request.py", "timedelta(hours=1)", "timedelta(hours=2)"
    ),
    "how often a transcript is asked for": Edit("workflows/collecting.py", "_ROUNDS = 4", "_ROUNDS = 5"),
    "a default": Edit("minutekeeper/meetings/dispatch.py", "transcript: bool = True", "transcript: bool = False"),
    "which failures another bot may cure": Edit(
        "minutekeeper/meetings/status.py",
        "FailureReason.STREAMING_FAILED, FailureReason.WAITING_TIMEOUT})",
        "FailureReason.STREAMING_FAILED})",
    ),
}

HARMLESS = {
    "a comment": Edit(STEPS, FIND, f"    # Tomorrow.\n{FIND}"),
    "a docstring": Edit(STEPS, '    """Repeated until acknowledged;', '    """Repeated for ever;'),
    "the words of a summary": Edit(STEPS, "manifest: the folder is whole", "manifest"),
    "the words of a summary with names in it": Edit(STEPS, 'f"bot {bot_id} leaves"', 'f"{bot_id} leaves"'),
    "the words of a note": Edit("workflows/collecting.py", "The manifest could not be written", "No manifest"),
    "a new note": Edit(MEETING, SLEEP, f'            self._journal.note("entered", "Asleep.")\n{SLEEP}'),
    "a new line in the log": Edit(PUBLISHING, UPSERT, f'            workflow.logger.info("published")\n{UPSERT}'),
    "the name of a local": Edit(WAITING, SECONDS, re.sub(r"\bseconds\b", "left", SECONDS)),
    "an annotation": Edit(STEPS, "async def remove_bot(bot_id: str)", "async def remove_bot(bot_id: object)"),
    "a timeout": Edit(
        STEPS,
        "        start_to_close_timeout=timedelta(seconds=20),",
        "        start_to_close_timeout=timedelta(1),",
    ),
    "a retry": Edit(STEPS, "maximum_interval=timedelta(minutes=1)", "maximum_interval=timedelta(minutes=9)"),
    "an activity's queue": Edit(STEPS, REMOVE, f'{REMOVE}\n        task_queue="elsewhere",'),
    "an activity's input": Edit(STEPS, REMOVE, f"{REMOVE[:-1]}.strip(),"),
    "a new field with a default": Edit(
        "minutekeeper/meetings/dispatch.py",
        '    shared_with: str = ""\n',
        '    shared_with: str = ""\n    colour: str = ""\n',
    ),
    "the words of the timeline": Edit(
        "minutekeeper/meetings/descriptions.py", "before the start", "ahead of the start"
    ),
    "the words of a refusal": Edit("workflows/wishes.py", "cannot be moved", "will not be moved"),
}
