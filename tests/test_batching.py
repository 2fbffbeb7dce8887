from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from charseq.batching import EncodedPairs, bucketed_batches, shuffled_batches, sorted_batches
from charseq.config import ModelConfig
from charseq.encoding import encode_sources, encode_targets
from charseq.text import Vocabulary

texts = st.lists(st.text("abc", min_size=1, max_size=9), min_size=1, max_size=40)


def encoded(sources: list[str], targets: list[str] | None = None) -> EncodedPairs:
    targets = targets or sources
    target_vocabulary = Vocabulary.of_targets(targets)
    return EncodedPairs(
        encode_sources(sources, Vocabulary.of_sources(sources), ModelConfig()),
        encode_targets(targets, target_vocabulary),
        fill=target_vocabulary.frame[1],
    )


@given(texts, st.integers(1, 16), st.integers(0, 3))
@pytest.mark.parametrize("deal", [bucketed_batches, shuffled_batches])
def test_an_epoch_deals_every_pair_once(deal, sources, batch_size, seed) -> None:
    batches = list(deal(encoded(sources), batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sources)))
    assert max(map(len, batches)) <= batch_size


@given(texts, st.integers(1, 16))
def test_bucketed_batches_are_nearly_equally_large(sources, batch_size) -> None:
    sizes = [len(b) for b in bucketed_batches(encoded(sources), batch_size, _generator())]
    assert max(sizes) - min(sizes) <= 1


@given(texts, st.integers(1, 16), st.integers(1, 60))
def test_long_pairs_share_smaller_batches(sources, batch_size, most) -> None:
    pairs = encoded(sources)
    batches = list(bucketed_batches(pairs, batch_size, _generator(), most))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(sources)))
    for rows in batches:
        batch = pairs.batch(rows)
        assert len(rows) == 1 or batch.sources.numel() + batch.targets.numel() <= most
    assert len(sorted_batches(pairs, batch_size, most)) == len(batches)


def test_bucketed_batches_waste_little_and_differ_between_epochs() -> None:
    generator = np.random.default_rng(0)
    lengths = generator.integers(4, 13, 4_000)
    sources = ["a" * n for n in lengths]
    targets = ["b" * n for n in lengths + generator.integers(0, 9, 4_000)]
    pairs = encoded(sources, targets)
    first, second = (
        [set(rows.tolist()) for rows in bucketed_batches(pairs, 64, generator)] for _ in range(2)
    )
    assert not any(batch in second for batch in first)
    real = padded = mixed = 0
    for rows in bucketed_batches(pairs, 64, generator):
        batch = pairs.batch(rows)
        real += int(batch.mask.sum())
        padded += batch.mask.numel()
        mixed += len(batch.source_lengths.unique()) - 1
    assert real / padded > 0.9
    # One batch may straddle each boundary between two lengths.
    assert mixed <= 8


