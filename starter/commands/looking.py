"""`list`, `show`, `why` and `transcript`."""

import asyncio
from datetime import UTC, datetime

from meetings import story
from meetings.outcome import MeetingView
from meetings.status import MeetingStatus
from starter import render, words
from starter.client import MeetingsClient
from starter.output import display, plain, say, sentence, write_json
from starter.shapes import Explained, Shown


async def list_(*, status: MeetingStatus | None, title: str, limit: int, as_json: bool) -> int:
    client = await MeetingsClient.connect()
    summaries = await client.list(status=status, title=title, limit=limit + 1)
    has_more = len(summaries) > limit
    del summaries[limit:]
    if as_json:
        write_json(summaries)
    elif not summaries:
        say("No meetings.")
    else:
        display(render.meetings(summaries))
        if has_more:
            say(f"Only {limit} {'is' if limit == 1 else 'are'} shown; --limit shows more.", "dim")
    return 0


async def show(meeting: str, *, as_json: bool) -> int:
    client = await MeetingsClient.connect()
    view, waiting = await asyncio.gather(client.status(meeting), client.waiting(meeting))
    if as_json:
        write_json(Shown(**dict(view), waiting=waiting))
    else:
        display(render.meeting(view, datetime.now(UTC), waiting))
    return 0


async def why(meeting: str, *, as_json: bool) -> int:
    client = await MeetingsClient.connect()
    view, waiting = await asyncio.gather(client.status(meeting), client.waiting(meeting))
    begin, end = words.state_sentence(view), _explanation(view)
    end += [f"{trouble[:1].upper()}{trouble[1:]}." for trouble in words.troubles(view, waiting)]
    if as_json:
        known = {name: value for name, value in view if name in Explained.model_fields}
        write_json(Explained(explanation=" ".join([begin, *end]), **known))
        return 0
    say(plain(begin), "bold")
    if view.timeline:
        say("\nHow it came to this:")
        display(render.timeline(view.timeline))
    say("")
    for each in end:
        say(plain(each))
    return 0


def _explanation(view: MeetingView) -> list[str]:
    """What the present state rests on, and what comes next."""
    sentences = []
    if view.evidence:
        said = f": {view.evidence.text}" if view.evidence.text else ""
        sentences.append(sentence(f"This rests on {view.evidence.event} at {story.clock(view.evidence.at)}{said}"))
    elif not view.timeline:
        sentences.append("No worker answered, so only what Temporal itself knows is shown.")
    if view.dispatches:
        bots = (
            "One bot was sent to it:" if view.dispatches == 1 else f"{view.dispatches} bots were sent to it, last"
        )
        sentences.append(f"{bots} {view.bot_id}.")
    elif view.status.is_final:
        sentences.append("No bot was sent to it.")
    if view.next_deadline:
        when = story.clock(view.next_deadline)
        sentences.append(f"If there is no news of the bot by {when}, the provider is asked what became of it.")
    elif view.status is MeetingStatus.SCHEDULED:
        sentences.append(
            f"It sleeps until it is time to send a bot for the start at {story.clock(view.start_time)}"
            + (f": at {story.clock(view.bot_goes_at)}." if view.bot_goes_at else ".")
        )
    if view.status.is_final or view.status is MeetingStatus.COLLECTING:
        sentences.append(words.TRANSCRIPT[view.transcript])
    if view.artifacts:
        sentences.append(f"In the store: {', '.join(artifact.path for artifact in view.artifacts)}.")
    return sentences
