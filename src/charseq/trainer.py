"""From a corpus to a translator: the public `train`, `rehearse` and `resume`."""

import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from charseq.answering import (
    as_in_training,
    refuse_settings_of_memory,
    refuse_without_conditions,
    telling_of_columns,
)
from charseq.config import (
    NOISE,
    TEXT_COLUMNS,
    CorpusConfig,
    ModelConfig,
    ModelSettings,
    RunSettings,
    configure,
    sections_of,
)
from charseq.corpus import CorpusLike, corpus_from
from charseq.errors import CharseqError, MachineError, UsageError, visible
from charseq.modelfile import read_description, refuse_model_output
from charseq.text import Spellings
from charseq.training import (
    MODEL_FILE,
    Callback,
    Material,
    Rehearsal,
    TrainedModel,
    history_to_resume,
    place_of,
    progress_console,
    rehearse_run,
    resume_run,
    train_run,
)
from charseq.translator import Translator


def train(
    corpus: CorpusLike,
    *,
    preset: str = "default",
    config: str | Path | None = None,
    run: str | Path | None = None,
    overwrite: bool = False,
    output: str | Path | None = None,
    held_out: CorpusLike | None = None,
    start_from: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    mirror: str | None = None,
    **settings: object,
) -> Translator:
    """Train a model.

    Args:
        corpus: a file, a corpus's name, a corpus, or pairs of source and target, with features and
            a language if there are any.
        preset: `default`, or `keras-example` for the original's settings.
        config: a TOML file of settings.
        run: the folder for the settings, history, model and learning curve; by default
            `runs/<corpus>-<date>`.
        overwrite: if the folder holds a run, move it to `RUN.1`, or the next free number, first.
        output: where to write the finished model as well.
        held_out: a corpus to hold out instead of a part of the first.
        start_from: a model file whose weights training starts from; its vocabularies grow by the
            corpus's new characters, and files are read with the columns that it was trained on
            unless others are given.
        callbacks: each is called with the record of every epoch, for other trackers.
        progress: show every epoch on standard error, with a progress bar if that is a terminal.
        mirror: where named corpora are downloaded from.
        **settings: any setting of `CorpusConfig`, `ModelSettings` and `TrainingSettings` by its
            name; they override the file's, which override the preset's.

    Raises:
        CharseqError: if anything is wrong; its subclasses say what.
    """
    _refuse_callbacks(callbacks)
    asked = _Asked(corpus, held_out, start_from, mirror)
    material, chosen = asked.begun(preset, config, output, settings)
    trained = train_run(
        material,
        chosen,
        folder=None if run is None else Path(run),
        overwrite=overwrite,
        needed=[] if output is None else [Path(output).parent],
        callbacks=callbacks,
        console=progress_console() if progress else None,
    )
    return _translator(trained, output)


def rehearse(
    corpus: CorpusLike,
    *,
    preset: str = "default",
    config: str | Path | None = None,
    output: str | Path | None = None,
    held_out: CorpusLike | None = None,
    start_from: str | Path | None = None,
    mirror: str | None = None,
    **settings: object,
) -> Rehearsal:
    """Return what a training would do, based on ten real steps, and write nothing.

    Args:
        corpus: a file, a corpus's name, a corpus, or pairs.
        preset: as for `train`.
        config: as for `train`.
        output: as for `train`; only checked.
        held_out: as for `train`.
        start_from: as for `train`.
        mirror: as for `train`.
        **settings: as for `train`.

    Raises:
        CharseqError: if anything is wrong that can be known beforehand.
    """
    asked = _Asked(corpus, held_out, start_from, mirror)
    return rehearse_run(*asked.begun(preset, config, output, settings))


