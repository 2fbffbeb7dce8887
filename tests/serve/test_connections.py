"""Connections whose clients read slowly."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
import uvicorn
from starlette.responses import Response

from charseq.serve.connections import MOST_UNREAD, PatientConnection

LARGE = 12 << 20
"""More bytes than the kernel holds of an answer."""


@contextmanager
def sending(room: int) -> Iterator[int]:
    """Serve the same large answer to everybody, with so much room for slow readers."""

    class Connection(PatientConnection):
        behind: ClassVar[set[PatientConnection]] = set()

    Connection.room = room
    config = uvicorn.Config(
        Response(b"x" * LARGE), port=0, http=Connection, ws="none", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join()


def asking(port: int) -> socket.socket:
    """Ask for the answer, and wait for its first bytes, so that requests come one by one."""
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    client.recv(1)
    return client


def received(client: socket.socket) -> int:
    """Read an answer, and return how many bytes came."""
    count = 0
    with client:
        while count < LARGE:
            try:
                piece = client.recv(1 << 20)
            except ConnectionResetError:
                break
            if not piece:
                break
            count += len(piece)
    return count


@pytest.mark.parametrize(("room", "answered"), [(MOST_UNREAD, [True] * 3), (LARGE, [True, False])])
def test_who_exceeds_the_room_for_slow_readers_is_closed(room: int, answered: list[bool]) -> None:
    with sending(room) as port:
        clients = [asking(port) for _ in answered]
        assert [received(client) >= LARGE for client in clients] == answered
        # Whoever has read or gone leaves room again.
        assert received(asking(port)) >= LARGE


def test_a_single_slow_reader_may_exceed_the_room() -> None:
    with sending(1) as port:
        assert received(asking(port)) >= LARGE
