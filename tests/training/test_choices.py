"""What a corpus decides where its user does not."""

import pytest
import torch

from charseq.config import PRESETS, ModelConfig, RunConfig, TrainingConfig, configure
from charseq.corpus import Pair, Split
from charseq.text import Spellings
from charseq.training import choices
from charseq.training.choices import decided, has_fast_bf16, kept_share, mean_length

WORDS = [Pair(f"{a}{b}{c}", f"{a}{b}{c}s") for a in "bdfg" for b in "aeiou" for c in "klmn"]
SHOUTED = [Pair(pair.source, pair.target.upper()) for pair in WORDS]


def decision(
    pairs: list[Pair] = WORDS, times: int = 1, preset: str = "default", **settings: object
) -> RunConfig:
    split = Split(tuple(pairs * times), tuple(pairs[:2]))
    return decided(configure(preset, **settings), split)


@pytest.mark.parametrize("times", [1, 20, 100, 1_000])
def test_nothing_is_left_open(times: int) -> None:
    config = decision(times=times)
    assert type(config.model) is ModelConfig
    assert type(config.training) is TrainingConfig
    left = {**config.model.model_dump(), **config.training.model_dump(exclude={"device"})}
    assert "auto" not in left.values()


def test_fewer_pairs_make_smaller_models_with_more_noise_and_smaller_batches() -> None:
    small, large = decision(), decision(times=1_000)
    assert small.model.units < large.model.units
    assert small.model.dropout > large.model.dropout
    assert small.model.symbol_dropout > large.model.symbol_dropout == 0
    assert decision(attention="none").model.symbol_dropout == 0
    assert small.training.batch_size < large.training.batch_size


def test_source_symbols_of_some_thousand_words_lose_more_features() -> None:
    few, some, many = (decision(times=times).model for times in (1, 100, 400))
    assert few.source_dropout == few.dropout
    assert some.source_dropout is not None
    assert some.source_dropout > some.dropout == many.source_dropout
    sentences = decision([Pair("so long that it is no word", "x")], times=8_000).model
    assert sentences.source_dropout == sentences.dropout
    assert decision(times=100, dropout=0.2).model.source_dropout == 0.2


def test_a_model_to_start_from_is_trained_less_and_more_gently() -> None:
    split = Split(tuple(WORDS), tuple(WORDS[:2]))
    fresh, started = (decided(configure(), split, started=each).training for each in (False, True))
    assert started.learning_rate == fresh.learning_rate / 10
    assert started.epochs < fresh.epochs
    asked = decided(configure(learning_rate=0.5, epochs=7), split, started=True).training
    assert (asked.learning_rate, asked.epochs) == (0.5, 7)


def test_fewer_pairs_are_looked_at_twice() -> None:
    assert decision().model.attention_layers == 2
    assert decision(times=1_000).model.attention_layers == 1
    assert decision(attention="none").model.attention_layers == 1
    assert decision(times=1_000, attention_layers=2).model.attention_layers == 2


def test_a_second_look_reads_what_the_first_saw_as_a_symbol_where_that_is_enough() -> None:
    few, some, many, most = (decision(times=times).model for times in (1, 100, 400, 1_000))
    assert some.attention_size == some.embedding
    assert {few.attention_size, many.attention_size, most.attention_size} == {None}
    assert decision(times=100, embedding=300).model.attention_size is None
    assert decision(times=100, embedding=12).model.attention_size == 12
    assert decision(times=100, embedding=None).model.attention_size is None
    assert decision(times=100, units=128).model.attention_size is None
    assert decision(times=100, attention_size=None).model.attention_size is None
    assert decision(attention_size=20).model.attention_size == 20


def test_few_short_pairs_are_looked_at_with_an_eye_to_where_the_first_look_was() -> None:
    few, some = (decision(times=times).model for times in (1, 100))
    assert few.location_aware
    assert not some.location_aware
    assert not decision(attention_layers=1).model.location_aware
    assert not decision(location_aware=False).model.location_aware
    assert decision(times=100, location_aware=True).model.location_aware
    for other in (Pair("a" * 101, "b"), Pair("a", "b" * 101), Pair("a", "b", ("N", "PL"))):
        assert not decision([*WORDS, other]).model.location_aware
    apart = decision([*WORDS, Pair("a " * 100, "b")], source_separator=" ")
    assert apart.model.location_aware


