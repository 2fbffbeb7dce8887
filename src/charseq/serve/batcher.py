"""Requests that arrive together are answered together, one batch after another."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

from charseq.serve.faults import BUSY, Fault

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")


@dataclass(eq=False)
class _Job(Generic[Asked, Answer]):
    """Some texts of one request, which awaits their answers."""

    options: Hashable
    asked: Sequence[Asked]
    weight: int
    answers: asyncio.Future[list[Answer]]


class Batcher(Generic[Asked, Answer]):
    """Answers many requests to one model, in one thread, while the event loop stays free.

    Only texts with equal options share a batch. A lone client never waits: a batch is held back,
    for a moment, only right after one that several requests shared, until as many have arrived
    again. If a batch fails, its requests are answered one by one, so that only those at fault fail.
    Requests that nobody awaits any more are dropped.

    Args:
        answer: returns the answers to some texts with equal options, in order; called in the
            thread.
        size: the most texts of a batch.
        most_weight: the most that a batch may weigh; a single request may weigh more.
        wait: the most seconds that a batch is held back.
        places: the most requests that may be waiting or being answered.
        observe: called with the number of texts in each batch.
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
        """How many requests are waiting for a batch, without those that nobody awaits any more."""
        return sum(not job.answers.done() for job in self._queue)

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for a request, which may ask for answers several times.

        Raises:
            Fault: if all places are taken.
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
            options: how to answer them; texts with equal options may share a batch.
            asked: the texts.
            weight: the work of answering them, in any unit.

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
        """Call a function in the thread, between two batches, and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: function(*arguments, **named))

    def close(self) -> None:
        """End the thread after its current work; later requests are answered in a new one."""
        former, self._thread = self._thread, _one_thread()
        former.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        """Answer all waiting requests, and those that arrive meanwhile."""
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
        """Wait briefly for as many requests as shared the last batch."""
        if len(self._queue) >= self._sharers:
            return
        self._enough.clear()
        self._wanted = self._sharers
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait):
                await self._enough.wait()

    def _batch(self) -> list[_Job[Asked, Answer]]:
        """Take the request that has waited longest, and others that may share its batch."""
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
    """Return an executor with one thread, which starts with the first function."""
    return ThreadPoolExecutor(1, "charseq-answers")
