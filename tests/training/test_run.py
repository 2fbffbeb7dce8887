import gc
import json
import time
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import charseq
from charseq.config import configure
from charseq.corpus import Corpus, Pair
from charseq.errors import CharseqWarning, MachineError, UsageError
from charseq.model import Seq2Seq
from charseq.modelfile import read_model
from charseq.scoring import reliability_of
from charseq.text import Input
from charseq.training import CARD_FILE, EpochRecord, own_folder, place_of, setup
from charseq.training import run as training_run
from charseq.training.device import resolve_device
from charseq.training.loop import Clock, Trainer, refit
from charseq.training.loss import held_back
from charseq.translator import Translator

QUICK = {"units": 16, "epochs": 2, "held_out_maximum": 40, "refit": False}

Pairs = list[tuple[str, str]]


def test_a_model_learns_what_it_was_never_shown(toy_translator: Translator) -> None:
    assert toy_translator.training_run is not None
    report = toy_translator.training_run.report
    assert report.items >= 100
    assert report.exact_match.value > 0.8
    assert report.character_error_rate.value < 0.1


def test_a_run_is_a_folder_of_settings_history_model_and_curve(
    toy_translator: Translator,
) -> None:
    run = toy_translator.training_run
    assert run is not None
    assert {path.name for path in run.folder.iterdir()} == {
        "settings.toml",
        "history.json",
        "model.safetensors",
        "learning-curve.png",
        "model-card.md",
        "examples.txt",
    }
    assert configure(file=run.folder / "settings.toml").training.epochs == 16
    history = json.loads((run.folder / "history.json").read_text(encoding="utf-8"))
    assert [epoch["epoch"] for epoch in history["epochs"]] == list(range(1, 17))
    assert history["epochs"][-1]["training_loss"] < history["epochs"][0]["training_loss"] / 4
    assert history["scores"]["items"] == run.report.items
    assert (run.folder / "learning-curve.png").read_bytes().startswith(b"\x89PNG")
    description, _ = read_model(run.folder / "model.safetensors")
    assert description == toy_translator.description
    assert description.scores["exact_match"] == run.report.exact_match.value


def test_a_run_leaves_held_out_inputs_to_try(toy_translator: Translator) -> None:
    run = toy_translator.training_run
    assert run is not None
    lines = (run.folder / "examples.txt").read_text(encoding="utf-8").splitlines()
    assert 3 <= len(lines) <= 6
    assert {Input(line) for line in lines} <= set(run.held_out)


def test_a_run_finds_out_how_sure_its_answers_are(toy_translator: Translator) -> None:
    run = toy_translator.training_run
    assert run is not None
    description, _ = read_model(run.folder / "model.safetensors")
    assert description.calibration == toy_translator.description.calibration is not None
    # The confidences of the file, on the held-out answers, as good as the run says, or nearly.
    answers = toy_translator.translate([each.source for each in run.held_out])
    right = [str(answer) in run.held_out[Input(answer.source)] for answer in answers]
    found = reliability_of([answer.confidence or 0 for answer in answers], right)
    assert found.brier_score == pytest.approx(run.reliability.brier_score, abs=0.01)
    assert description.scores["brier_score"] == run.reliability.brier_score
    history = json.loads((run.folder / "history.json").read_text(encoding="utf-8"))
    assert history["scores"]["reliability"]["items"] == len(answers)
    card = (run.folder / "model-card.md").read_text(encoding="utf-8")
    error = run.reliability.expected_calibration_error
    assert f"the expected calibration error is {error:.3f}" in card


def test_a_corpus_may_have_any_name(toy_pairs: Pairs, tmp_path: Path) -> None:
    """Also one that matplotlib would take for a formula, and fail to set."""
    corpus = Corpus("eur$_$usd", [Pair(*pair) for pair in toy_pairs[:100]])
    charseq.train(corpus, run=tmp_path / "run", units=4, epochs=1, refit=False)
    assert (tmp_path / "run" / "learning-curve.png").exists()


