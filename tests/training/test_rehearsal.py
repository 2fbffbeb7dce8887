from pathlib import Path

import pytest

import charseq
from charseq.config import CorpusConfig
from charseq.corpus import corpus_of
from charseq.errors import DataError
from charseq.training import Rehearsal, loop, rehearsal

SMALL = {"units": 16, "held_out_maximum": 20}


@pytest.fixture
def trains_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rehearsed(pairs: list[tuple[str, str]], **settings: object) -> Rehearsal:
    return charseq.rehearse(pairs, **SMALL, **settings)


def test_a_rehearsal_foretells_what_the_training_does(toy_pairs, trains_in) -> None:
    settings = {"epochs": 2, "batch_size": 32, "refit": True}
    foretold = rehearsed(toy_pairs[:300], **settings)
    assert not list(trains_in.iterdir())

    trained = charseq.train(toy_pairs[:300], run="run", keep="last", **SMALL, **settings)
    run = trained.training_run
    assert run is not None
    description = run.description
    assert foretold.config.model == description.config
    assert foretold.config.model_dump() == {
        **run.history.settings,
        "training": {**run.history.settings["training"], "keep": "best"},
    }
    assert (foretold.training_pairs, foretold.held_out_pairs) == (280, 20)
    symbols = foretold.source_symbols, foretold.target_symbols
    assert symbols == (len(description.sources), len(description.targets))
    assert foretold.weights == sum(tensor.size for tensor in run.model.tensors().values())
    # 9 batches of the 280 pairs, and 10 of all 300, twice each.
    assert (foretold.batches, foretold.steps) == (9, 2 * (9 + 10))


def test_a_corpus_that_is_given_to_be_held_out_is_not_trained_on_unasked(toy_pairs) -> None:
    given = corpus_of(toy_pairs[300:320], CorpusConfig())
    assert rehearsed(toy_pairs[:300]).config.training.refit
    assert not rehearsed(toy_pairs[:300], held_out=given).config.training.refit
    assert rehearsed(toy_pairs[:300], held_out=given, refit=True).config.training.refit


def test_time_grows_with_the_epochs_and_ends_with_the_limit(toy_pairs) -> None:
    per_epoch = rehearsed(toy_pairs[:300], epochs=1).seconds
    assert per_epoch > 0
    assert rehearsed(toy_pairs[:300], epochs=1_000).seconds > 20 * per_epoch
    assert rehearsed(toy_pairs[:300], epochs=1_000_000, time_limit="7s").seconds == 7


def test_the_longest_pairs_are_among_the_steps(toy_pairs, monkeypatch) -> None:
    longest = []
    step = loop.training_step

    def watched(model, optimiser, batch, *others):
        longest.append(int(batch.source_lengths.max()))
        return step(model, optimiser, batch, *others)

    monkeypatch.setattr(loop, "training_step", watched)
    rehearsed([*toy_pairs[:300], ("ab" * 30, "BA" * 30)], seed=2)
    timed = longest[rehearsal.WARM_UP_STEPS :]
    assert len(timed) == rehearsal.STEPS
    assert timed[-1] == 60
    assert timed[0] < 4


def test_steps_that_diverge_are_said_before_the_work(toy_pairs) -> None:
    with pytest.raises(DataError, match=r"the loss is not finite at step \d+"):
        rehearsed(toy_pairs[:300], learning_rate=1e30, gradient_clip=None, schedule="constant")
