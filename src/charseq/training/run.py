"""A whole run: split, prepare, train, keep the right weights, score them, write the folder."""

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from charseq.batching import batches_in
from charseq.config import RunSettings, TrainingConfig
from charseq.corpus import Corpus, Split, split_corpus
from charseq.errors import UsageError
from charseq.model import Seq2Seq
from charseq.modelcard import HeldOutAnswers, TrainingFacts, model_card
from charseq.modelfile import ModelDescription, read_model, write_atomically, write_model
from charseq.scoring import (
    Calibration,
    Judged,
    Reliability,
    Report,
    are_right,
    cross_fitted_confidences,
    fit_calibration,
    reliability_of,
    score,
)
from charseq.search import Hypothesis, answer_texts, spelt
from charseq.text import Input
from charseq.training.curve import draw_learning_curve
from charseq.training.denormals import denormals_as_zeros
from charseq.training.history import Callback, History, series
from charseq.training.loop import Clock, first_model, fit
from charseq.training.loss import held_back
from charseq.training.memory import keep_freed_memory
from charseq.training.prepare import Prepared, prepare
from charseq.training.progress import Display
from charseq.training.refitting import refitted

MODEL_FILE = "model.safetensors"
HISTORY_FILE = "history.json"
SETTINGS_FILE = "settings.toml"
CURVE_FILE = "learning-curve.png"
CARD_FILE = "model-card.md"


@dataclass(frozen=True)
class TrainedModel:
    """What a run ends with.

    Attributes:
        model: with the weights that were kept.
        description: what the model file says of it, scores included.
        history: every epoch.
        epoch: whose weights were kept.
        report: the held-out scores.
        reliability: how far the answers' confidences can be relied on.
        held_out: the held-out inputs, each with all its references.
        folder: where the run was written.
    """

    model: Seq2Seq
    description: ModelDescription
    history: History
    epoch: int
    report: Report
    reliability: Reliability
    held_out: Mapping[Input, Sequence[str]]
    folder: Path


@denormals_as_zeros()
def train_run(
    corpus: Corpus,
    settings: RunSettings,
    *,
    folder: Path | None = None,
    held_out: Corpus | None = None,
    start_from: Path | None = None,
    callbacks: Sequence[Callback] = (),
    console: Console | None = None,
) -> TrainedModel:
    """Train a model on a corpus and write the run's folder.

    The folder holds the settings, the history and the model from the first epoch on, so that an
    interrupted run leaves the best model it had.

    Args:
        corpus: the pairs.
        settings: how; with `start_from`, the shape of that model replaces the model's.
        folder: where the run is written; by default `runs/<corpus>-<date>`.
        held_out: pairs to hold out instead of a part of the corpus.
        start_from: the model file whose weights training starts from.
        callbacks: each is called with the record of every epoch.
        console: where progress is shown; None shows nothing.

    Raises:
        UsageError: if the folder is in use or a setting does not fit.
        DataError: if the corpus cannot be split, or training diverges.
        ModelFileError: if the model to start from cannot be read.
        MachineError: if the folder cannot be written.
    """
    began = time.monotonic()
    device = resolve_device(settings.training.device)
    start = None if start_from is None else read_model(start_from)
    if start is not None:
        settings = settings.model_copy(update={"model": start[0].config})
    folder = _fresh_folder(folder or default_folder(corpus.name))
    split = _split(corpus, held_out, settings)
    prepared = prepare(corpus, split, settings, None if start is None else start[0])
    config = prepared.config
    clock = Clock.shared(config.training, began)
    if config.training.precision == "float32":
        keep_freed_memory()
    model = first_model(prepared, None if start is None else start[1]).to(device)
    facts = {**prepared.description.corpus, "archive_digest": corpus.archive_digest}
    history = History(config.model_dump(), facts, corpus.left_out)
    write_atomically(folder / SETTINGS_FILE, config.to_toml().encode())
    _announce(console, corpus, prepared, device, folder)
    tensors, kept = model.tensors(), 0
    try:
        with Display(console, config.training, len(prepared.training)) as display:
            for record in fit(
                model, prepared, config.training, clock, after_step=display.after_step
            ):
                history.epochs.append(record)
                if record.best or config.training.keep == "last":
                    tensors = {name: tensor.copy() for name, tensor in model.tensors().items()}
                    kept = record.epoch
                    write_model(folder / MODEL_FILE, prepared.description, tensors)
                write_atomically(folder / HISTORY_FILE, history.to_json().encode())
                display.after_epoch(record)
                for callback in callbacks:
                    callback(record)
    finally:
        if history.epochs:
            draw_learning_curve(history, folder / CURVE_FILE, corpus.name)
    model = Seq2Seq.from_description(prepared.description, tensors).to(device)
    answers, hypotheses = _answers(model, prepared)
    report = score(
        answers.hypotheses,
        list(prepared.references.values()),
        target_separator=prepared.description.target_separator,
    )
    calibration, reliability = _calibrated(answers, hypotheses, prepared, config.training)
    history.scores = {**report.as_dict(), "reliability": reliability.as_dict()}
    description = prepared.description
    if config.training.refit:
        steps = kept * batches_in(len(prepared.training), config.training.batch_size)
        model, description = refitted(
            corpus, split, config, start, device, steps=steps, console=console
        )
        tensors = model.tensors()
    description = replace(
        description,
        scores={
            "held_out_sources": report.items,
            "exact_match": report.exact_match.value,
            "character_error_rate": report.character_error_rate.value,
            "chrf": report.chrf.value,
            "bleu": report.bleu.value,
            "expected_calibration_error": reliability.expected_calibration_error,
            "brier_score": reliability.brier_score,
        },
        calibration=calibration,
    )
    write_model(folder / MODEL_FILE, description, tensors)
    write_atomically(folder / HISTORY_FILE, history.to_json().encode())
    length = description.sources.spelling.length
    training = TrainingFacts(
        epochs=len(history.epochs),
        kept=kept,
        seconds=sum(series(history.epochs, "seconds")),
        pairs_per_second=float(np.median(series(history.epochs, "pairs_per_second"))),
        device=str(device),
        longest_source=max(length(pair.source) for pair in split.training),
        held_out_name="" if held_out is None else held_out.name,
        started_from="" if start_from is None else start_from.name,
    )
    card = model_card(
        description, config, report, reliability, answers, training, model_file=MODEL_FILE
    )
    write_atomically(folder / CARD_FILE, card.encode())
    return TrainedModel(
        model, description, history, kept, report, reliability, prepared.references, folder
    )


