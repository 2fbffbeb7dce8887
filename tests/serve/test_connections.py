"""Connections whose clients read slowly."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
        pass

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
    # Nobody is remembered who has gone.
    assert not slow_readers()


def slow_readers() -> list[PatientConnection]:
    return list(PatientConnection.behind)


def asking(port: int, *, hearing: int | None = None) -> socket.socket:
    """Ask for the answer, and wait for its first bytes, so that requests come one by one.

    Args:
        port: the server's.
        hearing: how many bytes the kernel takes in for this client.
    """
    client = socket.socket()
    client.settimeout(60)
    if hearing is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, hearing)
    client.connect(("127.0.0.1", port))
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


@pytest.mark.parametrize(("room", "answered"), [(MOST_UNREAD, [True] * 3), (LARGE, [False, True])])
def test_beyond_the_room_for_slow_readers_the_slowest_is_closed(
    room: int, answered: list[bool]
) -> None:
    with sending(room) as port:
        clients = [asking(port) for _ in answered]
        assert [received(client) >= LARGE for client in clients] == answered


def test_slow_readers_do_not_keep_others_from_large_answers() -> None:
    with sending(2 * LARGE) as port:
        slow = [asking(port) for _ in range(3)]
        assert all(received(asking(port)) >= LARGE for _ in range(5))
        assert sum(received(client) >= LARGE for client in slow) < 3


def test_a_single_slow_reader_may_exceed_the_room() -> None:
    with sending(1) as port:
        assert received(asking(port)) >= LARGE
        # Whoever has read or gone leaves room again.
        asking(port).close()
        assert received(asking(port)) >= LARGE


def test_whoever_reads_too_slowly_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientConnection, "patience", 0.5)
    with sending(MOST_UNREAD) as port, asking(port, hearing=4_096) as trickling:
        while not (waiting := slow_readers()):
            time.sleep(0.01)
        began = time.perf_counter()
        # At about a thousand bytes a second, it would take hours.
        while slow_readers() == waiting and time.perf_counter() - began < 20:
            trickling.recv(200)
            time.sleep(0.2)
        assert time.perf_counter() - began < 20
