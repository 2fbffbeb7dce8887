"""Where one model is asked: in batches, or symbol by symbol."""

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any

from charseq.answering import symbols_read
from charseq.config import ServeConfig
from charseq.modelfile import ModelDescription
from charseq.results import WrittenSymbol
from charseq.serve.answers import answers, manner_of
from charseq.serve.batcher import Batcher
from charseq.serve.metrics import Metrics
from charseq.serve.models import ServedModel
from charseq.serve.questions import AskedText, Question
from charseq.text import Input, features_of

MOST_SYMBOLS = 32_768
"""Of a batch, each counted as often as its beam is wide: a second of work, not minutes."""


class Desk:
    """A model, and those who wait for it.

    Attributes:
        served: the model.
        batcher: what answers requests together.
    """

    def __init__(self, served: ServedModel, settings: ServeConfig, metrics: Metrics) -> None:
        self.served = served
        self._size = settings.batch_size
        self.batcher: Batcher[AskedText, dict[str, Any]] = Batcher(
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
        """What the model is."""
        return self.served.translator.description

    async def translations(
        self, question: Question, asked: Sequence[AskedText]
    ) -> list[dict[str, Any]]:
        """Return the answers to all texts of a question, in order.

        Many texts are asked some at a time, so that others get their turn in between.

        Raises:
            UsageError: as `BaseTranslator.translate` does.
        """
        manner = manner_of(question)
        found: list[dict[str, Any]] = []
        for piece in self._pieces(asked, question.beam):
            own = manner._replace(first=len(found)) if manner.alone else manner
            weight = question.beam * sum(each.symbols for each in piece)
            found += await self.batcher.answers(own, piece, weight)
        return found

    def begun(self, question: Question, asked: AskedText) -> AsyncIterator[tuple[str, Any]]:
        """Make ready to write the answer to one text, and return what happens meanwhile.

        Returns:
            Events: their names, and their data.

        Raises:
            UsageError: as `BaseTranslator.write` does.
        """
        translator = self.served.translator
        conditions = {"features": asked.features, "language": asked.language}
        symbols = translator.write(asked.text, **conditions, prefix=asked.prefix)
        return self._events(question, asked, symbols)

    def _pieces(self, asked: Sequence[AskedText], beam: int) -> Iterator[Sequence[AskedText]]:
        """Yield the texts some at a time: what is begun cannot be broken off."""
        first = weight = 0
        for number, each in enumerate(asked):
            weight += beam * each.symbols
            if number > first and (number - first == self._size or weight > MOST_SYMBOLS):
                yield asked[first:number]
                first, weight = number, beam * each.symbols
        if asked:
            yield asked[first:]

    async def _events(
        self, question: Question, asked: AskedText, symbols: Iterator[WrittenSymbol]
    ) -> AsyncIterator[tuple[str, Any]]:
        features = features_of(asked.features or "", self.description.features_separator)
        given = Input(asked.text, features, asked.language or "")
        read, conditions = symbols_read(self.description, given)
        start = {"model": self.served.name, "source_symbols": read, "conditions": conditions}
        yield "start", start
        while (symbol := await self.batcher.alone(next, symbols, None)) is not None:
            yield "symbol", symbol.as_dict()
        explained = question.model_copy(update={"explain": True})
        (translation,) = await self.translations(explained, [asked])
        yield "translation", translation