def _split(corpus: Corpus, held_out: Corpus | None, settings: RunSettings) -> Split:
    if held_out is None:
        return split_corpus(corpus, settings.training)
    return Split(tuple(corpus.pairs), tuple(held_out.pairs))


def default_folder(corpus: str) -> Path:
    """Return `runs/<corpus>-<date>`, a folder that does not exist yet."""
    name = Path(corpus).name.split(".")[0].strip("-") or "stdin"
    first = Path("runs") / f"{name}-{datetime.now():%Y-%m-%d-%H%M%S}"
    folder, number = first, 2
    while folder.exists():
        folder, number = first.with_name(f"{first.name}-{number}"), number + 1
    return folder


def resolve_device(name: str) -> torch.device:
    """Return the device that a setting names; `auto` prefers CUDA, then Apple's MPS.

    Raises:
        UsageError: if this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    with contextlib.suppress(RuntimeError, AssertionError):
        device = torch.device(name)
        torch.empty(1, device=device)
        return device
    raise UsageError(f"this machine has no device {name!r}: use auto, cpu, cuda or mps")


def _fresh_folder(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} already holds something: name another folder with --run")
    return folder


def _answers(model: Seq2Seq, prepared: Prepared) -> tuple[HeldOutAnswers, list[Hypothesis]]:
    step, inputs = model.stepper(), list(prepared.references)
    began = time.perf_counter()
    answers = answer_texts(model, step, prepared.description, inputs)
    hypotheses = [best for best, *_ in answers]
    texts = spelt(prepared.description, inputs, hypotheses)
    seconds = time.perf_counter() - began
    return HeldOutAnswers(prepared.references, texts, seconds), hypotheses


def _calibrated(
    answers: HeldOutAnswers,
    hypotheses: Sequence[Hypothesis],
    prepared: Prepared,
    config: TrainingConfig,
) -> tuple[Calibration, Reliability]:
    """Return what makes confidences of log-probabilities, and how far these can be relied on."""
    description = prepared.description
    references = list(answers.references.values())
    right = are_right(answers.hypotheses, references, description.target_separator)
    judged = [
        Judged(each.ended_log_probability, each.steps, is_right)
        for each, is_right in zip(hypotheses, right, strict=True)
    ]
    offset = held_back(config.label_smoothing, len(description.targets))
    confidences = cross_fitted_confidences(judged, offset)
    return fit_calibration(judged, offset), reliability_of(confidences, right)


def _announce(
    console: Console | None,
    corpus: Corpus,
    prepared: Prepared,
    device: torch.device,
    folder: Path,
) -> None:
    if console is None:
        return
    for reason, count in corpus.left_out.items():
        console.print(f"left out: {count:,} × {reason}", highlight=False, soft_wrap=True)
    description, training = prepared.description, prepared.config.training
    console.print(
        f"{len(prepared.training):,} training pairs, {len(prepared.held_out):,} held out;"
        f" {len(description.sources)} source and {len(description.targets)} target symbols;"
        f" {description.config.units} units, at most {training.epochs} epochs in batches of"
        f" {training.batch_size}, on {device}; run: {folder}",
        highlight=False,
        soft_wrap=True,
    )
