"""What every request passes through: access, security headers, metrics and the log."""

import re
import time
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charseq.serve.faults import FAILED, Fault
from charseq.serve.keys import Keys
from charseq.serve.logs import LONGEST_WORD, log, log_failure
from charseq.serve.metrics import Metrics

CLIENT_GONE = 499
"""The status of a request whose client left before the response, in logs and metrics only."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PROTECTED = "/v1/"
AUTHORITY = re.compile(r"https?://[^/]*", re.IGNORECASE)


@dataclass
class RequestRecord:
    """What is logged of one request.

    Attributes:
        status: the response's status; until there is one, that of a client who has left.
        texts: how many texts it contains.
        symbols: how many symbols the texts have.
        sources: the texts, if they are logged.
    """

    status: int = CLIENT_GONE
    texts: int = 0
    symbols: int = 0
    sources: list[str] = field(default_factory=list)


@dataclass
class Lifecycle:
    """Whether the service accepts requests, and how many it is answering.

    Attributes:
        accepting: false once the service is asked to stop.
        in_flight: requests to `/v1/` that are not yet answered.
    """

    accepting: bool = True
    in_flight: int = 0


class RequestMiddleware:
    """Counts and logs every request, and adds security headers to every response.

    Args:
        app: the application that responds.
        lifecycle: counts the requests in flight.
        metrics: counts all requests.
        paths: the paths that are counted by name; all others are counted together.
    """

    def __init__(
        self, app: ASGIApp, lifecycle: Lifecycle, metrics: Metrics, paths: frozenset[str]
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = scope["record"] = RequestRecord()
        _leave_out_authority(scope)
        # Now: what answers may have a root path of its own.
        path, protected = _path(scope), _is_protected(scope)
        began = time.perf_counter()

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # After an upgrade, a browser must not mix the page's old files with new ones.
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        self._lifecycle.in_flight += protected
        try:
            await self._app(scope, receive, send_safely)
        finally:
            self._lifecycle.in_flight -= protected
            self._write_down(scope["method"], path, record, time.perf_counter() - began)

    def _write_down(self, method: str, path: str, record: RequestRecord, seconds: float) -> None:
        known = path if path in self._paths else "/static/" if path.startswith("/static/") else ""
        # A browser's question before a request from another origin is none for an answer.
        name = known if known and method != "OPTIONS" else "other"
        self._metrics.count_request(name, record.status, seconds)
        log(
            method=method[:LONGEST_WORD],
            path=path[:LONGEST_WORD],
            status=record.status,
            ms=round(1_000 * seconds, 3),
            texts=record.texts,
            symbols=record.symbols,
            **({"sources": record.sources} if record.sources else {}),
        )


class FailureMiddleware:
    """Responds to requests on which the application fails.

    It comes after the CORS middleware, so that pages of other origins can read this response too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_failure(error)
            # If a response has begun, the server breaks it off.
            if scope["record"].status == CLIENT_GONE:
                await FAILED.response()(scope, receive, send)


class AccessMiddleware:
    """Refuses requests to `/v1/` without a known key, and all of them once the service is stopping.

    It too comes after the CORS middleware.
    """

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, keys: Keys) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and _is_protected(scope):
            if not self._lifecycle.accepting:
                await _stopping(scope, receive, send)
                return
            given = dict(scope["headers"]).get(b"authorization")
            if not self._keys.allow(given):
                what = "send an API key" if given is None else "this API key is unknown"
                fault = Fault("unauthorised", f"{what}: Authorization: Bearer KEY")
                await fault.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _leave_out_authority(scope: Scope) -> None:
    """Turn a target in absolute form, `http://host/path`, into its path (RFC 9112, section 3.2.2).

    The server hands on whatever stands in a request's first line.
    """
    found = AUTHORITY.match(scope["path"])
    if found is not None:
        scope["path"] = scope["path"][found.end() :] or "/"
        scope["raw_path"] = scope["path"].encode()


def _is_protected(scope: Scope) -> bool:
    return _path(scope).startswith(PROTECTED)


def _path(scope: Scope) -> str:
    """Return the path of a request within the service, without the service's own root path."""
    path: str = scope["path"]
    below = path.removeprefix(scope.get("root_path", ""))
    return below if below.startswith("/") else path


async def _stopping(scope: Scope, receive: Receive, send: Send) -> None:
    response = Fault("busy", "the service is stopping: try again in a moment").response()
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