def test_nothing_is_given_back_where_padding_counts(toy_pairs: Pairs, tmp_path: Path) -> None:
    """There the loss is not smoothed."""
    padded = charseq.train(
        toy_pairs, run=tmp_path / "run", count_padding=True, attention="none", **QUICK
    )
    calibration = padded.description.calibration
    assert calibration is not None
    assert calibration.offset_per_symbol == 0


def test_label_smoothing_is_given_back_to_confidences(toy_pairs: Pairs, tmp_path: Path) -> None:
    smoothed = charseq.train(toy_pairs, run=tmp_path / "run", label_smoothing=0.3, **QUICK)
    calibration = smoothed.description.calibration
    assert calibration is not None
    assert calibration.offset_per_symbol == held_back(0.3, len(smoothed.description.targets)) > 0.1


def test_an_interrupted_run_leaves_a_model_that_does_not_know_how_sure_it_is(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    def interrupt(_: EpochRecord) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        charseq.train(toy_pairs, run=tmp_path / "run", callbacks=[interrupt], **QUICK)
    description, _ = read_model(tmp_path / "run" / "model.safetensors")
    assert description.calibration is None


def test_the_same_seed_gives_the_same_weights_bit_for_bit(toy_pairs: Pairs, tmp_path: Path) -> None:
    files = []
    for name in ("one", "two", "other"):
        charseq.train(toy_pairs, run=tmp_path / name, seed=1 + (name == "other"), **QUICK)
        files.append((tmp_path / name / "model.safetensors").read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_the_best_weights_are_kept_and_training_stops_when_nothing_gets_better(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    # So large a step soon ruins what was learnt.
    translator = charseq.train(
        toy_pairs, run=tmp_path / "run", units=16, epochs=60, learning_rate=0.3, patience=3
    )
    run = translator.training_run
    assert run is not None
    assert len(run.history.epochs) == run.history.best.epoch + 3
    assert run.epoch == run.history.best.epoch < len(run.history.epochs)
    assert run.report.character_error_rate.value == pytest.approx(run.history.best.cer, abs=0.05)


def test_training_stops_at_the_time_limit(toy_pairs: Pairs, tmp_path: Path) -> None:
    began = time.monotonic()
    translator = charseq.train(
        toy_pairs, run=tmp_path / "run", units=16, epochs=100_000, time_limit=1.0, patience=None
    )
    assert time.monotonic() - began < 20
    assert translator.training_run is not None
    assert translator.training_run.folder.joinpath("model.safetensors").exists()


def test_every_epoch_is_told_to_callbacks_and_tensorboard(toy_pairs: Pairs, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from charseq.training import tensorboard_callback

    seen: list[EpochRecord] = []
    callbacks = [seen.append, tensorboard_callback(tmp_path / "curves")]
    charseq.train(toy_pairs, run=tmp_path / "run", callbacks=callbacks, **QUICK)
    assert [record.epoch for record in seen] == [1, 2]
    events = EventAccumulator(str(tmp_path / "curves"))
    events.Reload()
    written = [event.value for event in events.Scalars("held_out_loss")]
    assert written == pytest.approx([record.held_out_loss for record in seen])


def test_padded_figures_are_there_only_where_padding_counts(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    padded = charseq.train(
        toy_pairs, run=tmp_path / "padded", preset="keras-example", **QUICK
    ).training_run
    masked = charseq.train(toy_pairs, run=tmp_path / "masked", **QUICK).training_run
    assert padded is not None
    assert masked is not None
    record = padded.history.epochs[-1]
    assert record.padded_accuracy is not None
    assert record.padded_held_out_loss is not None
    # Padding is easy to predict: counting it flatters.
    assert record.padded_held_out_loss < record.held_out_loss
    assert masked.history.epochs[-1].padded_loss is None
    for run in (padded, masked):
        assert run.description.calibration is not None


def test_the_unknown_symbol_is_trained(toy_pairs: Pairs, tmp_path: Path) -> None:
    def read_of_unknown(**settings: object) -> tuple[np.ndarray, np.ndarray]:
        run = tmp_path / f"run-{len(settings)}"
        translator = charseq.train(toy_pairs, run=run, **{**QUICK, **settings})
        from charseq.model import Seq2Seq

        made = translator.description
        fresh = Seq2Seq.fresh(made.config, len(made.sources), len(made.targets), 1)
        first, second = (
            model.tensors()["encoder.embedding.weight"] for model in (translator.model, fresh)
        )
        return first[made.sources.unseen], second[made.sources.unseen]

    trained, fresh = read_of_unknown()
    assert np.abs(trained - fresh).max() > 0.01
    untouched, fresh = read_of_unknown(unknown_rate=0)
    assert np.array_equal(untouched, fresh)


def test_fine_tuning_starts_from_the_weights_and_learns_new_characters(
    toy_translator: Translator, toy_pairs: Pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "start.safetensors")
    more = [(f"{source}z", f"Z{target}") for source, target in toy_pairs if len(source) == 4]
    tuned = charseq.train(
        [*more, *toy_pairs[:300]],
        run=tmp_path / "run",
        start_from=tmp_path / "start.safetensors",
        epochs=12,
        learning_rate=0.005,
    )
    old = toy_translator.description
    assert tuned.description.sources.symbols == (*old.sources.symbols, "z")
    assert tuned.description.targets.symbols == (*old.targets.symbols, "Z")
    answers = tuned.translate([source for source, _ in more])
    right = [answer.hypothesis == target for answer, (_, target) in zip(answers, more, strict=True)]
    assert sum(right) > 0.8 * len(right)
    fresh = charseq.train(more[:64], run=tmp_path / "fresh", units=64, epochs=1, held_out_maximum=5)
    started = charseq.train(
        more[:64],
        run=tmp_path / "started",
        start_from=tmp_path / "start.safetensors",
        epochs=1,
        held_out_maximum=5,
    )
    assert fresh.training_run is not None
    assert started.training_run is not None
    assert (
        started.training_run.history.epochs[0].training_loss
        < fresh.training_run.history.epochs[0].training_loss
    )


def test_a_training_that_makes_its_start_worse_says_so(
    toy_translator: Translator, toy_pairs: Pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "start.safetensors")
    asked: dict[str, Any] = {
        "held_out": toy_pairs[-60:],
        "start_from": tmp_path / "start.safetensors",
        "epochs": 1,
    }
    wrong = [(source, "A") for source, _ in toy_pairs[:200]]
    with pytest.warns(CharseqWarning, match="start from answers the held-out inputs better"):
        charseq.train(wrong, run=tmp_path / "wrong", learning_rate=0.02, **asked)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CharseqWarning)
        charseq.train(toy_pairs[:-60], run=tmp_path / "right", learning_rate=1e-9, **asked)
    card = (tmp_path / "right" / CARD_FILE).read_text(encoding="utf-8")
    assert "started from start.safetensors, whose CER on the held-out inputs is 0." in card


def test_memory_for_training_is_asked_for_once_and_not_when_it_is_done(
    toy_translator: Translator, toy_pairs: Pairs, tmp_path: Path, monkeypatch
) -> None:
    toy_translator.save(tmp_path / "start.safetensors")
    asked = []
    monkeypatch.setattr(setup, "refuse_too_much", lambda *each: asked.append(each))
    charseq.train(
        toy_pairs[:60],
        run=tmp_path / "run",
        start_from=tmp_path / "start.safetensors",
        epochs=1,
        refit=True,
    )
    assert len(asked) == 1


def test_nothing_of_the_first_training_takes_memory_in_the_refit(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch
) -> None:
    first: list[weakref.ref[object]] = []
    again = training_run.refitted

    class Watched(Trainer):
        def __init__(self, model: Seq2Seq, *arguments: object) -> None:
            super().__init__(model, *arguments)
            first.extend((weakref.ref(self), weakref.ref(model)))

    def refitted(*arguments: object, **settings: object) -> object:
        gc.collect()
        assert [each() for each in first] == [None, None]
        return again(*arguments, **settings)

    monkeypatch.setattr(training_run, "Trainer", Watched)
    monkeypatch.setattr(training_run, "refitted", refitted)
    trained = charseq.train(toy_pairs[:60], run=tmp_path / "run", epochs=1, units=8, refit=True)
    assert trained.description.corpus["refitted_on"] == 60


def test_the_shape_of_the_model_to_start_from_cannot_change(
    toy_translator: Translator, toy_pairs: Pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "start.safetensors")
    with pytest.raises(UsageError, match="units is 64 in the model to start from"):
        charseq.train(
            toy_pairs, run=tmp_path / "run", start_from=tmp_path / "start.safetensors", units=16
        )


def test_a_folder_in_use_is_left_alone(toy_pairs: Pairs, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep me")
    with pytest.raises(UsageError, match="is not empty: name another folder"):
        charseq.train(toy_pairs, run=tmp_path, **QUICK)
    assert (tmp_path / "precious").read_text() == "keep me"


def test_trainings_that_begin_in_the_same_second_have_folders_of_their_own(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with own_folder(None, "toy.tsv") as first, own_folder(None, "toy.tsv") as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
    # Nothing was written to them.
    assert not Path("runs").exists()
    trained = charseq.train(toy_pairs[:20], units=8, epochs=1)
    assert trained.training_run is not None
    assert [*Path("runs").iterdir()] == [trained.training_run.folder]


def test_a_corpus_of_its_own_can_be_held_out(toy_pairs: Pairs, tmp_path: Path) -> None:
    held_out = Corpus("held out", [Pair("abcd", "DCBA"), Pair("abcd", "second"), Pair("é", "x")])
    translator = charseq.train(toy_pairs, run=tmp_path / "run", held_out=held_out, **QUICK)
    assert translator.training_run is not None
    assert translator.training_run.held_out == {
        Input("abcd"): ["DCBA", "second"],
        Input("é"): ["x"],
    }
    assert translator.description.corpus["training_pairs"] == len(toy_pairs)


def test_held_out_inputs_that_are_trained_on_too_are_counted(
    toy_pairs: Pairs, tmp_path: Path, capsys
) -> None:
    known, new = toy_pairs[0], ("é", "x")
    for name, held_out in {"both": [known, known, new], "new": [new]}.items():
        corpus = Corpus(name, [Pair(*pair) for pair in held_out])
        run = tmp_path / name
        charseq.train(toy_pairs[:50], run=run, held_out=corpus, progress=True, **QUICK)
        told = capsys.readouterr().err
        assert ("1 of 2 held-out inputs are also trained on" in told) == (name == "both")
        assert ("also trained on" in told) == (name == "both")


def test_what_is_left_out_is_told_of_both_corpora(toy_pairs: Pairs, tmp_path: Path, capsys) -> None:
    for name, pairs in {"c": toy_pairs[:50], "held": toy_pairs[50:60]}.items():
        lines = "".join(f"{source}\t{target}\n" for source, target in pairs)
        (tmp_path / f"{name}.tsv").write_text(f"bad\n{lines}", encoding="utf-8")
    charseq.train(
        tmp_path / "c.tsv",
        held_out=tmp_path / "held.tsv",
        run=tmp_path / "run",
        progress=True,
        skip_bad_lines=True,
        **QUICK,
    )
    told = capsys.readouterr().err
    assert "left out: 1 × too few columns\n" in told
    assert "left out of the held-out corpus: 1 × too few columns\n" in told
    card = (tmp_path / "run" / CARD_FILE).read_text(encoding="utf-8")
    assert "| left out | 1 × too few columns |" in card
    assert "| left out of the held-out corpus | 1 × too few columns |" in card


@pytest.mark.parametrize("setting", [{"reverse": True}, {"limit": 5}, {"max_length": 4}])
def test_a_corpus_in_memory_is_not_read_in_another_way(
    toy_pairs: Pairs, tmp_path: Path, setting: dict[str, Any]
) -> None:
    corpus = Corpus("toy", [Pair(*pair) for pair in toy_pairs])
    with pytest.raises(UsageError, match=f"used as it is: omit {next(iter(setting))}"):
        charseq.train(corpus, run=tmp_path / "run", **setting, **QUICK)


def test_a_device_that_is_not_there_is_refused(toy_pairs: Pairs, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no device 'abacus'"):
        charseq.train(toy_pairs, run=tmp_path / "run", device="abacus", **QUICK)
    with pytest.raises(UsageError, match="no device None"):
        resolve_device(None)  # type: ignore[arg-type]


def test_a_name_that_no_file_can_have_is_refused_before_the_work(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"m\\x00\.safetensors': no name contains a NUL"):
        charseq.train(toy_pairs, output=f"{tmp_path}/m\0.safetensors", run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_held_out_corpus_is_never_limited(toy_pairs: Pairs, tmp_path: Path) -> None:
    for name, pairs in (("all", toy_pairs[:50]), ("held", toy_pairs[50:90])):
        lines = "".join(f"{source}\t{target}\n" for source, target in pairs)
        (tmp_path / f"{name}.tsv").write_text(lines, encoding="utf-8")
    found = charseq.rehearse(
        tmp_path / "all.tsv", held_out=tmp_path / "held.tsv", limit=20, units=8, epochs=1
    )
    assert (found.training_pairs, found.held_out_pairs) == (20, 40)


def test_a_refit_learns_from_all_pairs_and_keeps_the_scores_of_those_held_out(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    pairs = [*toy_pairs[:60], ("é", "É")]
    runs = {
        refit: charseq.train(
            pairs, run=tmp_path / str(refit), units=16, epochs=3, held_out_share=0.3, refit=refit
        ).training_run
        for refit in (False, True)
    }
    once, again = runs[False], runs[True]
    assert once is not None
    assert again is not None
    assert again.report == once.report
    assert again.description.scores == once.description.scores
    assert again.description.corpus == {**once.description.corpus, "refitted_on": 61}
    held_out = {each.source for each in once.held_out}
    everything = {pair[0] for pair in pairs}
    for run, known in ((once, everything - held_out), (again, everything)):
        assert set("".join(known)) == set(run.description.sources.ordinary)
    description, _ = read_model(again.folder / "model.safetensors")
    assert description == again.description


def test_a_folder_that_takes_no_model_is_refused_before_the_work(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The superuser may write anywhere.
    monkeypatch.setattr("os.access", lambda *_: False)
    output, run = tmp_path / "m.safetensors", tmp_path / "run"
    with pytest.raises(MachineError, match=r"m\.safetensors: nothing may be written to "):
        charseq.train(toy_pairs, output=output, run=run)
    assert not run.exists()


def test_a_refit_shares_the_time_limit(toy_pairs: Pairs, tmp_path: Path) -> None:
    began = time.perf_counter()
    translator = charseq.train(
        toy_pairs, run=tmp_path / "run", units=16, epochs=100_000, time_limit=2.0, refit=True
    )
    assert translator.training_run is not None
    assert sum(epoch.seconds for epoch in translator.training_run.history.epochs) < 1.8
    assert time.perf_counter() - began < 30


def test_a_refit_that_the_time_limit_cuts_short_leaves_the_model_found_before(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = Clock(limit=1.0, start=-1e9)
    monkeypatch.setattr(
        "charseq.training.refitting.Clock", SimpleNamespace(shared=lambda *_: spent)
    )
    settings = {"units": 16, "epochs": 6, "held_out_share": 0.3, "refit": True}
    run = charseq.train(toy_pairs, run=tmp_path / "run", **settings).training_run
    assert run is not None
    model = Translator(run.model, run.description)
    pairs = [(each.source, ref) for each, refs in run.held_out.items() for ref in refs]
    assert model.evaluate(pairs).exact_match.value == run.report.exact_match.value
    card = (run.folder / "model-card.md").read_text(encoding="utf-8")
    assert "trained again" not in card


def test_a_refit_reads_as_many_pairs_as_a_training_that_time_cut_short(
    toy_pairs: Pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Spent(Clock):
        """A clock whose time is up after 25 steps."""

        asked = 0

        @property
        def is_over(self) -> bool:
            self.asked += 1
            return self.asked >= 25

    trainers: list[Trainer] = []

    def watched(trainer: Trainer) -> Iterator[float]:
        trainers.append(trainer)
        return refit(trainer)

    monkeypatch.setattr(
        "charseq.training.run.Clock", SimpleNamespace(shared=lambda *_: Spent(None, 0.0))
    )
    monkeypatch.setattr("charseq.training.refitting.refit", watched)
    settings = {"units": 8, "epochs": 9, "batch_size": 16, "held_out_share": 0.2, "refit": True}
    run = charseq.train(toy_pairs[:300], run=tmp_path / "run", keep="last", **settings).training_run
    assert run is not None
    # 240 pairs are 15 batches, and all 300 are 19.
    first, second = run.history.epochs
    assert (first.pairs, second.pairs) == (240, 144)
    (trainer,) = trainers
    assert trainer.steps == round(19 * (240 + 144) / 300) == 24
    assert "trained again" in (run.folder / "model-card.md").read_text(encoding="utf-8")


def test_the_tiniest_numbers_are_zeros_while_a_model_trains_and_only_then(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    def tiny() -> float:
        return float(torch.tensor(1e-38) * 0.01)

    found: list[float] = []
    charseq.train(
        toy_pairs[:40], run=tmp_path / "run", **QUICK, callbacks=[lambda _: found.append(tiny())]
    )
    assert found == [0, 0]
    assert tiny() > 0


def test_pairs_in_memory_may_be_held_out(toy_pairs, tmp_path: Path) -> None:
    settings = {"units": 8, "epochs": 1}
    trained = charseq.train(
        toy_pairs[:60], held_out=toy_pairs[60:80], run=tmp_path / "run", **settings
    )
    assert trained.training_run is not None
    assert [each.source for each in trained.training_run.held_out] == [
        source for source, _ in toy_pairs[60:80]
    ]


def test_a_named_corpus_is_found_again_whatever_lies_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "phrasebook").mkdir()
    assert place_of("phrasebook") == "phrasebook"
    assert place_of("fra-eng") == "fra-eng"
    assert place_of(Path("phrasebook")) == str(tmp_path / "phrasebook")


def test_held_out_inputs_that_are_of_another_kind_are_warned_about(
    toy_pairs: Pairs, tmp_path: Path
) -> None:
    others = [(target, source) for source, target in toy_pairs[60:80]]
    with pytest.warns(CharseqWarning, match="20 of 20 held-out inputs contain symbols"):
        charseq.train(toy_pairs[:60], held_out=others, run=tmp_path / "run", units=8, epochs=1)


def test_a_few_long_pairs_that_take_most_of_the_training_are_warned_about(
    toy_pairs: Pairs,
) -> None:
    pairs = [*toy_pairs[:300], *[("abcd" * 50, "ABCD" * 50)] * 20]
    what = "more than 8 symbols .* training spends most of its time on them: leave them"
    with pytest.warns(CharseqWarning, match=what):
        charseq.rehearse(pairs, units=8, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CharseqWarning)
        charseq.rehearse(pairs, units=8, epochs=1, max_length=20)


def test_padding_is_not_what_separates_symbols(tmp_path: Path) -> None:
    pairs = [("ab", "A B"), ("ba", "B A"), ("aab", "A A B")]
    settings = {"count_padding": True, "target_separator": " ", "attention": "none"}
    with pytest.raises(UsageError, match="padded with what separates their symbols"):
        charseq.train(pairs, run=tmp_path / "run", **settings)
