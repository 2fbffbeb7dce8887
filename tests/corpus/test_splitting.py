import os
import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from charseq.config import TrainingConfig
from charseq.corpus import Corpus, Pair, references_by_input, split_corpus
from charseq.errors import DataError

sources = st.text("abc", min_size=1, max_size=2)
pairs = st.lists(st.builds(Pair, sources, st.text("xyz", min_size=1, max_size=3)), max_size=40)
shares = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**63 - 1)


def corpus_of(pairs: list[Pair], groups: list[str] | None = None) -> Corpus:
    return Corpus("toy", pairs, groups=groups)


def numbered(count: int) -> Corpus:
    return corpus_of([Pair(str(number), "x") for number in range(count)])


@given(pairs, shares, st.none() | st.integers(1, 5), seeds)
def test_a_source_stands_on_one_side_and_every_pair_stays_in_its_order(
    pairs: list[Pair], share: float, maximum: int | None, seed: int
) -> None:
    distinct = {pair.source for pair in pairs}
    assume(len(distinct) > 1)
    config = TrainingConfig(held_out_share=share, held_out_maximum=maximum, seed=seed)
    split = split_corpus(corpus_of(pairs), config)
    held_out = {pair.source for pair in split.held_out}
    assert held_out.isdisjoint(pair.source for pair in split.training)
    assert [pair for pair in pairs if pair.source in held_out] == list(split.held_out)
    assert [pair for pair in pairs if pair.source not in held_out] == list(split.training)
    wanted = min(round(len(distinct) * share), maximum or len(distinct), len(distinct) - 1)
    assert len(held_out) == max(1, wanted)


@given(st.data(), shares, seeds)
def test_sources_and_groups_that_hang_together_stand_on_one_side(
    data: st.DataObject, share: float, seed: int
) -> None:
    groups_and_pairs = data.draw(
        st.lists(st.tuples(st.sampled_from("GHIJKLMN"), st.builds(Pair, sources, sources)))
    )
    pairs = [pair for _, pair in groups_and_pairs]
    groups = [group for group, _ in groups_and_pairs]
    config = TrainingConfig(held_out_share=share, held_out_maximum=None, seed=seed)
    try:
        split = split_corpus(corpus_of(pairs, groups), config)
    except DataError:
        # Refused only where all hangs together: walk from the first pair to see it.
        reached = set(groups[:1])
        for _ in groups:
            near = {
                pair.source for pair, group in zip(pairs, groups, strict=True) if group in reached
            }
            reached |= {
                group for pair, group in zip(pairs, groups, strict=True) if pair.source in near
            }
        assert reached == set(groups)
        return
    assert split.training
    assert split.held_out
    assert sorted(split.training + split.held_out) == sorted(pairs)
    held_out = {pair.source for pair in split.held_out}
    sides: dict[str, set[bool]] = {}
    for pair, group in zip(pairs, groups, strict=True):
        sides.setdefault(group, set()).add(pair.source in held_out)
        sides.setdefault(f"source {pair.source}", set()).add(pair.source in held_out)
    assert all(len(side) == 1 for side in sides.values())


def test_groups_hold_together_what_sources_alone_would_not() -> None:
    pairs = [Pair(str(number), "x") for number in range(100)]
    groups = [f"group {number % 10}" for number in range(100)]
    split = split_corpus(corpus_of(pairs, groups), TrainingConfig(held_out_share=0.2))
    assert len(split.held_out) == 20
    assert len({int(pair.source) % 10 for pair in split.held_out}) == 2


def test_the_share_is_of_the_sources_and_the_maximum_too() -> None:
    corpus = corpus_of([Pair(str(n), str(m)) for n in range(100) for m in range(1 + n % 3)])
    split = split_corpus(corpus, TrainingConfig(held_out_share=0.3))
    assert len({pair.source for pair in split.held_out}) == 30
    split = split_corpus(corpus, TrainingConfig(held_out_share=0.3, held_out_maximum=7))
    assert len({pair.source for pair in split.held_out}) == 7


