"""An answer symbol by symbol, as server-sent events."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from charseq.serve.faults import FAILED, Fault, too_slow
from charseq.serve.json_text import written
from charseq.serve.logs import log_failure
from charseq.serve.middleware import CLIENT_GONE

# Keep proxies from delaying events, or caching them for others.
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """A response that sends events as they happen.

    Args:
        events: their names and data; if producing them fails, the last one is `error`.
        place: held while they are sent.
        seconds: how long they may take altogether.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: AsyncIterator[tuple[str, Any]],
        place: contextlib.AbstractContextManager[None],
        seconds: float,
    ) -> None:
        # Before anything is sent, so that a fault raised here gets the usual response.
        self._place = contextlib.ExitStack()
        self._place.enter_context(place)
        self._fault: Fault | None = None
        self._whole = False
        super().__init__(self._in_time(events, seconds), headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events."""
        try:
            with self._place:
                await super().__call__(scope, receive, send)
        finally:
            # The response began as a good one, but the log and the metrics tell how it ended.
            if self._fault is not None:
                scope["record"].status = self._fault.status
            elif not self._whole:
                scope["record"].status = CLIENT_GONE

    async def _in_time(
        self, events: AsyncIterator[tuple[str, Any]], seconds: float
    ) -> AsyncIterator[bytes]:
        end = asyncio.get_running_loop().time() + seconds
        try:
            while True:
                async with asyncio.timeout_at(end):
                    name, data = await anext(events)
                yield event(name, data)
        except StopAsyncIteration:
            self._whole = True
            return
        except TimeoutError:
            self._fault = too_slow(seconds)
        except Exception as error:
            log_failure(error)
            self._fault = FAILED
        yield event("error", self._fault.as_dict())


def event(name: str, data: Any) -> bytes:
    """Return an event: its name, and its data as JSON without line breaks."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), written(data))
