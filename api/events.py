"""A job's progress as server-sent events (WHATWG HTML, section 9.2).

Every event is the whole state of the job and its parts, and its id counts their changes: whoever comes back with the
last id it has seen misses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from fastapi.sse import format_sse_event

from kb.store.records import JobRecord

if TYPE_CHECKING:
    from kb.store import Store

LOOK = 0.25
"""How often the store is asked [s]."""

HEARTBEAT = 15.0
"""After how much silence a comment tells proxies that the connection lives [s]."""

Look = Callable[[], tuple[JobRecord, list[JobRecord]]]


def look_at(store: Store, job_id: str) -> tuple[JobRecord, list[JobRecord]]:
    """Return a job and its parts; JobNotFoundError."""
    return store.job(job_id), store.parts(job_id)


def number_of(job: JobRecord, parts: list[JobRecord]) -> int:
    """Return the id of the event that tells this state: every change of the job or a part makes it larger."""
    return 1 + job.revision + sum(1 + part.revision for part in parts)


async def follow(
    look: Look, show: Callable[[JobRecord, list[JobRecord]], str], *, seen: int, leaving: Callable[[], bool]
) -> AsyncIterator[bytes]:
    """Yield an event whenever there is news since `seen`, until the job has ended or the server is `leaving`.

    The events are `progress` and at last `done`, `failed` or `cancelled`; their data are what `show` makes of the job.
    """
    spoke = time.monotonic()
    while not leaving():
        job, parts = await asyncio.to_thread(look)
        number = number_of(job, parts)
        if number > seen:
            seen, spoke = number, time.monotonic()
            name = job.state if job.ended else "progress"
            yield format_sse_event(data_str=show(job, parts), event=name, id=str(number))
        elif time.monotonic() - spoke > HEARTBEAT:
            spoke = time.monotonic()
            yield format_sse_event(comment="still here")
        if job.ended:
            return
        await asyncio.sleep(LOOK)
