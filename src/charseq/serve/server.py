"""The process that serves: its socket, its signals and its end."""

import asyncio
import errno
import math
import os
import socket
import warnings
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from charseq.config import ServeConfig
from charseq.errors import MachineError, UnknownCharactersWarning, UsageError, visible
from charseq.serve.application import create_application
from charseq.serve.connections import MOST_UNREAD, PatientConnection
from charseq.serve.logs import log, take_over_uvicorn
from charseq.serve.middleware import Lifecycle
from charseq.serve.models import ServedModel

# Each connection takes a file descriptor; the usual limit is about a thousand.
MOST_FILES = 65_536
# How long requests have to end once their connections are closed.
LAST_SECONDS = 1.0


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address but does not listen yet.

    Raises:
        UsageError: if this machine has no such address.
        MachineError: if the port is taken, or may not be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise UsageError(f"there is no address {visible(repr(host))}") from None
    family, kind, protocol, _, address = found[0]
    # asyncio sends small pieces at once (TCP_NODELAY) only if the socket names its protocol.
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise MachineError(
                f"port {port} of {host} is taken: choose another with --port, or 0 for a free one"
            ) from None
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"this machine has no address {host}") from None
        raise MachineError(f"cannot listen on port {port} of {host}: {error.strerror}") from None
    return sock


def url_of(sock: socket.socket) -> str:
    """Return the URL at which a socket is reached."""
    host, port, *_ = sock.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    models: Sequence[ServedModel],
    settings: ServeConfig,
    sock: socket.socket,
    started: Callable[[], None],
) -> None:
    """Serve until a signal asks to stop and all requests accepted by then are answered.

    A second signal ends the process at once.

    Args:
        models: the models to serve.
        settings: limits, keys and batches.
        sock: the socket to listen on.
        started: called once requests are accepted.
    """
    # Each answer already names what its model never saw.
    warnings.simplefilter("ignore", UnknownCharactersWarning)
    take_over_uvicorn()
    _allow_files()
    application = create_application(models, settings)

    class Connection(PatientConnection):
        patience = settings.client_timeout
        # An answer repeats what its request contained, and says about as much again.
        room = max(MOST_UNREAD, 4 * settings.max_body_bytes)

    config = uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(settings.timeout),
    )
    server = _Server(config, application.state.lifecycle, settings.timeout, started)
    server.run(sockets=[sock])
    log(event="stopped")
    if server.force_exit:
        # Python would wait for the threads, and thus for the batches that they compute.
        os._exit(0)


class _Server(uvicorn.Server):
    """A server that stops when all accepted requests are answered."""

    def __init__(
        self,
        config: uvicorn.Config,
        lifecycle: Lifecycle,
        seconds: float,
        started: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._seconds = seconds
        self._end: float | None = None
        self._started = started
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and report it."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for accepted requests, unless asked not to: then they end without an answer."""
        await super().shutdown(sockets)
        if self.force_exit:
            if self.server_state.tasks:
                await asyncio.wait(self.server_state.tasks, timeout=LAST_SECONDS)
            await self.lifespan.shutdown()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop: all is answered, or somebody reads an answer too slowly."""
        if not self._lifecycle.accepting:
            now = asyncio.get_running_loop().time()
            self._end = now + self._seconds if self._end is None else self._end
            if not self._lifecycle.in_flight:
                self.should_exit = True
            elif now > self._end:
                self.should_exit = self.force_exit = True
                self._close_connections()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Accept no more requests; asked again, stop at once."""
        if not self._lifecycle.accepting:
            self.should_exit = self.force_exit = True
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._close_connections)
        self._lifecycle.accepting = False

    def _close_connections(self) -> None:
        """Let requests in progress end like those whose clients have gone."""
        for connection in [*self.server_state.connections]:
            connection.transport.abort()


def _allow_files() -> None:
    """Raise the limit of open files as far as allowed."""
    try:
        import resource
    except ImportError:  # Not on Windows.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