def test_fewer_pairs_are_read_more_often() -> None:
    few, some, many = (decision(times=times).training.epochs for times in (1, 100, 1_000))
    assert few > some > many


def test_few_long_pairs_are_read_less_often_and_not_again() -> None:
    words, long, longer = (
        decision([Pair("ab " * times, "x")], times=300).training for times in (2, 200, 20_000)
    )
    assert words.epochs > long.epochs > longer.epochs == 25
    assert words.refit
    assert not long.refit
    assert decision([Pair("ab " * 200, "x")], times=300, epochs=70).training.epochs == 70
    assert decision([Pair("ab " * 200, "x")], times=300, refit=True).training.refit


def test_words_are_trained_on_once_more_with_those_held_out() -> None:
    sentence = "so long that it is no word"
    words, sentences = decision(times=100), decision([Pair(sentence, "x")], times=8_000)
    assert words.training.refit
    assert not sentences.training.refit
    assert decision([Pair(sentence, "x")], times=1_000).training.refit
    assert not decision(times=1_000).training.refit
    assert not decision(times=100, keep="last").training.refit
    # What a symbol is decides what is long.
    assert decision([Pair(sentence, "x")], times=8_000, source_separator=" ").training.refit


def test_the_mean_length_counts_both_sides_symbols() -> None:
    pairs = [Pair("abc", "t͡ʃ a"), Pair("a", "b")]
    assert mean_length(pairs, Spellings.of(ModelConfig(target_separator=" "))) == (5 + 2) / 2


def test_larger_models_learn_in_smaller_steps() -> None:
    sizes = [decision(units=units).training.learning_rate for units in (128, 256, 512)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_asked_for_stays(preset: str) -> None:
    asked = {
        "units": 10,
        "embedding": 7,
        "dropout": 0.25,
        "source_dropout": 0.35,
        "symbol_dropout": 0.5,
        "batch_size": 3,
        "epochs": 2,
    }
    config = decision(preset=preset, copying=False, precision="bf16", **asked)
    found = config.model.model_dump() | config.training.model_dump()
    assert {name: found[name] for name in asked} == asked
    assert found["copying"] is False
    assert found["precision"] == "bf16"


def test_the_keras_preset_leaves_nothing_to_a_corpus() -> None:
    one, other = decision(preset="keras-example"), decision(times=1_000, preset="keras-example")
    assert one == other


def test_copying_is_for_pairs_that_share_their_symbols() -> None:
    assert decision().model.copying
    assert not decision(SHOUTED).model.copying
    assert not decision(attention="none").model.copying
    assert not decision(pad_source_to=5).model.copying


def test_the_kept_share_counts_symbols_in_the_same_order() -> None:
    spellings = Spellings()
    assert kept_share([Pair("abc", "abc")], spellings) == 1
    assert kept_share([Pair("abc", "abcd")], spellings) == 3 / 4
    assert kept_share([Pair("abc", "cba")], spellings) == 1 / 3
    assert kept_share([Pair("abc", "")], spellings) == 0
    spaced = Spellings.of(ModelConfig(target_separator=" "))
    assert kept_share([Pair("chat", "ʃ a")], spaced) == 1 / 2


def test_hangul_on_either_side_is_read_in_jamo() -> None:
    assert decision([Pair("한국", "h")]).model.normalise == "jamo"
    assert decision([Pair("h", "한국")]).model.normalise == "jamo"
    assert decision().model.normalise == "nfc"
    held_out_alone = Split(tuple(WORDS), (Pair("한국", "h"),))
    assert decided(configure(), held_out_alone).model.normalise == "jamo"
    assert decision([Pair("한국", "h")], normalise="none").model.normalise == "none"


@pytest.mark.parametrize("has_it", [True, False])
def test_large_models_train_in_bf16_where_the_processor_has_it(monkeypatch, has_it: bool) -> None:
    monkeypatch.setattr(choices, "has_fast_bf16", lambda _: has_it)
    expected = "bf16" if has_it else "float32"
    assert decision(units=256).training.precision == expected
    assert decision(units=128).training.precision == "float32"
    assert decision(units=256, precision="float32").training.precision == "float32"


def test_a_device_other_than_the_processor_does_not_go_by_what_the_processor_has() -> None:
    assert not has_fast_bf16(torch.device("mps"))


def test_without_attention_nothing_serves_it() -> None:
    config = decision(attention="none")
    assert not config.model.residual
    assert not config.model.relative_positions
