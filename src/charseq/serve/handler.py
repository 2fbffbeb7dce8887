"""One model's answers to requests: in batches, or symbol by symbol."""

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any

from charseq.answering import in_pieces, symbols_read
from charseq.config import ServeConfig
from charseq.modelfile import ModelDescription
from charseq.results import WrittenSymbol
from charseq.serve.answers import answers, options_of
from charseq.serve.batcher import Batcher
from charseq.serve.metrics import Metrics
from charseq.serve.models import ServedModel
from charseq.serve.requests import RequestedText, TranslateRequest
from charseq.text import Input, features_of

MOST_SYMBOLS = 32_768
"""The most symbols of a batch, multiplied by the beam: a second of work rather than minutes."""


class ModelHandler:
    """A model, and the requests waiting for it.

    Attributes:
        served: the model.
        batcher: what answers requests together.
    """

    def __init__(self, served: ServedModel, settings: ServeConfig, metrics: Metrics) -> None:
        self.served = served
        self._size = settings.batch_size
        self.batcher: Batcher[RequestedText, dict[str, Any]] = Batcher(
            partial(answers, served.translator),
            size=settings.batch_size,
            most_weight=MOST_SYMBOLS,
            wait=settings.batch_wait,
            places=settings.queue,
            observe=metrics.batches(served.name),
        )
        metrics.watch_queue(served.name, lambda: self.batcher.waiting)

    @property
    def description(self) -> ModelDescription:
        """The model's description."""
        return self.served.translator.description

    async def translations(
        self, request: TranslateRequest, asked: Sequence[RequestedText]
    ) -> list[dict[str, Any]]:
        """Return the answers to all texts of a request, in order.

        Many texts are answered in pieces, so that other requests get their turn in between: a batch
        cannot be interrupted.

        Raises:
            UsageError: as `BaseTranslator.translate` does.
        """
        options = options_of(request)
        found: list[dict[str, Any]] = []
        weights = [request.beam * each.symbols for each in asked]
        for some in in_pieces(weights, self._size, MOST_SYMBOLS):
            own = options._replace(first=len(found)) if options.alone else options
            found += await self.batcher.answers(own, asked[some], sum(weights[some]))
        return found

    def begun(
        self, request: TranslateRequest, asked: RequestedText
    ) -> AsyncIterator[tuple[str, Any]]:
        """Prepare to write the answer to one text, and return the events of doing so.

        Returns:
            The events' names and data.

        Raises:
            UsageError: as `BaseTranslator.write` does.
        """
        translator = self.served.translator
        conditions = {"features": asked.features, "language": asked.language}
        symbols = translator.write(asked.text, **conditions, prefix=asked.prefix)
        return self._events(request, asked, symbols)

    async def _events(
        self, request: TranslateRequest, asked: RequestedText, symbols: Iterator[WrittenSymbol]
    ) -> AsyncIterator[tuple[str, Any]]:
        features = features_of(asked.features or "", self.description.features_separator)
        given = Input(asked.text, features, asked.language or "")
        read, conditions = symbols_read(self.description, given)
        start = {"model": self.served.name, "source_symbols": read, "conditions": conditions}
        yield "start", start
        while (symbol := await self.batcher.alone(next, symbols, None)) is not None:
            yield "symbol", symbol.as_dict()
        explained = request.model_copy(update={"explain": True})
        (translation,) = await self.translations(explained, [asked])
        yield "translation", translation
