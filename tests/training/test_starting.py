"""A training that starts from a model reads what that model read, unless it is told otherwise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import charseq
from charseq.config import CorpusConfig
from charseq.corpus import Corpus, Pair, corpus_from
from charseq.errors import DataError, UsageError
from charseq.trainer import rehearse

SMALL: dict[str, Any] = {"units": 8, "epochs": 1, "refit": False}
PAIRS = [(f"{a}{b}", f"{b}{a}".upper()) for a in "abcd" for b in "abcdef"]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained on the third column and the second."""
    folder = tmp_path_factory.mktemp("start")
    charseq.train(
        table(folder / "pairs.tsv"),
        run=folder / "run",
        source_column=3,
        target_column=2,
        **SMALL,
    )
    return folder / "run" / "model.safetensors"


def table(path: Path) -> Path:
    rows = (f"{number}\t{target}\t{source}\n" for number, (source, target) in enumerate(PAIRS))
    path.write_text("".join(rows), encoding="utf-8")
    return path


def trained(run: Path, *arguments: Any, **settings: Any) -> tuple[set[str], set[str]]:
    """Return the symbols that are read and written after one more epoch."""
    model = charseq.train(*arguments, run=run, epochs=1, refit=False, **settings)
    description = model.description
    return tuple(  # type: ignore[return-value]
        {symbol for symbol in vocabulary.symbols if len(symbol) == 1}
        for vocabulary in (description.sources, description.targets)
    )


LOWER, UPPER = set("abcdef"), set("ABCDEF")


def test_a_file_is_read_by_the_models_columns(start: Path, tmp_path: Path) -> None:
    corpus = table(tmp_path / "more.tsv")
    assert trained(tmp_path / "run", corpus, start_from=start) == (LOWER, UPPER)


@pytest.mark.parametrize("told", ["as arguments", "in a file"])
def test_columns_that_are_asked_for_are_read(start: Path, tmp_path: Path, told: str) -> None:
    """Also where they are the usual ones."""
    corpus = tmp_path / "plain.tsv"
    corpus.write_text("".join(f"{s}\t{t}\n" for s, t in PAIRS), encoding="utf-8")
    what = r"no line of .*plain\.tsv has the columns .*\. The model was trained on these columns"
    with pytest.raises(UsageError, match=what):
        charseq.train(corpus, run=tmp_path / "refused", start_from=start)
    asked: dict[str, Any] = {"source_column": 1, "target_column": 2}
    if told == "in a file":
        (tmp_path / "settings.toml").write_text("[corpus]\nsource_column = 1\ntarget_column = 2\n")
        asked = {"config": tmp_path / "settings.toml"}
    assert trained(tmp_path / "run", corpus, start_from=start, **asked) == (LOWER, UPPER)


def test_pairs_in_memory_have_no_columns(start: Path, tmp_path: Path) -> None:
    held_out = table(tmp_path / "held-out.tsv")
    both = trained(tmp_path / "run", PAIRS, held_out=held_out, start_from=start)
    assert both == (LOWER, UPPER)
    both = trained(tmp_path / "other", held_out, held_out=PAIRS, start_from=start)
    assert both == (LOWER, UPPER)
    with pytest.raises(UsageError, match="pairs in memory have no columns: omit source_column"):
        charseq.train(PAIRS, run=tmp_path / "run", source_column=2, target_column=1)


def test_a_resumed_run_reads_held_out_pairs_as_at_its_start(start: Path, tmp_path: Path) -> None:
    def stop(_: charseq.training.EpochRecord) -> None:
        raise KeyboardInterrupt

    given = {"held_out": table(tmp_path / "held-out.tsv"), "start_from": start}
    with pytest.raises(KeyboardInterrupt):
        charseq.train(PAIRS, run=tmp_path / "run", callbacks=[stop], epochs=2, **given)
    model = charseq.resume(tmp_path / "run", PAIRS)
    assert model.training_run is not None
    assert {each.source for each in model.training_run.held_out} == {s for s, _ in PAIRS}


def test_pairs_may_come_as_arrays(tmp_path: Path) -> None:
    def stop(_: charseq.training.EpochRecord) -> None:
        raise KeyboardInterrupt

    pairs, held_out = np.array(PAIRS[:20]), np.array(PAIRS[20:])
    with pytest.raises(KeyboardInterrupt):
        charseq.train(
            pairs, held_out=held_out, run=tmp_path / "run", callbacks=[stop], units=8, epochs=2
        )
    model = charseq.resume(tmp_path / "run", pairs, held_out=held_out)
    assert model.training_run is not None
    assert len(model.training_run.held_out) == 4


