"""Requests that arrive together are answered together, one batch after another."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from charseq.serve.faults import Fault

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

BUSY = "the service is busy: try again in a moment"


@dataclass(eq=False)
class _Job(Generic[Asked, Answer]):
    """Some texts of one request, whose answers it awaits."""

    options: Hashable
    asked: Sequence[Asked]
    weight: int
    answers: asyncio.Future[list[Answer]]


class Batcher(Generic[Asked, Answer]):
    """Answers many requests to one model, in one thread, while the event loop stays free.

    Only texts with equal options share a batch. Nothing waits where nobody else asks: a
    batch is held back, for a moment, only right after one that several requests shared, until as
    many have come again. A batch that fails is answered request by request, so that only those
    fail that are at fault. Requests that nobody awaits any more are left out.

    Args:
        answer: gives the answers to some texts with the same options, in order; called in
            the thread.
        size: the most texts of a batch.
        most_weight: the most that a batch weighs, unless one request alone does.
        wait: the most seconds that a batch is held back.
        places: the most requests that may be waiting or being answered.
        observe: is told how many texts each batch has.
    """

    def __init__(
        self,
        answer: Callable[[Any, Sequence[Asked]], list[Answer]],
        *,
        size: int,
        most_weight: int,
        wait: float,
        places: int,
        observe: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._size = size
        self._most_weight = most_weight
        self._answer = answer
        self._wait = wait
        self._free = places
        self._observe = observe
        self._thread = _one_thread()
        self._queue: deque[_Job[Asked, Answer]] = deque()
        self._work: asyncio.Task[None] | None = None
        self._enough = asyncio.Event()
        self._wanted = 0
        self._sharers = 0
        self._ended = 0.0

    @property
    def waiting(self) -> int:
        """How many requests are waiting."""
        return len(self._queue)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for a request, which may ask several times.

        Raises:
            Fault: if all are taken.
        """
        if self._free < 1:
            raise Fault("busy", BUSY)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    async def answers(
        self, options: Hashable, asked: Sequence[Asked], weight: int = 0
    ) -> list[Answer]:
        """Return the answers to some texts.

        Args:
            options: how they are asked: what is equal may share a batch.
            asked: the texts.
            weight: what it takes to answer them, in any unit.

        Raises:
            Exception: what answering them alone raises.
        """
        loop = asyncio.get_running_loop()
        job = _Job[Asked, Answer](options, asked, weight, loop.create_future())
        self._queue.append(job)
        if len(self._queue) >= self._wanted:
            self._enough.set()
        if self._work is None or self._work.done():
            self._work = loop.create_task(self._run())
        return await job.answers

    async def alone(
        self,
        function: Callable[Parameters, Result],
        *arguments: Parameters.args,
        **named: Parameters.kwargs,
    ) -> Result:
        """Return what a function returns that is called in the thread, between two batches."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*arguments, **named))

    def close(self) -> None:
        """End the thread, after what it is doing; who asks later is answered in another."""
        former, self._thread = self._thread, _one_thread()
        former.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        """Answer all that waits, and what comes meanwhile."""
        self._enough = asyncio.Event()
        loop = asyncio.get_running_loop()
        while self._queue:
            if loop.time() - self._ended < self._wait:
                await self._held_back()
            jobs = self._batch()
            if jobs:
                self._sharers = len(jobs)
                await self._answer_together(jobs)
                self._ended = loop.time()

    async def _held_back(self) -> None:
        """Wait for as many requests as shared the last batch, but not for long."""
        if len(self._queue) >= self._sharers:
            return
        self._enough.clear()
        self._wanted = self._sharers
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                await self._enough.wait()

    def _batch(self) -> list[_Job[Asked, Answer]]:
        """Take the request that waits longest, and others that may share its batch."""
        jobs: list[_Job[Asked, Answer]] = []
        texts = weight = 0
        left: deque[_Job[Asked, Answer]] = deque()
        for job in self._queue:
            if job.answers.done():
                continue
            fits = not jobs or (
                job.options == jobs[0].options
                and texts + len(job.asked) <= self._size
                and weight + job.weight <= self._most_weight
            )
            if not fits:
                left.append(job)
                continue
            jobs.append(job)
            texts += len(job.asked)
            weight += job.weight
        self._queue = left
        return jobs

    async def _answer_together(self, jobs: Sequence[_Job[Asked, Answer]]) -> None:
        asked = [each for job in jobs for each in job.asked]
        self._observe(len(asked))
        try:
            answers = iter(await self.alone(self._answer, jobs[0].options, asked))
        except Exception as error:
            if len(jobs) > 1:
                for job in jobs:
                    if not job.answers.done():
                        await self._answer_together([job])
            elif not jobs[0].answers.done():
                jobs[0].answers.set_exception(error)
            return
        for job in jobs:
            own = [next(answers) for _ in job.asked]
            if not job.answers.done():
                job.answers.set_result(own)


def _one_thread() -> ThreadPoolExecutor:
    """Return what runs one function after another, in a thread that starts with the first."""
    return ThreadPoolExecutor(1, "charseq-answers")
