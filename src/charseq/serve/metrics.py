"""The metrics of a service, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """The metrics of one application, in their own registry."""

    MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "charseq_requests",
            "Requests, by path and status.",
            ["path", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "charseq_request_seconds",
            "How long requests took.",
            ["path"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._queue = Gauge(
            "charseq_queue_length",
            "Requests waiting for a model.",
            ["model"],
            registry=self._registry,
        )
        self._batches = Histogram(
            "charseq_batch_texts",
            "How many texts were translated together.",
            ["model"],
            buckets=SIZES,
            registry=self._registry,
        )
        self._texts = Counter(
            "charseq_texts", "Texts requested.", ["model"], registry=self._registry
        )
        self._symbols = Counter(
            "charseq_symbols",
            "Symbols of the texts requested.",
            ["model"],
            registry=self._registry,
        )

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a finished request."""
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_texts(self, model: str, texts: int, symbols: int) -> None:
        """Count the texts requested from a model, and their symbols."""
        self._texts.labels(model).inc(texts)
        self._symbols.labels(model).inc(symbols)

    def watch_queue(self, model: str, length: Callable[[], int]) -> None:
        """Report the length of a model's queue whenever metrics are read."""
        self._queue.labels(model).set_function(length)

    def batches(self, model: str) -> Callable[[int], None]:
        """Return a function that records the number of texts in a model's batch."""
        return self._batches.labels(model).observe

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)