def test_a_held_out_corpus_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing contains no pairs"):
        charseq.train(PAIRS, held_out=Corpus("nothing", []), run=tmp_path / "run")


def test_named_corpora_have_columns_of_their_own(start: Path) -> None:
    found = rehearse("phrasebook", start_from=start, limit=50)
    assert found.config.corpus.source_column == 1


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a model that reads forwards only, with an odd number of units."""
    run = tmp_path_factory.mktemp("odd") / "run"
    shape = {**SMALL, "units": 9, "bidirectional": False}
    charseq.train(PAIRS, run=run, target_separator=" ", **shape)
    return run


@pytest.mark.parametrize("own", ["settings", "file"])
def test_a_models_own_shape_may_be_named(odd: Path, tmp_path: Path, own: str) -> None:
    named = {"config": odd / "settings.toml"} if own == "file" else {"units": 9}
    further = charseq.train(
        PAIRS, run=tmp_path / "run", start_from=odd / "model.safetensors", epochs=1, **named
    )
    assert further.description.config.units == 9
    model = odd / "model.safetensors"
    with pytest.raises(UsageError, match="units is 9 in the model to start from, and cannot"):
        rehearse(PAIRS, start_from=model, units=8)
    with pytest.raises(UsageError, match="attention is 'general' in the model to start from"):
        rehearse(PAIRS, start_from=model, attention="none")
    (tmp_path / "m.toml").write_text("[model]\nunits = 8\n")
    with pytest.raises(UsageError, match=r"m\.toml: units is 9 in the model to start from"):
        rehearse(PAIRS, start_from=model, config=tmp_path / "m.toml")


def test_a_model_may_be_trained_further_with_another_noise(odd: Path, tmp_path: Path) -> None:
    rates = {"dropout": 0.25, "source_dropout": 0.3, "symbol_dropout": 0.1}
    model = {"start_from": odd / "model.safetensors", "refit": False, "epochs": 1}
    further = charseq.train(PAIRS, run=tmp_path / "run", **model, **rates)
    config = further.description.config.model_dump()
    assert {name: config[name] for name in rates} == rates
    same = charseq.train(PAIRS, run=tmp_path / "same", **model)
    assert same.description.config == charseq.load(odd / "model.safetensors").description.config


def test_padding_never_becomes_a_separator(odd: Path) -> None:
    with pytest.raises(UsageError, match="targets are padded with what separates their symbols"):
        rehearse(PAIRS, start_from=odd / "model.safetensors", count_padding=True)


def test_a_runs_settings_can_be_read_again_for_pairs_in_memory(odd: Path) -> None:
    corpus = Corpus("pairs", [Pair(*pair) for pair in PAIRS])
    assert rehearse(corpus, config=odd / "settings.toml").steps


def test_a_corpus_made_in_memory_has_pairs_as_a_file_has() -> None:
    with pytest.raises(UsageError, match=r"pair 1 of mine is not a charseq\.corpus\.Pair"):
        rehearse(Corpus("mine", PAIRS), **SMALL)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="pair 2 of mine has an empty side"):
        rehearse(Corpus("mine", [Pair("a", "b"), Pair("", "b")]), **SMALL)
    with pytest.raises(DataError, match="pair 2 of mine has a separator with no symbol next to it"):
        rehearse(Corpus("mine", [Pair("a b", "b"), Pair(" ", "b")]), source_separator=" ", **SMALL)
    for text, fault in (
        ("a\ud800", "a lone surrogate"),
        ("a\nb", "contains a line break"),
        ("a\0b", "NUL character"),
        (1, "not a pair of texts"),
    ):
        with pytest.raises(DataError, match=fault):
            rehearse(Corpus("mine", [Pair("a", "b"), Pair(text, "b")]), **SMALL)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="empty feature"):
        rehearse(Corpus("mine", [Pair("a", "b", ("N", ""))]), **SMALL)
    # Features in one text are those of a file, not single letters.
    joined = Corpus("mine", [Pair(a, b, "N;PL") for a, b in PAIRS])  # type: ignore[arg-type]
    apart = Corpus("mine", [Pair(a, b, ("N", "PL")) for a, b in PAIRS])
    assert corpus_from(joined, CorpusConfig()).pairs == apart.pairs
    with pytest.raises(UsageError, match="mine has 2 pairs, but 1 groups"):
        rehearse(Corpus("mine", [Pair("a", "b"), Pair("c", "d")], groups=["x"]), **SMALL)
