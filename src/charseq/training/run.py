"""A whole run: split, prepare, train, keep the right weights, score them, write the folder."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from rich.console import Console

from charseq.config import RunSettings
from charseq.errors import CharseqError, MachineError, UsageError, lacks_memory, warn_caller
from charseq.files import write_atomically
from charseq.model import Seq2Seq
from charseq.modelcard import CARD_FILE, TrainingFacts, model_card
from charseq.modelfile import MODEL_FILE, ModelDescription, write_model
from charseq.page import EXAMPLES_FILE
from charseq.scoring import Reliability, Report, report_of
from charseq.text import Input
from charseq.training.checkpointing import Checkpointer
from charseq.training.curve import draw_learning_curve
from charseq.training.denormals import denormals_as_zeros
from charseq.training.device import CROWDED, is_crowded
from charseq.training.final_evaluation import calibrated, held_out_answers, inputs_to_try
from charseq.training.folder import (
    CHECKPOINTS,
    CURVE_FILE,
    HISTORY_FILE,
    SETTINGS_FILE,
    free_folder,
    locked,
    own_folder,
    refuse_taken,
    remove_unfinished,
)
from charseq.training.history import Callback, EpochRecord, History, read_history, series
from charseq.training.loop import Clock, Trainer, first_model, fit, refuse_other_symbols
from charseq.training.material import Material
from charseq.training.memory import enough_memory
from charseq.training.prepare import Prepared
from charseq.training.progress import Display, end_line
from charseq.training.refitting import refitted
from charseq.training.setup import Setup, set_up


@dataclass(frozen=True)
class TrainedModel:
    """The result of a run.

    Attributes:
        model: the model with the weights that were kept.
        description: everything else in the model file, including scores.
        history: every epoch.
        epoch: the epoch whose weights were kept.
        report: the held-out scores.
        reliability: how far the answers' confidences can be relied on.
        held_out: the held-out inputs, each with all its references.
        folder: where the run was written.
    """

    model: Seq2Seq = field(repr=False)
    description: ModelDescription = field(repr=False)
    history: History = field(repr=False)
    epoch: int
    report: Report = field(repr=False)
    reliability: Reliability = field(repr=False)
    held_out: Mapping[Input, Sequence[str]] = field(repr=False)
    folder: Path


@enough_memory()
def train_run(
    material: Material,
    settings: RunSettings,
    *,
    folder: Path | None = None,
    overwrite: bool = False,
    needed: Iterable[Path] = (),
    callbacks: Sequence[Callback] = (),
    console: Console | None = None,
) -> TrainedModel:
    """Train a model on a corpus and write the run's folder.

    From the first epoch on, the folder contains the settings, the history, the model and
    checkpoints, so that an interrupted run leaves its best model so far and can be resumed.

    Args:
        material: what to train on.
        settings: how to train; with `start_from`, the shape of that model replaces the model's.
        folder: where the run is written; by default `runs/<corpus>-<date>`.
        overwrite: move an existing run aside.
        needed: what must not be moved aside with it, besides what is read.
        callbacks: each is called with the record of every epoch.
        console: where progress is shown; None shows nothing.

    Raises:
        UsageError: if the folder is in use or a setting does not fit.
        DataError: if the corpus cannot be split, or training diverges.
        ModelFileError: if the model to start from cannot be read.
        MachineError: if the folder cannot be written.
        Interrupted: if a signal asks to stop; a checkpoint is then written.
    """
    began = time.monotonic()
    with own_folder(folder, material.corpus.name) as own:
        # Where a link leads to an earlier run, it leads to the new one afterwards.
        there = own.resolve() if overwrite and own.is_symlink() else own
        refuse_taken(there, overwrite=overwrite, needed=[*material.files(), *needed])
        setup = set_up(material, settings)
        free_folder(there, overwrite=overwrite)
        return _trained(material, setup, there, began, callbacks, console, resuming=False)


@enough_memory()
def resume_run(
    material: Material,
    history: History,
    folder: Path,
    *,
    callbacks: Sequence[Callback] = (),
    console: Console | None = None,
) -> TrainedModel:
    """Resume a run from its newest checkpoint, as if it had never stopped.

    Args:
        material: what the run was begun with.
        history: the history in the folder.
        folder: the run's folder.
        callbacks: each is called with the record of every further epoch.
        console: where progress is shown; None shows nothing.

    Raises:
        UsageError: if another process is training in the folder.
        DataError: if the checkpoint belongs to another corpus, or training diverges.
        ModelFileError: if the model that the run started from cannot be read.
        MachineError: if the folder cannot be read or written.
        Interrupted: if a signal asks to stop; a checkpoint is then written.
    """
    began = time.monotonic()
    setup = set_up(material, history.config)
    return _trained(material, setup, folder, began, callbacks, console, resuming=True)


@denormals_as_zeros()
def _trained(
    material: Material,
    setup: Setup,
    folder: Path,
    began: float,
    callbacks: Sequence[Callback],
    console: Console | None,
    *,
    resuming: bool,
) -> TrainedModel:
    config = setup.prepared.config.training
    setup.refuse_too_much()
    with locked(folder):
        checkpointer = Checkpointer(folder / CHECKPOINTS, config.checkpoint_every)
        # Another process may have trained here since this one looked.
        if resuming:
            history = history_to_resume(folder)
            remove_unfinished(folder)
            checkpointer.resume()
            del history.epochs[checkpointer.epochs :]
            if checkpointer.resumed is not None:
                # Before the run's history is changed.
                refuse_other_symbols(checkpointer.resumed.facts, setup.prepared)
            if {*material.others(history.begun_with)} - {"start_digest"}:
                _take_over(material, setup.prepared, history, folder)
        else:
            refuse_taken(folder)
            history = _begun(material, setup.prepared, folder)
        _announce(console, material, setup, folder)
        if console is not None and checkpointer.resumed is not None:
            console.print(f"resuming after {checkpointer.resumed.place}", highlight=False)
        run = _Run(material, folder, setup, history, checkpointer, console)
        with checkpointer.interruption.heeded():
            try:
                with run.saved():
                    run.fit(Clock.shared(config, began), callbacks)
            finally:
                # After what an interrupted run needs more.
                with run.saved():
                    run.draw()
            with run.saved():
                return run.finish()


def history_to_resume(folder: Path) -> History:
    """Return the history of a run that is to be resumed.

    Raises:
        UsageError: if it is finished.
    """
    history = read_history(folder / HISTORY_FILE)
    if history.scores:
        raise UsageError(f"the run in {folder} is finished: its model is {folder / MODEL_FILE}")
    return history


def _take_over(material: Material, prepared: Prepared, history: History, folder: Path) -> None:
    """Write into a history that the run goes on with what it was not begun with."""
    warn_caller(
        "the run goes on with a corpus that has changed: what is held out now may have been trained"
        " on before, so its scores may be too good"
    )
    history.corpus, history.begun_with = _facts(material, prepared), material.record()
    history.left_out, history.corpus_changed = material.corpus.left_out, True
    write_atomically(folder / HISTORY_FILE, history.to_json())


def _facts(material: Material, prepared: Prepared) -> dict[str, str | int]:
    return {**prepared.description.corpus, "archive_digest": material.corpus.archive_digest}


def _begun(material: Material, prepared: Prepared, folder: Path) -> History:
    """Return a history without epochs, and write it so that the run can be resumed from now on."""
    config, held = prepared.config, material.held_out_config
    history = History(
        config.model_dump(),
        _facts(material, prepared),
        material.record(),
        material.corpus.left_out,
        held_out_settings=None if held is None else held.model_dump(),
    )
    # First what makes the folder a run's, which can be resumed or moved aside.
    write_atomically(folder / HISTORY_FILE, history.to_json())
    write_atomically(folder / SETTINGS_FILE, config.to_toml().encode())
    return history


@dataclass
class _Run:
    """One run, from its first or any later step to its end."""

    material: Material
    folder: Path
    setup: Setup
    history: History
    checkpointer: Checkpointer
    console: Console | None

    @contextlib.contextmanager
    def saved(self) -> Iterator[None]:
        """If something stops what is done within, say how to go on; if a signal does, save it too.

        What the run itself is to blame for, such as a loss that is not finite, would come again.
        """
        try:
            yield
        except KeyboardInterrupt as interruption:
            # Within a step, a second signal stops at once: then the last checkpoint stands.
            if not (self.history.scores or self.checkpointer.interruption.cut_short):
                self.checkpointer.write()
            interruption.add_note(self._way_on())
            raise
        except Exception as error:
            blameless = isinstance(error, MachineError) or not isinstance(error, CharseqError)
            if blameless and not lacks_memory(error):
                error.add_note(self._way_on())
            raise

    def _way_on(self) -> str:
        if self.history.scores:
            return f"the run is finished: its model is {self.folder / MODEL_FILE}"
        again = repr(str(self.folder)) + ("" if self.material.corpus_from else ", corpus")
        return f"resume with: charseq.resume({again})"

    def draw(self) -> None:
        """Draw the learning curve, if there is one."""
        if self.history.epochs:
            name = self.material.corpus.name
            draw_learning_curve(self.history, self.folder / CURVE_FILE, name)

    def fit(self, clock: Clock, callbacks: Sequence[Callback]) -> None:
        """Train, and keep the best weights."""
        prepared, checkpointer = self.setup.prepared, self.checkpointer
        config = prepared.config.training
        if checkpointer.resumed is not None and checkpointer.resumed.refitting:
            return
        whole = checkpointer.interruption.whole
        with Display(self.console, config, len(prepared.training)) as display:
            watchers = [display.after_step, checkpointer.after_step]
            model = self.setup.first_model()
            trainer = Trainer(model, prepared, config, clock, watchers, whole)
            checkpointer.begin(trainer)
            display.go_on(trainer.epoch, trainer.pairs)
            for record in fit(trainer, self.history.epochs):
                with whole():
                    self._keep(record, trainer.learnt)
                display.after_epoch(record, clock.elapsed)
                for callback in callbacks:
                    callback(record)
        if self.console is not None:
            line = end_line(
                len(self.history.epochs), checkpointer.kept, config, out_of_time=clock.is_over
            )
            self.console.print(line, highlight=False, soft_wrap=True)
        if config.refit:
            # Whatever becomes of the refit, this need not be done again.
            checkpointer.write()
            # Two trainings at once would take twice the memory.
            checkpointer.trainer = None

    def _keep(self, record: EpochRecord, model: Seq2Seq) -> None:
        """Write an epoch's record, and its weights if they are to be kept."""
        prepared, checkpointer = self.setup.prepared, self.checkpointer
        self.history.epochs.append(record)
        checkpointer.epochs = record.epoch
        if record.best or prepared.config.training.keep == "last":
            checkpointer.keep(record.epoch, model)
            write_model(self.folder / MODEL_FILE, prepared.description, checkpointer.weights)
        write_atomically(self.folder / HISTORY_FILE, self.history.to_json())

    def finish(self) -> TrainedModel:
        """Score the kept weights, refit if that is asked for, and write everything."""
        setup, history, checkpointer = self.setup, self.history, self.checkpointer
        prepared, material, kept = setup.prepared, self.material, checkpointer.kept
        config = prepared.config
        description, tensors = prepared.description, checkpointer.weights
        model = Seq2Seq.from_description(description, tensors).to(setup.device)
        answers, hypotheses = held_out_answers(model, prepared)
        report = report_of(answers.items, description.targets.spelling)
        calibration, reliability = calibrated(answers, hypotheses, prepared, config.training)
        before = self._cer_of_start()
        if before is not None and before < report.character_error_rate.value:
            warn_caller(
                "the model to start from answers the held-out inputs better (CER"
                f" {before:.3f}) than after training ({report.character_error_rate.value:.3f}):"
                " unless it was trained on these, keep it, or mix in some of the pairs that it was"
                " trained on, or try a smaller --learning-rate"
            )
        again, refit_facts = None, dict[str, str | int]()
        if config.training.refit:
            del model
            read = history.epochs[kept - 1].pairs
            share = 1 if read is None else read / len(prepared.training)
            again = refitted(
                material.corpus,
                setup,
                checkpointer,
                epochs=kept - 1 + share,
                console=self.console,
            )
        if again is not None:
            model, description = again
            tensors = model.tensors()
            refit_facts["refitted_on"] = len(prepared.training) + len(prepared.held_out)
            if material.held_out is not None:
                refit_facts["held_out_digest"] = material.held_out.digest
        elif config.training.refit:
            model = Seq2Seq.from_description(description, tensors).to(setup.device)
        description = replace(
            description,
            corpus={**description.corpus, **refit_facts},
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
        write_model(self.folder / MODEL_FILE, description, tensors)
        split = setup.split
        trained_on = split.training if again is None else (*split.training, *split.held_out)
        lengths = [description.sources.spelling.length(pair.source) for pair in trained_on]
        held_out = material.held_out
        facts = TrainingFacts(
            epochs=len(history.epochs),
            kept=kept,
            seconds=sum(series(history.epochs, "seconds")),
            pairs_per_second=float(np.median(series(history.epochs, "pairs_per_second"))),
            device=str(setup.device),
            shortest_source=min(lengths),
            longest_source=max(lengths),
            left_out=material.corpus.omissions,
            held_out_name="" if held_out is None else held_out.name,
            held_out_left_out="" if held_out is None else held_out.omissions,
            repeated_inputs=setup.repeated_inputs,
            refitted=again is not None,
            corpus_changed=history.corpus_changed,
            started_from="" if material.start_from is None else material.start_from.name,
            start_cer=before,
        )
        card = model_card(
            description, config, report, reliability, answers, facts, model_file=MODEL_FILE
        )
        write_atomically(self.folder / CARD_FILE, card.encode())
        examples = inputs_to_try(answers.inputs, description)
        write_atomically(self.folder / EXAMPLES_FILE, examples.encode())
        # Written last: only a finished run has a history with scores.
        with checkpointer.interruption.whole():
            scores = {**report.as_dict(), "reliability": reliability.as_dict()}
            finished = replace(history, scores=scores)
            write_atomically(self.folder / HISTORY_FILE, finished.to_json())
            # Only now, as it tells that the run is finished.
            history.scores = scores
            checkpointer.finish()
        return TrainedModel(
            model, description, history, kept, report, reliability, prepared.references, self.folder
        )

    def _cer_of_start(self) -> float | None:
        """Return the held-out CER of the model that training started from, if there is one."""
        setup = self.setup
        if setup.start is None:
            return None
        prepared = setup.prepared
        # Only to answer, which takes far less memory than training did.
        model = first_model(prepared, setup.start[1]).to(setup.device)
        answers, _ = held_out_answers(model, prepared)
        spelling = prepared.description.targets.spelling
        return report_of(answers.items, spelling, bootstrap=0).character_error_rate.value


def _announce(
    console: Console | None,
    material: Material,
    setup: Setup,
    folder: Path,
) -> None:
    if console is None:
        return
    for what, corpus in (
        ("left out", material.corpus),
        ("left out of the held-out corpus", material.held_out),
    ):
        if corpus is not None and corpus.left_out:
            console.print(f"{what}: {corpus.omissions}", highlight=False, soft_wrap=True)
    prepared = setup.prepared
    description, training = prepared.description, prepared.config.training
    console.print(
        f"{len(prepared.training):,} training pairs, {len(prepared.held_out):,} held out;"
        f" {len(description.sources)} source and {len(description.targets)} target symbols;"
        f" {description.config.units} units, at most {training.epochs} epochs in batches of"
        f" {training.batch_size}, on {setup.device}; run: {folder}",
        highlight=False,
        soft_wrap=True,
    )
    if setup.repeated_inputs:
        console.print(
            f"{setup.repeated_inputs:,} of {len(prepared.references):,} held-out inputs are also"
            " trained on: how well they are answered says little about others",
            highlight=False,
            soft_wrap=True,
        )
    if is_crowded(setup.device):
        console.print(CROWDED, highlight=False, soft_wrap=True)
