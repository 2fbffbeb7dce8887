"""Where one model is asked: in batches, or symbol by symbol."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

from charseq.config import ServeConfig
from charseq.modelfile import ModelDescription
from charseq.serve.answers import answers, manner_of
from charseq.serve.batcher import Batcher
from charseq.serve.metrics import Metrics
from charseq.serve.models import ServedModel
from charseq.serve.questions import Asked, Question


class Desk:
    """A model, and those who wait for it.

    Attributes:
        served: the model.
        batcher: what answers requests together.
    """

    def __init__(self, served: ServedModel, settings: ServeConfig, metrics: Metrics) -> None:
        self.served = served
        self.batcher: Batcher[Asked, dict[str, Any]] = Batcher(
            partial(answers, served.translator),
            size=settings.batch_size,
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
        self, question: Question, asked: Sequence[Asked]
    ) -> list[dict[str, Any]]:
        """Return the answers to all texts of a question, in order.

        Many texts are asked some at a time, so that others get their turn in between.

        Raises:
            UsageError: as `Translator.translate` does.
        """
        manner = manner_of(question)
        size = self.batcher.size
        found: list[dict[str, Any]] = []
        for first in range(0, len(asked), size):
            own = manner._replace(first=first) if manner.drawn else manner
            found += await self.batcher.answers(own, asked[first : first + size])
        return found

    async def events(self, question: Question, asked: Asked) -> AsyncIterator[tuple[str, Any]]:
        """Yield what happens while the answer to one text is written: names, and their data."""
        raise NotImplementedError
        yield