def test_short_and_long_batches_come_in_no_order() -> None:
    pairs = encoded(["a" * (1 + row // 8) for row in range(320)])
    lengths = [
        pairs.sources.lengths[rows].max() for rows in bucketed_batches(pairs, 8, _generator())
    ]
    assert sorted(lengths) == list(range(1, 41))
    # Were they sorted, all of these would be 1; at random, two of three neighbours are far apart.
    assert np.mean(np.abs(np.diff(lengths)) > 5) > 0.5


@pytest.mark.parametrize("lengths", [(3, 4), (4, 5)])
def test_a_batch_of_two_source_lengths_has_similar_targets(lengths) -> None:
    sources = ["a" * length for length in lengths for _ in range(96)]
    pairs = encoded(sources, ["b" * (1 + row % 96) for row in range(192)])
    # The second of three batches has 32 of each source length: the longest targets or the shortest.
    _, mixed, _ = map(pairs.batch, sorted_batches(pairs, 64))
    assert mixed.source_lengths.unique().tolist() == list(lengths)
    assert mixed.target_lengths.max() - mixed.target_lengths.min() == 31


@given(texts)
def test_a_batch_holds_what_its_texts_spell(sources: list[str]) -> None:
    pairs = encoded(sources)
    vocabulary = Vocabulary.of_targets(sources)
    batch = pairs.batch(np.arange(len(sources)))
    for row, text in enumerate(sources):
        length = int(batch.target_lengths[row])
        ids = batch.targets[row].tolist()
        assert ids[0] == vocabulary.start
        assert ids[length - 1 :] == [vocabulary.end] * (len(ids) - length + 1)
        assert vocabulary.text(ids[:length]) == text
        assert int(batch.source_lengths[row]) == len(text)
        assert int(batch.mask[row].sum()) == len(text) + 1


@given(
    st.lists(st.text("abc", max_size=9), min_size=1),
    st.integers(1, 5),
    st.booleans(),
    st.none() | st.integers(9, 30),
)
def test_many_batches_gathered_at_once_are_what_each_is_alone(
    sources: list[str], batch_size: int, more: bool, width: int | None
) -> None:
    pairs = encoded(sources)
    if more:
        pairs = replace(pairs, copies=pairs.sources, conditions=pairs.sources.lengths)
    dealt = list(shuffled_batches(pairs, batch_size, _generator()))
    batches = list(pairs.batches(dealt))
    assert len(batches) == len(dealt)
    for rows, batch in zip(dealt, batches, strict=True):
        alone = pairs.batch(rows)
        for name, tensor in vars(alone).items():
            gathered = getattr(batch, name)
            assert gathered is tensor is None or torch.equal(gathered, tensor)
    for sequences in (pairs.sources, pairs.targets):
        for rows, ids in zip(dealt, sequences.padded_each(dealt, 7, width), strict=True):
            assert ids.dtype == np.int64
            wide = max(map(int, sequences.lengths[rows])) if width is None else width
            assert ids.shape == (len(rows), wide)
            for row, padded in zip(rows, ids.tolist(), strict=True):
                start, length = int(sequences.starts[row]), int(sequences.lengths[row])
                own = sequences.ids[start : start + length].tolist()
                assert padded == own[:wide] + [7] * (wide - length)
                assert sequences.padded(np.array([row]), 7).tolist() == [own]


def test_sources_are_padded_where_the_model_asks_for_it() -> None:
    vocabulary = Vocabulary.of_sources(["ab "], unknown=False)
    padded = encode_sources(["a", "ab", "abab"], vocabulary, ModelConfig(pad_source_to=3))
    assert padded.lengths.tolist() == [3, 3, 4]
    assert padded.padded(np.array([0, 1]), fill=9).tolist() == [[1, 0, 0], [1, 2, 0]]


def test_targets_are_padded_to_a_fixed_width_where_padding_counts() -> None:
    targets = Vocabulary.of_targets(["va !"], unknown=False)
    space = targets.ids(" ")[0]
    pairs = EncodedPairs(
        encode_sources(["go"], Vocabulary.of_sources(["go"]), ModelConfig()),
        encode_targets(["va"], targets),
        fill=space,
        target_width=7,
    )
    batch = pairs.batch(np.array([0]))
    # As in the Keras example, the end symbol is read too, and a padding character follows it.
    assert batch.targets.tolist() == [[0, 5, 4, 1, space, space, space]]
    assert torch.equal(batch.mask, torch.tensor([[True, True, True, False, False, False]]))


def _generator() -> np.random.Generator:
    return np.random.default_rng(0)


@given(texts, st.booleans())
def test_a_batch_travels_packed_and_is_the_same_there(sources: list[str], conditioned) -> None:
    pairs = encoded(sources)
    rows = np.arange(len(sources))
    if conditioned:
        pairs = replace(pairs, copies=pairs.sources, conditions=pairs.sources.lengths)
    batch = pairs.batch(rows)
    there = batch.unpacked(batch.packed().clone())
    for name in ("sources", "targets", "target_lengths", "copies", "conditions"):
        own, moved = getattr(batch, name), getattr(there, name)
        assert (own is None) == (moved is None)
        assert own is None or torch.equal(own, moved)
    assert there.source_lengths is batch.source_lengths
    assert torch.equal(there.lengths_there, batch.source_lengths)