def test_the_seed_alone_decides_what_is_held_out() -> None:
    first, again, other = (
        split_corpus(numbered(1_000), TrainingConfig(seed=seed)).held_out for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other
    assert list(first) != sorted(numbered(1_000).pairs)[:100]


def test_the_split_is_the_same_in_processes_that_hash_differently() -> None:
    code = (
        "from charseq.config import TrainingConfig\n"
        "from charseq.corpus import Corpus, Pair, split_corpus\n"
        "pairs = [Pair(f'source {n % 70}', str(n)) for n in range(100)]\n"
        "groups = [f'group {n % 20}' for n in range(100)]\n"
        "print(split_corpus(Corpus('toy', pairs, groups=groups), TrainingConfig()).held_out)\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert b"Pair" in outputs.pop()


def test_units_larger_than_the_share_are_still_held_out_one_by_one() -> None:
    pairs = [Pair(str(number), "x") for number in range(20)]
    groups = [str(number // 10) for number in range(20)]
    split = split_corpus(corpus_of(pairs, groups), TrainingConfig(held_out_share=0.1))
    assert len(split.held_out) == 10
    with pytest.raises(DataError, match="raise it"):
        split_corpus(corpus_of(pairs, groups), TrainingConfig(held_out_maximum=5))


@pytest.mark.parametrize("groups", [None, ["g", "g"]])
def test_what_cannot_be_divided_is_refused(groups: list[str] | None) -> None:
    same = corpus_of([Pair("a", "x"), Pair("b" if groups else "a", "y")], groups)
    with pytest.raises(DataError, match="nothing can be held out"):
        split_corpus(same, TrainingConfig())
    with pytest.raises(DataError, match="nothing can be held out"):
        split_corpus(corpus_of([]), TrainingConfig())


@given(st.integers(1, 3_000), shares)
def test_the_last_part_is_held_out_where_keras_divides(count: int, share: float) -> None:
    import math

    keras = math.floor(count * (1.0 - share))
    config = TrainingConfig(split="last", held_out_share=share, held_out_maximum=1)
    if not 0 < keras < count:
        with pytest.raises(DataError, match="too few pairs"):
            split_corpus(numbered(count), config)
        return
    split = split_corpus(numbered(count), config)
    assert list(split.training) == numbered(count).pairs[:keras]
    assert list(split.held_out) == numbered(count).pairs[keras:]


def test_a_large_corpus_is_divided_in_linear_time() -> None:
    # Chains of a thousand sources, each of which shares a group with the next.
    links = [(number + 1) // 2 for number in range(100_000)]
    pairs = [Pair(f"{number // 2}", "x") for number in range(100_000)]
    groups = [f"{link}" if link % 1_000 else f"end {n}" for n, link in enumerate(links)]
    start = time.perf_counter()
    split = split_corpus(corpus_of(pairs, groups), TrainingConfig(held_out_maximum=None))
    assert time.perf_counter() - start < 3
    assert len({pair.source for pair in split.held_out}) == 5_000


@pytest.mark.slow
def test_the_keras_examples_pairs_are_divided_as_in_the_example(shared_data) -> None:  # type: ignore[no-untyped-def]
    from charseq.config import PRESETS
    from charseq.corpus import read_corpus

    preset = PRESETS["keras-example"]
    corpus = read_corpus(shared_data / "fra-eng.zip", preset.corpus)
    split = split_corpus(corpus, preset.training)
    assert (len(split.training), len(split.held_out)) == (8_000, 2_000)
    assert split.training + split.held_out == tuple(corpus.pairs)


def test_sources_in_other_normal_forms_stand_on_the_side_of_their_like() -> None:
    words = [f"caf{letter}é" for letter in "abcdefghijklmnopqrstuvwxyz"]
    pairs = [Pair(word, "x") for word in words]
    pairs += [Pair(unicodedata.normalize("NFD", word), "y") for word in words]
    for seed in range(3):
        split = split_corpus(corpus_of(pairs), TrainingConfig(held_out_share=0.3, seed=seed))
        held_out, training = (
            {unicodedata.normalize("NFC", pair.source) for pair in side}
            for side in (split.held_out, split.training)
        )
        assert held_out
        assert not held_out & training
    assert len(references_by_input(pairs)) == len(words)
    assert references_by_input(pairs)[pairs[0].input] == ["x", "y"]
    assert len(references_by_input(pairs, "none")) == 2 * len(words)
