"""An answer symbol by symbol, as server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from charseq.serve.faults import FAILED, too_slow
from charseq.serve.json_text import written
from charseq.serve.logs import log_failure

# No proxy keeps events back, or keeps them for somebody else.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """Events as they happen.

    Args:
        events: their names and data; where making them fails, `error` is the last.
        place: is held as long as they are sent.
        seconds: that they may take in all.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterator[tuple[str, Any]],
        place: contextlib.AbstractContextManager[None],
        seconds: float,
    ) -> None:
        # Before anything is sent: what is raised here is answered as usual.
        self._place = contextlib.ExitStack()
        self._place.enter_context(place)
        super().__init__(_in_time(events, seconds), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        with self._place:
            await super().__call__(scope, receive, send)


async def _in_time(events: AsyncIterator[tuple[str, Any]], seconds: float) -> AsyncIterator[bytes]:
    end = asyncio.get_running_loop().time() + seconds
    try:
        while True:
            async with asyncio.timeout_at(end):
                name, data = await anext(events)
            yield event(name, data)
    except StopAsyncIteration:
        pass
    except TimeoutError:
        yield event("error", too_slow(seconds).as_dict())
    except Exception as error:
        log_failure(error)
        yield event("error", FAILED.as_dict())


def event(name: str, data: Any) -> bytes:
    """Return an event: its name, and its data as JSON, in which lines do not end."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), written(data))
