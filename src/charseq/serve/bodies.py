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

SMALL, MOST_SMALL = 64 << 10, 16 << 20
"""The first bytes of each body have a room of their own, which large bodies cannot fill."""


class Room:
    """The memory that the bodies of all requests may take together.

    Args:
        most: how many bytes their parts beyond `SMALL` may have.
    """

    def __init__(self, most: int) -> None:
        self._small, self._large = MOST_SMALL, most

    @contextmanager
    def shared(self) -> Iterator[Callable[[int], None]]:
        """Yield what takes room for so many bytes more; all of it is given back at the end.

        Raises:
            Fault: if other requests have taken all of it.
        """
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            small = min(taken + count, SMALL) - min(taken, SMALL)
            large = count - small
            if small > self._small or large > self._large:
                raise Fault("busy", BUSY)
            self._small -= small
            self._large -= large
            taken += count

        try:
            yield take
        finally:
            self._small += min(taken, SMALL)
            self._large += max(taken - SMALL, 0)


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
