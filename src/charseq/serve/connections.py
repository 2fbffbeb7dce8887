"""Connections whose clients are slow, or send something other than HTTP."""

import asyncio
import contextlib
import struct
import sys
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from charseq.serve.faults import Fault
from charseq.serve.middleware import HEADERS

SLOWEST = 4_096
"""How many bytes a second a client must read of its answer."""

MOST_UNREAD = 64 << 20
"""The most bytes that wait for all clients that read their answers slowly."""


class PatientConnection(H11Protocol):
    """A connection that is closed when its client has stalled for too long.

    uvicorn closes idle connections; this also closes those on which a request's head arrives too
    slowly, or a response is not read. Where more waits for slow readers than there is room for,
    whoever has been behind for the longest is closed too.

    Attributes:
        patience: seconds for a head to arrive, and for a reader to go on.
        room: the most bytes that wait for all slow readers; a single one may have more.
        behind: the connections of slow readers, in the order in which they fell behind.
    """

    patience = 10.0
    room = MOST_UNREAD
    behind: ClassVar[dict["PatientConnection", None]] = {}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: asyncio.TimerHandle | None = None
        self._reader: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._head = self.loop.call_later(self.patience, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        for timer in (self._head, self._reader):
            if timer is not None:
                timer.cancel()
        self.behind.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take received data; the timer of a request's head starts with its first byte."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            if self._head is not None:
                self._head.cancel()
                self._head = None
        elif self._head is None:
            self._head = self.loop.call_later(self.patience, self.transport.abort)

    def pause_writing(self) -> None:
        """Start the timer of a reader that has fallen behind."""
        super().pause_writing()
        self.behind[self] = None
        self._watch_reader()
        waiting = sum(each.transport.get_write_buffer_size() for each in self.behind)
        # Any large answer is behind for a moment, however fast its reader is.
        while waiting > self.room and len(self.behind) > 1:
            slowest = next(iter(self.behind))
            del self.behind[slowest]
            waiting -= slowest.transport.get_write_buffer_size()
            slowest.transport.abort()

    def resume_writing(self) -> None:
        """Stop the timer, since the reader has caught up."""
        super().resume_writing()
        self.behind.pop(self, None)
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even if its client has left data unread."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def _watch_reader(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
        self._reader = self.loop.call_later(self.patience, self._judge_reader, self._unread())

    def _judge_reader(self, before: int) -> None:
        """Close the connection of a reader that has stalled; wait on for one that is slow."""
        if before - self._unread() < SLOWEST * self.patience:
            self.transport.abort()
        else:
            self._watch_reader()

    def _unread(self) -> int:
        """Return how many bytes the client has not received yet."""
        unread = self.transport.get_write_buffer_size()
        if sys.platform == "linux":
            # The kernel holds megabytes more, and takes further ones only now and then.
            import fcntl
            import termios

            with contextlib.suppress(OSError, ValueError):
                held = fcntl.ioctl(
                    self.transport.get_extra_info("socket"), termios.TIOCOUTQ, bytes(4)
                )
                unread += struct.unpack("i", held)[0]
        return unread

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing where a client asks for another protocol: it is answered in this one."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Respond to invalid HTTP in the form of all errors, unless another response has begun."""
        if self.cycle is None or not self.cycle.response_started or self.cycle.response_complete:
            response = Fault("invalid", "this is not valid HTTP", 400).response()
            response.headers.update(HEADERS)
            lines = [b"HTTP/1.1 400 Bad Request", b"connection: close"]
            lines += [b"%s: %s" % header for header in response.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(response.body)]))
        self.transport.close()
