"""The service: its addresses and their responses."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

import charseq
from charseq import page
from charseq.config import ServeConfig, refuse_unknown
from charseq.errors import UsageError, visible
from charseq.serve import schema
from charseq.serve.bodies import MOST_BYTES, Room, read_object
from charseq.serve.faults import Fault, too_slow
from charseq.serve.handler import ModelHandler
from charseq.serve.json_text import JsonResponse
from charseq.serve.keys import Keys
from charseq.serve.metrics import Metrics
from charseq.serve.middleware import (
    CLIENT_GONE,
    AccessMiddleware,
    FailureMiddleware,
    Lifecycle,
    RequestMiddleware,
    RequestRecord,
)
from charseq.serve.models import ServedModel
from charseq.serve.requests import parse_request, requested_texts
from charseq.serve.streams import EventStream

Result = TypeVar("Result")

PAGE = Path(__file__).parent / "page"


def create_application(
    models: Sequence[ServedModel], settings: ServeConfig | None = None
) -> FastAPI:
    """Return the service as an ASGI application.

    Once `state.lifecycle.accepting` is false, requests to `/v1/` are answered with 503.

    Args:
        models: the models to serve; the first answers requests that name none.
        settings: its limits, keys and batches.
    """
    settings = ServeConfig() if settings is None else settings
    metrics, lifecycle = Metrics(), Lifecycle()
    handlers = {each.name: ModelHandler(each, settings, metrics) for each in models}

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        for handler in handlers.values():
            handler.batcher.close()

    app = FastAPI(
        title="charseq",
        summary="Models that rewrite strings character by character",
        version=charseq.__version__,
        # These pages would load scripts from other sites.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        exception_handlers=_HANDLERS,
    )
    app.state.lifecycle = lifecycle
    _answer_texts(app, handlers, settings, metrics)
    _tell_of_itself(app, handlers, settings, lifecycle, metrics)
    _show_page(app)
    paths = frozenset(path for route in app.routes if (path := getattr(route, "path", "")))
    app.user_middleware = [
        Middleware(RequestMiddleware, lifecycle=lifecycle, metrics=metrics, paths=paths),
        *_for_other_origins(settings.allow_origins),
        Middleware(FailureMiddleware),
        Middleware(AccessMiddleware, lifecycle=lifecycle, keys=Keys(settings.api_keys)),
    ]
    return app


def _answer_texts(
    app: FastAPI, handlers: Mapping[str, ModelHandler], settings: ServeConfig, metrics: Metrics
) -> None:
    room = Room(max(MOST_BYTES, settings.max_body_bytes))

    @app.post("/v1/translate", **schema.TRANSLATE, dependencies=schema.access(settings))
    async def translate(request: Request) -> Response:
        most, seconds = settings.max_body_bytes, settings.client_timeout
        with room.shared() as take:
            values = await read_object(request, most, seconds, take)
            parsed = parse_request(values, settings)
            handler = _handler(handlers, parsed.model)
            name = handler.served.name
            asked = requested_texts(parsed, handler.description, settings)
            record: RequestRecord = request.scope["record"]
            record.texts, record.symbols = len(asked), sum(each.symbols for each in asked)
            if settings.log_texts:
                record.sources = [each.text for each in asked]
            metrics.count_texts(name, record.texts, record.symbols)
            if parsed.stream:
                events = handler.begun(parsed, *asked)
                return EventStream(events, handler.batcher.place(), settings.timeout)
            with handler.batcher.place():
                answers = handler.translations(parsed, asked)
                translations = await _while_awaited(request, answers, settings.timeout)
            return JsonResponse({"model": name, "translations": translations})


def _tell_of_itself(
    app: FastAPI,
    handlers: Mapping[str, ModelHandler],
    settings: ServeConfig,
    lifecycle: Lifecycle,
    metrics: Metrics,
) -> None:
    limits = settings.model_dump(include=set(schema.Limits.model_fields))

    @app.get("/v1/models", **schema.MODELS, dependencies=schema.access(settings))
    async def models() -> Response:
        described = [handler.served.as_dict() for handler in handlers.values()]
        return JsonResponse({"models": described, "limits": limits})

    # Some load balancers ask for the headers alone.
    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", **schema.HEALTH)
    async def health() -> Response:
        return JsonResponse({"status": "alive"})

    @app.head("/readyz", include_in_schema=False)
    @app.get("/readyz", **schema.READINESS)
    async def readiness() -> Response:
        if lifecycle.accepting:
            return JsonResponse({"status": "ready"})
        return JsonResponse({"status": "stopping"}, 503)

    @app.get("/metrics", **schema.METRICS)
    async def counts() -> Response:
        return PlainTextResponse(metrics.text(), media_type=metrics.MEDIA_TYPE)


def _show_page(app: FastAPI) -> None:
    document = page.document(PAGE)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index() -> Response:
        return HTMLResponse(document)

    app.mount("/static", StaticFiles(directory=PAGE, packages=[(page.__name__, page.STATIC.name)]))


def _for_other_origins(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware that lets pages of other origins call the service, if any may."""
    if not origins:
        return []
    methods, headers = ("GET", "POST"), ("Authorization", "Content-Type")
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=methods,
            allow_headers=headers,
            expose_headers=("Retry-After",),
        )
    ]


def _handler(handlers: Mapping[str, ModelHandler], name: str | None) -> ModelHandler:
    if name is None:
        return next(iter(handlers.values()))
    try:
        refuse_unknown([name], handlers, what="model")
    except UsageError as error:
        raise Fault("not_found", str(error)) from None
    return handlers[name]


async def _while_awaited(
    request: Request, work: Coroutine[Any, Any, Result], seconds: float
) -> Result:
    """Return what `work` returns, unless the client leaves first or it takes too long."""
    answer = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((answer, gone), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        if gone.done():
            raise ClientDisconnect
        raise too_slow(seconds)
    finally:
        answer.cancel()
        gone.cancel()


async def _tell(_: Request, error: Exception) -> Response:
    match error:
        case Fault():
            return error.response()
        case UsageError():
            return Fault("invalid", str(error)).response()
        case _:
            # The client has gone: nobody reads this response.
            return Response(status_code=CLIENT_GONE)


async def _tell_of_address(request: Request, error: Exception) -> Response:
    """Respond where there is nothing, or nothing for this method."""
    path = visible(request.url.path)
    if getattr(error, "status_code", 404) == 405:
        fault = Fault("invalid", f"{path} does not take {request.method}", 405)
    else:
        fault = Fault("not_found", f"there is nothing at {path}; see /openapi.json")
    response = fault.response()
    response.headers.update(getattr(error, "headers", None) or {})
    return response


_HANDLERS: dict[int | type[Exception], Any] = {
    Fault: _tell,
    UsageError: _tell,
    ClientDisconnect: _tell,
    HTTPException: _tell_of_address,
}