def resume(
    run: str | Path,
    corpus: CorpusLike | None = None,
    *,
    output: str | Path | None = None,
    held_out: CorpusLike | None = None,
    changed: bool = False,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    mirror: str | None = None,
) -> Translator:
    """Resume a run that was stopped, as if it had never been interrupted.

    The corpus and everything else that the run started with are read again from where they were.

    Args:
        run: its folder.
        corpus: where the pairs are now; needed if they were not read from a file or by a name.
        output: where to write the finished model as well; a path given before is not used again,
            since the run may come from elsewhere.
        held_out: where the held-out corpus is now, if there is one.
        changed: resume even if the corpus has changed since the run began.
        callbacks: each is called with the record of every further epoch.
        progress: show every epoch on standard error, with a progress bar if that is a terminal.
        mirror: where named corpora are downloaded from.

    Raises:
        CharseqError: if anything is wrong; its subclasses say what.
    """
    _refuse_output(output)
    _refuse_callbacks(callbacks)
    folder = Path(run)
    history = history_to_resume(folder)
    begun_with = history.begun_with
    former = begun_with.get("corpus")
    if corpus is None and former is not None and _is_gone(former):
        raise UsageError(
            f"the run's corpus, {former}, no longer exists: say where it is now: charseq train"
            f" CORPUS --resume {folder}"
        )
    corpus = former if corpus is None else corpus
    if corpus is None:
        raise UsageError(
            f"name the run's corpus: charseq train CORPUS --resume {folder}, or in Python"
            f" charseq.resume({str(folder)!r}, corpus), which also takes pairs in memory"
        )
    config = history.config
    start_from = begun_with.get("start_from")
    if start_from is not None and _is_gone(start_from):
        raise UsageError(
            f"the model that the run started from, {start_from}, no longer exists: put it back"
        )
    spellings = (
        Spellings.of(config.model) if start_from is None else read_description(start_from).spellings
    )
    former = begun_with.get("held_out")
    if held_out is None and former is not None and _is_gone(former):
        raise UsageError(
            f"the run's held-out corpus, {former}, no longer exists: say where it is now with"
            " --held-out (held_out)"
        )
    if held_out is None and former is None and begun_with.get("held_out_digest") is not None:
        raise UsageError("name the run's held-out corpus with --held-out (held_out)")
    held_out = former if held_out is None else held_out
    read_as = history.held_out_settings
    held = config.corpus if read_as is None else CorpusConfig.model_validate(read_as)
    asked = _Asked(corpus, held_out, start_from, mirror)
    material = asked.material(config.corpus, held, spellings)
    if not changed:
        material.refuse_others(begun_with)
    trained = resume_run(
        material,
        history,
        folder,
        callbacks=callbacks,
        console=progress_console() if progress else None,
    )
    return _translator(trained, output)


