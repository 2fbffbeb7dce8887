"""Requests that arrive together share batches, and nobody notices but by the clock."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charseq.serve.batcher import Batcher
from charseq.serve.faults import Fault


def shout(options: str, asked: Sequence[str]) -> list[str]:
    """Answer slowly enough for others to arrive meanwhile."""
    time.sleep(0.005)
    if "boom" in asked:
        raise ValueError("boom")
    return [f"{each}{options}".upper() for each in asked]


class Trial:
    """A batcher, and the batches that it makes."""

    def __init__(
        self,
        answer: Callable[[Any, Sequence[str]], list[str]] = shout,
        size: int = 8,
        wait: float = 0.05,
        places: int = 100,
    ) -> None:
        self.batches: list[int] = []
        self.batcher = Batcher[str, str](
            answer,
            size=size,
            most_weight=100,
            wait=wait,
            places=places,
            observe=self.batches.append,
        )

    def run(self, *requests: Coroutine[Any, Any, Any]) -> list[Any]:
        async def together() -> list[Any]:
            return await asyncio.gather(*requests, return_exceptions=True)

        return asyncio.run(together())

    def ask(
        self, *asked: str, options: str = "!", weight: int = 0
    ) -> Coroutine[Any, Any, list[str]]:
        return self.batcher.answers(options, asked, weight)


def test_what_arrives_while_others_are_answered_shares_the_next_batch() -> None:
    trial = Trial()

    async def one_then_many() -> list[list[str]]:
        first = asyncio.create_task(trial.ask("a"))
        await asyncio.sleep(0.002)
        return await asyncio.gather(first, *(trial.ask(each) for each in "bcd"))

    assert asyncio.run(one_then_many()) == [["A!"], ["B!"], ["C!"], ["D!"]]
    assert trial.batches == [1, 3]


def test_a_batch_has_at_most_its_size_and_requests_stay_whole() -> None:
    trial = Trial(size=4)
    answers = trial.run(*(trial.ask(each, each) for each in "abcde"))
    assert answers == [["A!", "A!"], ["B!", "B!"], ["C!", "C!"], ["D!", "D!"], ["E!", "E!"]]
    assert trial.batches == [4, 4, 2]


def test_a_batch_weighs_no_more_than_it_may_unless_one_request_does() -> None:
    trial = Trial()
    answers = trial.run(*(trial.ask("a", weight=weight) for weight in (40, 40, 40, 200, 20)))
    assert answers == [["A!"]] * 5
    assert trial.batches == [3, 1, 1]


def test_only_what_is_asked_alike_shares_a_batch() -> None:
    trial = Trial()
    answers = trial.run(*(trial.ask(each, options=each) for each in "abab"))
    assert answers == [["AA"], ["BB"], ["AA"], ["BB"]]
    assert trial.batches == [2, 2]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.lists(st.text(max_size=3), max_size=4), st.sampled_from("?!"))))
def test_everybody_gets_the_answers_to_their_own_texts(
    requests: list[tuple[list[str], str]],
) -> None:
    trial = Trial(lambda options, asked: [each + options for each in asked])
    answers = trial.run(*(trial.ask(*asked, options=options) for asked, options in requests))
    assert answers == [[each + options for each in asked] for asked, options in requests]


def test_who_asks_alone_never_waits() -> None:
    trial = Trial(wait=1.0)

    async def one_after_another() -> float:
        began = time.perf_counter()
        for _ in range(5):
            await trial.ask("a")
        return time.perf_counter() - began

    assert asyncio.run(one_after_another()) < 0.5
    assert trial.batches == [1] * 5


def test_a_crowd_that_comes_again_is_waited_for_and_shares_batches() -> None:
    trial = Trial(wait=0.5)

    async def client(number: int) -> None:
        for _ in range(4):
            await trial.ask("a")
            await asyncio.sleep(0.002 * number)  # Each sends its next request a little later.

    asyncio.run(asyncio.wait_for(_all(*(client(number) for number in range(5))), 5))
    assert trial.batches == [5] * 4


async def _all(*coroutines: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*coroutines)


def test_a_crowd_that_does_not_come_again_is_not_waited_for_long() -> None:
    trial = Trial(wait=0.1)

    async def crowd_then_one() -> float:
        await asyncio.gather(*(trial.ask(each) for each in "abc"))
        began = time.perf_counter()
        await trial.ask("d")
        return time.perf_counter() - began

    assert 0.05 < asyncio.run(crowd_then_one()) < 0.3


def test_what_fails_fails_alone() -> None:
    trial = Trial()
    *good, bad = trial.run(*(trial.ask(each) for each in ("a", "b", "boom")))
    assert good == [["A!"], ["B!"]]
    assert isinstance(bad, ValueError)
    assert trial.run(trial.ask("c")) == [["C!"]]


def test_what_nobody_awaits_any_more_is_not_begun() -> None:
    seen: list[str] = []

    def note(_: str, asked: Sequence[str]) -> list[str]:
        seen.extend(asked)
        time.sleep(0.02)
        return list(asked)

    trial = Trial(note, size=1)

    async def leave() -> None:
        requests = [asyncio.create_task(trial.ask(each)) for each in "abc"]
        await asyncio.sleep(0.005)
        requests[1].cancel()
        assert await requests[2] == ["c"]

    asyncio.run(leave())
    assert seen == ["a", "c"]


def test_the_event_loop_is_free_while_answers_are_found() -> None:
    threads = []

    def slowly(_: str, asked: Sequence[str]) -> list[str]:
        threads.append(threading.current_thread())
        time.sleep(0.2)
        return list(asked)

    trial = Trial(slowly)

    async def count() -> int:
        request = asyncio.create_task(trial.ask("a"))
        turns = 0
        while not request.done():
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    assert asyncio.run(count()) > 20
    assert threads[0] is not threading.main_thread()


def test_places_are_few_and_come_back() -> None:
    trial = Trial(places=2)
    place = trial.batcher.place
    with place(), place(), pytest.raises(Fault) as refused, place():
        pytest.fail("there is no third place")
    assert refused.value.status == 503
    with pytest.raises(ZeroDivisionError), place():
        _ = 1 // 0
    with place(), place():
        pass
