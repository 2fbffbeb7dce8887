"""Reading request bodies within limits, without trusting what a client says about them."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request

from charseq.serve import json_text
from charseq.serve.faults import Fault


async def read_object(request: Request, most: int, seconds: float) -> dict[str, Any]:
    """Return the JSON object in a request's body.

    Args:
        request: the request.
        most: how many bytes the body may have.
        seconds: how long it may take to arrive.

    Raises:
        Fault: if the body is larger, slower, or not a JSON object.
        ClientDisconnect: if the client has gone.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        # Browsers let any page send a form here, but ask for permission to send JSON.
        raise Fault("invalid", "send JSON, with the header Content-Type: application/json", 415)
    try:
        async with asyncio.timeout(seconds):
            body = await _read(request, most)
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


async def _read(request: Request, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            raise Fault("too_large", f"the body has more than {most:,} bytes: send less at once")
        if not message.get("more_body", False):
            return bytes(body)
