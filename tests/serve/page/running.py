"""A service that runs beside a test."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence

import uvicorn

from charseq.config import ServeConfig
from charseq.serve import ServedModel, create_application


@contextlib.contextmanager
def running(models: Sequence[ServedModel], settings: ServeConfig | None = None) -> Iterator[str]:
    """Serve models on a free port, and give the page's address."""
    application = create_application(models, settings)
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()
