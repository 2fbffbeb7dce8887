import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq import rehearse
from charseq.config import ModelConfig, RunConfig, configure
from charseq.corpus import Corpus, Pair, Split
from charseq.errors import DataError, UsageError
from charseq.modelfile import OutputLimit
from charseq.text import Input
from charseq.training.prepare import Prepared, learn_output_limit, prepare

TRAINING = (Pair("ab", "x"), Pair("abc", "xy"), Pair("abcd", "xyz"))
HELD_OUT = (Pair("b", "w"), Pair("b", "x"), Pair("q", "x"))


def prepared(config: RunConfig) -> Prepared:
    corpus = Corpus("toy", [*TRAINING, *HELD_OUT])
    return prepare(corpus, Split(TRAINING, HELD_OUT), config)


def test_vocabularies_come_from_the_training_pairs_alone() -> None:
    description = prepared(configure()).description
    assert description.sources.ordinary == tuple("abcd")
    assert description.targets.ordinary == tuple("xyz")


def test_the_keras_preset_takes_all_pairs_and_its_padding() -> None:
    made = prepared(configure("keras-example"))
    assert made.description.sources.symbols == tuple(" abcdq")
    assert made.description.targets.symbols == ("\t", "\n", *" wxyz")
    assert made.description.config.pad_source_to == 4
    assert made.description.config.maximum_output_length == 6
    assert made.description.output_limit == OutputLimit(0.0, 6)
    batch = made.training.batch(np.arange(3))
    assert batch.sources.shape == (3, 4)
    assert batch.targets.shape == (3, 6)


def test_held_out_sources_keep_all_their_references() -> None:
    assert prepared(configure()).references == {
        Input("b"): ["w", "x"],
        Input("q"): ["x"],
    }


pairs = st.lists(
    st.builds(Pair, st.text("ab", min_size=1, max_size=30), st.text("x", min_size=1, max_size=60)),
    min_size=1,
    max_size=20,
)


@given(pairs)
def test_no_training_target_comes_near_its_limit(some: list[Pair]) -> None:
    sources = np.array([len(pair.source) for pair in some])
    targets = np.array([len(pair.target) for pair in some])
    limit = learn_output_limit(sources, targets, ModelConfig())
    for pair in some:
        assert limit.of(len(pair.source)) > 1.2 * len(pair.target)


def test_the_limit_is_one_that_a_model_file_may_have() -> None:
    sources, targets = np.array([1, 1]), np.array([2_000_000, 1_000_000])
    limit = learn_output_limit(sources, targets, ModelConfig())
    assert (limit.per_symbol, limit.constant) == (1_000, 1_000_000)
    with pytest.raises(UsageError, match="must be at most 1000000"):
        configure(maximum_output_length=1_000_001)


def test_targets_of_one_length_fit_sources_shorter_than_any_in_training() -> None:
    sources = np.arange(11, 30)
    limit = learn_output_limit(sources, np.full(len(sources), 10), ModelConfig())
    assert 1.2 * 10 < limit.of(1) < limit.of(20) < 3 * 10


def test_the_limit_grows_with_the_source_as_targets_do() -> None:
    lengths = np.arange(1, 50)
    limit = learn_output_limit(lengths, 2 * lengths, ModelConfig())
    assert 2 * 100 < limit.of(100) < 3 * 100


def test_rare_characters_are_read_as_unknown_more_often() -> None:
    rates = prepared(configure()).unknown_rates
    by_character = dict(zip("abcd", rates[1:5], strict=True))
    assert by_character["d"] > by_character["c"] > by_character["a"] > 0.005


def test_nothing_is_read_as_unknown_in_the_keras_preset() -> None:
    assert not prepared(configure("keras-example")).unknown_rates.any()


def test_unknown_features_are_trained_even_where_no_unknown_symbol_is() -> None:
    pairs = tuple(Pair(letter, letter, ("N", "PL")) for letter in "abcdefgh")
    settings = configure(unknown_symbol=False, features_column=3)
    made = prepare(Corpus("toy", list(pairs)), Split(pairs, pairs[:1]), settings)
    vocabulary = made.description.sources
    assert vocabulary.unknown is None
    features = list(vocabulary.conditions.ids)
    # With the unknown feature itself.
    assert len(features) == 3
    assert (made.unknown_rates[features] > 0).all()
    assert (made.unknown_ids[features] == vocabulary.conditions.unknown).all()
    assert not np.delete(made.unknown_rates, features).any()


@pytest.mark.parametrize("pad", ["\t", "\n"])
def test_what_starts_and_ends_targets_pads_none(pad: str) -> None:
    pairs = [Pair(letter, letter) for letter in "abcdefgh"]
    with pytest.raises(UsageError, match="a tab starts every target and a line break ends it"):
        rehearse(pairs, preset="keras-example", units=4, pad_character=pad)
    assert rehearse(pairs, units=4, epochs=1, count_padding=True, pad_character="_").steps


def test_a_tab_in_a_target_needs_an_unknown_symbol() -> None:
    pairs = (Pair("a", "x\ty"), *(Pair(letter, "y") for letter in "bcdef"))
    with pytest.raises(DataError, match="contains a tab"):
        rehearse(pairs, preset="keras-example")
    assert rehearse(pairs, units=4, epochs=1).training_pairs == 5
