"""Connections whose other end takes its time, or sends what is no HTTP."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from charseq.serve.faults import Fault


class PatientConnection(H11Protocol):
    """A connection that is given up when nothing more is to be hoped for.

    uvicorn ends connections on which no request comes; here, those end too on which a request's
    head comes in pieces, or an answer is not read.

    Attributes:
        patience: seconds for a head to arrive, and for a reader to go on.
    """

    patience = 10.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: asyncio.TimerHandle | None = None
        self._reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._head = self.loop.call_later(self.patience, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        for timer in (self._head, self._reader):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; from its first byte on, a request's head has its time."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            if self._head is not None:
                self._head.cancel()
                self._head = None
        elif self._head is None:
            self._head = self.loop.call_later(self.patience, self.transport.abort)

    def pause_writing(self) -> None:
        """Wait for a reader that has fallen behind."""
        super().pause_writing()
        self._reader = self.loop.call_later(self.patience, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on, since the reader does."""
        super().resume_writing()
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing comes, and what was not read of it."""
        super().timeout_keep_alive_handler()
        self._reader = self.loop.call_later(self.patience, self.transport.abort)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is no HTTP in the form of all errors, where no other answer has begun."""
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            response = Fault("invalid", "this is not valid HTTP", 400).response()
            lines = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
            lines += [b"%s: %s" % header for header in response.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        self.transport.close()
