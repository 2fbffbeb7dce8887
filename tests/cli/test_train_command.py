import io
import json
import os
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

import charseq
from charseq import training
from charseq.cli.hints import charseq_command as charseq_command_name
from charseq.errors import MachineError, UsageError
from charseq.modelfile import read_model

QUICK = ("--units", "16", "--epochs", "2", "--held-out-maximum", "20")


@pytest.fixture
def corpus(toy_pairs, tmp_path: Path) -> str:
    path = tmp_path / "toy.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:300]))
    return str(path)


def test_a_file_becomes_a_model_and_the_line_to_try_works(
    charseq_command, corpus, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    assert charseq_command("train", corpus, *QUICK, "-o", "model.safetensors") == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "280 training pairs, 20 held out" in shown.err
    assert "epoch 2/2 · loss" in shown.err
    assert "pairs/s" in shown.err
    assert "20 held-out inputs, weights of epoch" in shown.err
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name.startswith("toy-")
    assert Path("model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert f"Card:  {run.relative_to(tmp_path) / 'model-card.md'}\n" in shown.err
    assert (run / "model-card.md").read_text(encoding="utf-8").startswith("# Model card: toy\n")
    tried = shlex.split(shown.err.rpartition("Try:")[2])
    assert charseq_command(*tried[tried.index("translate") :]) == 0


def test_a_corpus_may_come_from_standard_input(charseq_command, tmp_path, monkeypatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(b"go\tva\nrun\tcours\nwow\toh\n" * 3))
    monkeypatch.setattr(sys, "stdin", given)
    assert charseq_command("train", "-", *QUICK, "--quiet", "--run", str(tmp_path / "run")) == 0
    assert read_model(tmp_path / "run" / "model.safetensors")[0].corpus["name"] == "stdin"


def test_curves_for_tensorboard_stand_in_the_run(charseq_command, corpus, tmp_path) -> None:
    run = tmp_path / "run"
    assert charseq_command("train", corpus, *QUICK, "--tensorboard", "--run", str(run)) == 0
    assert list((run / "tensorboard").glob("events.out.tfevents.*"))
    assert (run / "model.safetensors").exists()


def test_quiet_says_nothing(charseq_command, corpus, tmp_path, capsys) -> None:
    run = str(tmp_path / "run")
    assert charseq_command("train", corpus, *QUICK, "--quiet", "--run", run) == 0
    assert capsys.readouterr() == ("", "")


def test_printed_settings_are_those_that_would_be_used(charseq_command, tmp_path, capsys) -> None:
    file = tmp_path / "run.toml"
    file.write_text("[training]\nepochs = 7\nseed = 5\n")
    arguments = ("--preset", "keras-example", "--config", str(file), "--epochs", "3")
    assert charseq_command("train", *arguments, "--print-config") == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert printed["training"]["epochs"] == 3
    assert printed["training"]["seed"] == 5
    assert printed["training"]["split"] == "last"
    assert printed["corpus"]["limit"] == 10_000


def test_a_dry_run_refuses_what_a_run_would_refuse(
    charseq_command, corpus, tmp_path, capsys
) -> None:
    run = tmp_path / "run"
    assert charseq_command("train", corpus, *QUICK, "--quiet", "--run", str(run)) == 0
    again = ("--dry-run", "--overwrite", "--run", str(run), "--from", f"{run}/model.safetensors")
    assert charseq_command("train", corpus, *again) == 2
    assert "model.safetensors would be moved aside with" in capsys.readouterr().err
    again = (
        "--dry-run",
        "--overwrite",
        "--run",
        str(run),
        "-o",
        f"{run}/checkpoints/m.safetensors",
    )
    assert charseq_command("train", corpus, *again) == 2
    assert "checkpoints would be moved aside with" in capsys.readouterr().err


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(
    charseq_command, corpus, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert charseq_command("train", corpus, *QUICK, "--dry-run", "-o", "m.safetensors") == 0
    shown = capsys.readouterr().out
    assert "280 for training, 20 held out" in shown
    assert "LSTM, 16 units, general attention" in shown
    assert "at most 2 of 35 batches of 8 pairs, then trained again on all pairs" in shown
    assert "at most 146, in float32 on" in shown
    assert "about 0:0" in shown
    assert "GiB" in shown
    assert shown.endswith("Nothing was written.\n")
    assert charseq_command("train", corpus, *QUICK, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 146
    assert sorted(tmp_path.iterdir()) == before


def test_a_dry_run_says_which_lines_would_be_left_out(charseq_command, capsys, tmp_path) -> None:
    corpus, held_out = tmp_path / "pairs.tsv", tmp_path / "held-out.tsv"
    corpus.write_text("".join(f"{n}\t{n}\n" for n in range(100)) + "alone\n")
    held_out.write_text("".join(f"{n}\t{n}\n" for n in range(100, 110)) + "\tnothing\n")
    command = ("train", str(corpus), "--held-out", str(held_out), *QUICK, "--skip-bad-lines")
    assert charseq_command(*command, "--dry-run") == 0
    shown = capsys.readouterr().out
    assert "left out                         1 × too few columns" in shown
    assert "left out of the held-out corpus  1 × empty" in shown
    assert charseq_command(*command, "--dry-run", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(found["left_out"].values()) == sum(found["held_out_left_out"].values()) == 1


@pytest.mark.parametrize("crowded", [True, False])
def test_a_dry_run_says_where_the_machine_is_busy(
    charseq_command, corpus, monkeypatch, capsys, crowded: bool
) -> None:
    monkeypatch.setattr("charseq.training.rehearsal.is_crowded", lambda _: crowded)
    assert charseq_command("train", corpus, *QUICK, "--dry-run") == 0
    assert ("OMP_NUM_THREADS=1 is probably faster" in capsys.readouterr().out) == crowded
    assert charseq_command("train", corpus, *QUICK, "--dry-run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["crowded"] == crowded


def test_the_preset_trains_as_the_example_does(charseq_command, corpus, tmp_path, capsys) -> None:
    run = tmp_path / "run"
    arguments = ("--preset", "keras-example", "--units", "16", "--epochs", "1", "--run", str(run))
    assert charseq_command("train", corpus, *arguments) == 0
    assert "240 training pairs, 60 held out" in (shown := capsys.readouterr().err)
    assert "padding counted: loss" in shown
    description, _ = read_model(run / "model.safetensors")
    # Sources of up to four letters; targets framed by start and end, and one more.
    assert description.config.pad_source_to == 4
    assert description.config.maximum_output_length == 7
    record = json.loads((run / "history.json").read_text())["epochs"][0]
    assert record["padded_held_out_accuracy"] > record["character_accuracy"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "name a corpus: charseq train CORPUS"),
        (
            ("{corpus}", "--preset", "keras"),
            "unknown preset 'keras'; did you mean 'keras-example'?",
        ),
        (
            ("{corpus}", "--units", "many"),
            "units must be a whole number or 'auto', not 'many'",
        ),
        (("{corpus}", "--device", "abacus"), "this machine has no device 'abacus'"),
        (("{corpus}", "--device", "meta"), "this machine has no device 'meta'"),
        (("{corpus}", "--epochs", "1" * 5_000), "epochs must be a whole number"),
        (("{corpus}", "--run", "{corpus}"), "toy.tsv is a file: name a folder with --run"),
        (("{corpus}", "--run", "{folder}"), "is not empty: name another folder"),
        (("{corpus}", "--config", "nowhere.toml"), "there is no file nowhere.toml"),
        (("nowhere.tsv",), "nowhere.tsv"),
        (("model.safetensors",), "model.safetensors is named like a model, not a corpus"),
        (("{corpus}", "-o", "{folder}"), "it is a folder; name a file"),
        (("{corpus}", "-o", "nowhere/model"), "cannot write nowhere/model: there is no folder"),
        (("{corpus}", "--dry-run", "--run", "{folder}"), "is not empty: name another"),
        (("{corpus}", "--json"), "--json is for --dry-run: a run's figures are in its history"),
    ],
)
def test_a_users_mistake_is_one_sentence_and_exit_code_2(
    charseq_command, corpus, tmp_path, capsys, monkeypatch, arguments, sentence
) -> None:
    monkeypatch.chdir(tmp_path)
    filled = [each.format(corpus=corpus, folder=tmp_path) for each in arguments]
    assert charseq_command("train", *filled) == 2
    shown = capsys.readouterr().err
    assert sentence in shown
    assert "Traceback" not in shown
    assert not (tmp_path / "runs").exists()


def test_a_bad_line_is_named_and_nothing_is_written(
    charseq_command, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.tsv").write_text("go\tva\nalone\n")
    assert charseq_command("train", "bad.tsv") == 3
    assert "bad.tsv:2" in capsys.readouterr().err
    assert not Path("runs").exists()
    arguments = ("--skip-bad-lines", "--epochs", "1", "--units", "4", "--run", "run")
    Path("bad.tsv").write_text("go\tva\nalone\nrun\tcours\n")
    assert charseq_command("train", "bad.tsv", *arguments) == 0
    assert "left out: 1 × too few columns" in capsys.readouterr().err
    assert json.loads(Path("run/history.json").read_text())["left_out"] == {"too few columns": 1}


def test_an_interrupted_training_names_the_model_so_far(
    charseq_command, corpus, tmp_path, monkeypatch, capsys
) -> None:
    real, run = training.run.fit, tmp_path / "run"

    def interrupted(*arguments, **options):
        yield next(real(*arguments, **options))
        raise KeyboardInterrupt

    monkeypatch.setattr(training.run, "fit", interrupted)
    assert charseq_command("train", corpus, *QUICK, "--run", str(run)) == 130
    assert f"the model so far is {run / 'model.safetensors'}" in capsys.readouterr().err
    assert (run / "learning-curve.png").exists()
    assert read_model(run / "model.safetensors")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--resume", "run", "--epochs=5"), "resumed run keeps its settings: omit --epochs"),
        (("--resume", "run", "--run=other"), "--run cannot be combined with --resume"),
        (("--resume", "run", "--overwrite"), "--overwrite cannot be combined with --resume"),
        (("--resume", "run"), "there is no run in run"),
        (("--changed", "pairs.tsv"), "--changed is for --resume"),
    ],
)
def test_what_cannot_be_resumed_is_said(charseq_command, capsys, options, sentence) -> None:
    assert charseq_command("train", *options) == 2
    assert sentence in capsys.readouterr().err


def test_a_run_that_goes_on_writes_its_model_where_it_is_told_to(
    charseq_command, toy_pairs, tmp_path, capsys, monkeypatch
) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    corpus, model, run = (tmp_path / name for name in ("toy.tsv", "toy.safetensors", "run"))
    corpus.write_text("".join(f"{source}\t{target}\n" for source, target in toy_pairs[:200]))
    told = ("--run", str(run), "-o", str(model), "--units", "8", "--epochs", "2", "--no-refit")
    monkeypatch.setattr("charseq.training.tensorboard_callback", lambda _: stop)
    assert charseq_command("train", str(corpus), *told, "--tensorboard") == 130
    go_on = f"charseq train --resume {run} --tensorboard -o {model}"
    assert go_on in capsys.readouterr().err
    assert not model.exists()
    monkeypatch.undo()
    assert charseq_command(*shlex.split(go_on)[1:]) == 0
    assert f"Model: {model}\n" in capsys.readouterr().err
    assert model.is_file()


def test_a_model_that_cannot_be_put_where_it_was_to_be_is_still_in_its_run(
    toy_pairs, tmp_path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(UsageError, match=r"the finished model is .*run.model\.safetensors"):
        charseq.train(
            toy_pairs[:50],
            run=tmp_path / "run",
            output=folder / "m.safetensors",
            callbacks=[lambda _: folder.rmdir()],
            units=8,
            epochs=1,
            refit=False,
        )
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_no_corpus_is_replaced_by_a_model(charseq_command, corpus, capsys) -> None:
    before = Path(corpus).read_bytes()
    assert charseq_command("train", corpus, "-o", corpus) == 2
    assert "name a file that ends in .safetensors" in capsys.readouterr().err
    assert Path(corpus).read_bytes() == before


def test_an_interruption_before_a_run_has_begun_says_so(
    charseq_command, corpus, tmp_path, capsys, monkeypatch
) -> None:
    run = str(tmp_path / "run")
    assert charseq_command("train", corpus, *QUICK, "--quiet", "--run", run) == 0

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("charseq.training.run.set_up", stop)
    assert charseq_command("train", corpus, *QUICK, "--overwrite", "--run", run) == 130
    assert capsys.readouterr().err == "charseq: stopped; nothing was begun\n"


def test_all_that_resuming_needs_is_in_the_hint(
    charseq_command, corpus, tmp_path, capsys, monkeypatch
) -> None:
    given = io.TextIOWrapper(io.BytesIO(Path(corpus).read_bytes()))
    monkeypatch.setattr(sys, "stdin", given)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("charseq.training.run._Run.finish", stop)
    run = str(tmp_path / "run")
    arguments = ("train", corpus, *QUICK, "--quiet", "--held-out", "-", "--run", run)
    assert charseq_command(*arguments) == 130
    assert (
        f"resume with: {charseq_command_name()} train --resume {run} --held-out -\n"
        in capsys.readouterr().err
    )


def test_a_full_disk_is_told_of_with_the_way_on(
    charseq_command, corpus, tmp_path, capsys, monkeypatch
) -> None:
    def full(*_: object) -> None:
        raise MachineError("cannot write model.safetensors: No space left on device")

    run = str(tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr("charseq.training.run.write_model", full)
        arguments = ("--run", run, "-o", str(tmp_path / "m.safetensors"))
        assert charseq_command("train", corpus, *QUICK, "--quiet", *arguments) == 4
    told = capsys.readouterr().err
    assert told.startswith("charseq: cannot write model.safetensors: No space left on device; once")
    (words,) = re.findall(r"resume with: .*?(train .*)\n", told)
    assert charseq_command(*shlex.split(words), "--quiet") == 0
    assert (tmp_path / "m.safetensors").is_file()


def test_a_signal_after_the_end_does_not_ask_to_resume(
    charseq_command, corpus, tmp_path, capsys, monkeypatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("charseq.training.checkpointing.Checkpointer.finish", stop)
    run = tmp_path / "run"
    assert charseq_command("train", corpus, *QUICK, "--quiet", "--run", str(run)) == 130
    assert capsys.readouterr().err == (
        f"charseq: stopped; the run is finished: its model is {run / 'model.safetensors'}\n"
    )


def test_settings_may_come_through_a_pipe(charseq_command, corpus, tmp_path) -> None:
    start = tmp_path / "start.safetensors"
    assert charseq_command("train", corpus, *QUICK, "--quiet", "-o", str(start)) == 0
    reading, writing = os.pipe()
    os.write(writing, b"[corpus]\nreverse = true\n[training]\nepochs = 1\n")
    os.close(writing)
    run = tmp_path / "run"
    arguments = ("--config", f"/dev/fd/{reading}", "--from", str(start), "--run", str(run))
    assert charseq_command("train", corpus, *arguments, "--quiet") == 0
    settings = tomllib.loads((run / "settings.toml").read_text())
    assert settings["corpus"]["reverse"] is True
    assert settings["training"]["epochs"] == 1


def test_a_files_settings_of_another_shape_are_refused_as_typed_ones_are(
    charseq_command, corpus, tmp_path, capsys
) -> None:
    start, config = tmp_path / "start.safetensors", tmp_path / "run.toml"
    assert charseq_command("train", corpus, *QUICK, "--quiet", "-o", str(start)) == 0
    # As editors on Windows write it.
    config.write_text("[model]\nunits = 64\n", encoding="utf-8-sig")
    arguments = ("train", corpus, "--config", str(config), "--from", str(start))
    assert charseq_command(*arguments) == 2
    assert "units is 16 in the model to start from, and cannot become 64" in capsys.readouterr().err