@dataclass(frozen=True)
class _Asked:
    """What to train on, as given by the caller."""

    corpus: CorpusLike
    held_out: CorpusLike | None
    start_from: str | Path | None
    mirror: str | None

    def begun(
        self,
        preset: str,
        config: str | Path | None,
        output: str | Path | None,
        settings: dict[str, object],
    ) -> tuple[Material, RunSettings]:
        """Read what to train on, and decide how to train."""
        # Once: it may be a pipe.
        of_file = {} if config is None else sections_of(config)
        in_file: dict[str, object] = {}
        given: dict[str, object] = {}
        if self.start_from is not None:
            # A shape need only be valid with what the model has.
            in_file, given = _taken(of_file.get("model"), _SHAPE), _taken(settings, _SHAPE)
        chosen = configure(preset, config, of_file, **settings)
        _refuse_output(output)
        spellings, start = Spellings.of(chosen.model), None
        if self.start_from is not None:
            start = read_description(self.start_from)
            _refuse_other_shape(given, start.config)
            try:
                _refuse_other_shape(in_file | given, start.config)
            except UsageError as error:
                raise UsageError(f"{config}: {error}") from None
            spellings = start.spellings
        asked = of_file.get("corpus", {}) | {
            name: value for name, value in settings.items() if name in CorpusConfig.model_fields
        }
        refuse_settings_of_memory(self.corpus, asked)
        begun = chosen.changed(**as_in_training(self.corpus, asked, start))
        if not isinstance(self.held_out, str | Path):
            # Columns in the settings are meant for the corpus.
            asked = {name: value for name, value in asked.items() if name not in TEXT_COLUMNS}
        held_out = () if self.held_out is None else self.held_out
        held = chosen.changed(**as_in_training(held_out, asked, start)).corpus
        with telling_of_columns(asked, start):
            material = self.material(begun.corpus, held, spellings)
        if start is not None:
            refuse_without_conditions(material.corpus, start, "the model to start from")
        return material, begun

    def material(
        self, config: CorpusConfig, held_out_config: CorpusConfig, spellings: Spellings
    ) -> Material:
        """Read the corpora.

        Args:
            config: how to read the corpus.
            held_out_config: how to read the held-out corpus.
            spellings: how both are spelt.
        """
        # A held-out corpus is never limited.
        whole = held_out_config.model_copy(update={"limit": None})
        held_out = None
        corpus = corpus_from(self.corpus, config, mirror=self.mirror, spellings=spellings)
        if self.held_out is not None:
            held_out = corpus_from(self.held_out, whole, mirror=self.mirror, spellings=spellings)
        return Material(
            corpus,
            held_out,
            start_from=None if self.start_from is None else Path(self.start_from),
            corpus_from=place_of(self.corpus),
            held_out_from=place_of(self.held_out),
            held_out_config=None if held_out is None else held_out_config,
        )


def _is_gone(corpus: str) -> bool:
    """Return whether a corpus was a file, stored by its absolute path, that no longer exists."""
    path = Path(corpus)
    return path.is_absolute() and not path.exists()


def _refuse_callbacks(callbacks: object) -> None:
    """Refuse what cannot be called after an epoch before the first one is trained.

    Raises:
        UsageError: if it is not several functions.
    """
    if not isinstance(callbacks, Sequence) or not all(map(callable, callbacks)):
        raise UsageError(f"callbacks must be a list of functions, not {visible(repr(callbacks))}")


def _refuse_output(output: str | Path | None) -> None:
    """Refuse, before the work and not after it, a path where the finished model cannot be written.

    Raises:
        UsageError: if no model file can be put there.
        MachineError: if nothing may be written to its folder.
    """
    if output is None:
        return
    refuse_model_output(Path(output))
    folder = Path(output).absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MachineError(f"cannot write {output}: nothing may be written to {folder}")


def _translator(trained: TrainedModel, output: str | Path | None) -> Translator:
    translator = Translator(trained.model, trained.description, trained)
    if output is not None:
        try:
            translator.save(output)
        except CharseqError as error:
            there = f"the finished model is {trained.folder / MODEL_FILE}"
            raise type(error)(f"{error}; {there}") from None
    return translator


_SHAPE = frozenset(ModelConfig.model_fields) - NOISE


def _taken(settings: object, names: Set[str]) -> dict[str, object]:
    """Take some settings out of a dictionary, if it is one, and return them."""
    if not isinstance(settings, dict):
        return {}
    return {name: settings.pop(name) for name in sorted(settings.keys() & names)}


def _refuse_other_shape(given: Mapping[str, object], shape: ModelConfig) -> None:
    """Raise a `UsageError` if settings are given that a model to start from does not have."""
    try:
        wanted = ModelSettings.model_validate({**shape.model_dump(), **given}).model_dump()
    except UsageError:
        # Whether they fit together matters only where they are the model's.
        own = ModelSettings.model_validate(shape.model_dump()).model_dump()
        wanted = {**own, **given}
        if all(wanted[name] in ("auto", own[name]) for name in given):
            raise
    for name in given:
        if wanted[name] not in ("auto", getattr(shape, name)):
            raise UsageError(
                f"{name} is {getattr(shape, name)!r} in the model to start from, and cannot"
                f" become {wanted[name]!r}: omit it"
            )
