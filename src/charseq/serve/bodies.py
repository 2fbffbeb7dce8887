"""Reading request bodies within limits, without trusting what a client says about them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request

from charseq.serve import json_text
from charseq.serve.faults import BUSY, Fault

MOST_BYTES = 64 << 20
"""The most bytes in the bodies of all requests that are being read or answered."""


class Room:
    """The memory that the bodies of all requests may take together."""

    def __init__(self, most: int) -> None:
        self._left = most

    @contextmanager
    def shared(self) -> Iterator[Callable[[int], None]]:
        """Yield what takes room for so many bytes more; all of it is given back at the end.

        Raises:
            Fault: if other requests have taken all of it.
        """
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            if count > self._left:
                raise Fault("busy", BUSY)
            self._left -= count
            taken += count

        try:
            yield take
        finally:
            self._left += taken


async def read_object(
    request: Request, most: int, seconds: float, take: Callable[[int], None]
) -> dict[str, Any]:
    """Return the JSON object in a request's body.

    Args:
        request: the request.
        most: how many bytes the body may have.
        seconds: how long it may take to arrive.
        take: takes room for its bytes.

    Raises:
        Fault: if the body is larger, slower, or not a JSON object, or there is no room for it.
        ClientDisconnect: if the client has gone.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Browsers let any page send a form here, but ask for permission to send JSON.
        raise Fault("invalid", "send JSON, with the header Content-Type: application/json", 415)
    try:
        async with asyncio.timeout(seconds):
            body = await _read(request, most, take)
    except TimeoutError:
        message = f"the body did not arrive within {seconds:g} seconds"
        raise Fault("timeout", message, 408) from None
    try:
        values = json_text.read(body)
    except ValueError as error:
        raise Fault("invalid", f"the body is not valid JSON: {error}", 400) from None
    if not isinstance(values, dict):
        raise Fault("invalid", 'the body must be a JSON object, such as {"texts": "…"}')
    return values


async def _read(request: Request, most: int, take: Callable[[int], None]) -> bytes:
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        take(len(piece))
        body += piece
        if len(body) > most:
            raise Fault("too_large", f"the body has more than {most:,} bytes: send less at once")
        if not message.get("more_body", False):
            return bytes(body)
