"""Where every request comes in and every answer goes out: safety headers, counts, the log."""

import time
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charseq.serve.faults import FAILED, Fault
from charseq.serve.keys import Keys
from charseq.serve.logs import LONGEST_PATH, log, log_failure
from charseq.serve.metrics import Metrics

CLIENT_GONE = 499
"""The status of a request whose client has not waited for the answer, in logs and counts only."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
GUARDED = "/v1/"


@dataclass
class Visit:
    """What is written down of one request.

    Attributes:
        status: of its answer; as long as there is none, that of a client who has gone.
        texts: how many it asks for.
        symbols: how many those have.
        sources: the texts, where they are logged.
    """

    status: int = CLIENT_GONE
    texts: int = 0
    symbols: int = 0
    sources: list[str] = field(default_factory=list)


@dataclass
class Doors:
    """Whether new requests are let in, and how many are within.

    Attributes:
        open: false once the service is asked to stop.
        within: requests to `/v1/` that are not yet answered.
    """

    open: bool = True
    within: int = 0


class Porch:
    """Takes every request, and writes down what became of it.

    Args:
        app: what answers.
        doors: counts who is within.
        metrics: counts.
        paths: those that are counted by their names; all others are counted together.
    """

    def __init__(self, app: ASGIApp, doors: Doors, metrics: Metrics, paths: frozenset[str]) -> None:
        self._app = app
        self._doors = doors
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = scope["visit"] = Visit()
        guarded = _is_guarded(scope)
        began = time.perf_counter()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            self._doors.within += guarded
            try:
                await self._app(scope, receive, send_safely)
            finally:
                self._doors.within -= guarded
        except Exception as error:
            log_failure(error)
            # An answer that has begun is broken off by the server.
            if visit.status == CLIENT_GONE:
                await FAILED.response()(scope, receive, send_safely)
        finally:
            self._write_down(scope, visit, time.perf_counter() - began)

    def _write_down(self, scope: Scope, visit: Visit, seconds: float) -> None:
        path = _path(scope)
        known = path if path in self._paths else "/static/" if path.startswith("/static/") else ""
        self._metrics.count_request(known or "other", visit.status, seconds)
        log(
            method=scope["method"],
            path=path[:LONGEST_PATH],
            status=visit.status,
            ms=round(1_000 * seconds, 3),
            texts=visit.texts,
            symbols=visit.symbols,
            **({"sources": visit.sources} if visit.sources else {}),
        )


class Guard:
    """Lets only those ask for translations who bring a key, and nobody once the doors are closed.

    It stands within what answers web pages from elsewhere, which may read its refusals too.
    """

    def __init__(self, app: ASGIApp, doors: Doors, keys: Keys) -> None:
        self._app = app
        self._doors = doors
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "http" and _is_guarded(scope):
            if not self._doors.open:
                await _stopping(scope, receive, send)
                return
            given = dict(scope["headers"]).get(b"authorization")
            if not self._keys.allow(given):
                what = "bring an API key" if given is None else "this API key is not known"
                fault = Fault("unauthorised", f"{what}: Authorization: Bearer KEY")
                await fault.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_guarded(scope: Scope) -> bool:
    return _path(scope).startswith(GUARDED)


def _path(scope: Scope) -> str:
    """Return the path that a request is answered by: without what the service stands below."""
    path: str = scope["path"]
    below = path.removeprefix(scope.get("root_path", ""))
    return below if below.startswith("/") else path


async def _stopping(scope: Scope, receive: Receive, send: Send) -> None:
    response = Fault("busy", "the service is stopping: try again in a moment").response()
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
