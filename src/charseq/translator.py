"""The public face: train or load a model, translate, save."""

import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal, overload

from rich.console import Console

from charseq.config import ModelConfig, RunConfig, configure
from charseq.corpus import Corpus, PairLike, corpus_of, read_corpus
from charseq.errors import UnknownCharactersWarning, UsageError, visible
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, read_model, refuse_output, write_model
from charseq.results import Translation, Unseen
from charseq.search import answer_texts, spelt
from charseq.text import Features, Input, Spellings, inputs_of
from charseq.training import Callback, TrainedModel, train_run
from charseq.training.run import resolve_device

LONGEST_SOURCE = 10_000
STREAM_CHUNK = 1_024

Unknown = Literal["replace", "error"]


class Translator:
    """A model, ready to translate.

    Attributes:
        model: the network.
        description: its configuration, vocabularies, corpus and scores.
        training_run: how it was trained, where it comes fresh from `charseq.train`.
    """

    def __init__(
        self,
        model: Seq2Seq,
        description: ModelDescription,
        training_run: TrainedModel | None = None,
    ) -> None:
        self.model = model.eval()
        self._step = model.stepper()
        self.description = description
        self.training_run = training_run

    def __repr__(self) -> str:
        name = self.description.corpus.get("name", "unnamed")
        return f"<Translator {name}: {self.description.config.units} units>"

    # A string is an iterable of strings too; the first overload is meant for it.
    @overload
    def translate(  # type: ignore[overload-overlap]
        self,
        texts: str,
        *,
        features: Features | None = None,
        language: str | None = None,
        unknown: Unknown = "replace",
    ) -> Translation: ...
    @overload
    def translate(
        self,
        texts: Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        unknown: Unknown = "replace",
    ) -> list[Translation]: ...
    def translate(
        self,
        texts: str | Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        unknown: Unknown = "replace",
    ) -> Translation | list[Translation]:
        """Translate one text, or many in one go.

        A text that is refused (longer than 10,000 characters, or with unknown characters where
        those are an error) comes back with `error` set and an empty hypothesis.

        Args:
            texts: one source, or several.
            features: what the answers are to be, where the model was trained with features: as the
                corpus writes them, `"N;ACC;PL"`, or as a sequence of strings. Several texts take
                one string for all, or the features of each.
            language: which of the model's languages the texts are in, where it was trained with
                several: one for all, or one for each.
            unknown: what becomes of symbols that the model never saw: `replace` maps them to the
                unknown symbol and warns once, naming them; `error` refuses the text.

        Raises:
            UsageError: if features or languages are missing, not the model's, or not one for each.
        """
        if isinstance(texts, str):
            features = None if features is None else [features]  # type: ignore[list-item]
            many = self._inputs([texts], features, language)
        else:
            many = self._inputs(texts, features, language)
        translations = self._answer(list(many), unknown)
        _warn_of_unknown(translations)
        return translations[0] if isinstance(texts, str) else translations

    def stream(
        self,
        lines: Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        unknown: Unknown = "replace",
    ) -> Iterator[Translation]:
        """Translate any number of texts in bounded memory, in order, some at a time.

        Args:
            lines: the sources.
            features: as for `translate`.
            language: as for `translate`.
            unknown: as for `translate`; the warning comes at the end.

        Raises:
            UsageError: as `translate` does.
        """
        strange: list[Translation] = []
        inputs = self._inputs(lines, features, language)
        while chunk := list(itertools.islice(inputs, STREAM_CHUNK)):
            for translation in self._answer(chunk, unknown):
                if translation.unknown_symbols or translation.unknown_features:
                    strange = [*strange[-1_000:], translation]
                yield translation
        _warn_of_unknown(strange)

    def save(self, path: str | Path) -> None:
        """Write the model file.

        Raises:
            MachineError: if it cannot be written.
        """
        write_model(path, self.description, self.model.tensors())

    def _inputs(
        self,
        texts: Iterable[str],
        features: str | Iterable[Features] | None,
        language: str | Iterable[str] | None,
    ) -> Iterator[Input]:
        known = self.description.sources.conditions
        for what, name, given, has in (
            ("features", "features", features, known.features),
            ("a language", "language", language, known.languages),
        ):
            if has and given is None:
                example = next(iter(has))
                raise UsageError(
                    f"this model reads {what} with each text, such as {visible(example)!r}: give"
                    f" {name}"
                )
            if given is not None and not has:
                raise UsageError(f"this model was trained without {name}: leave {name} out")
        return inputs_of(texts, features, language, self.description.features_separator)

    def _answer(self, inputs: Sequence[Input], unknown: Unknown) -> list[Translation]:
        sources = self.description.sources
        read = [
            Unseen(
                tuple(sorted(sources.unknown_symbols(each.source))),
                tuple(chain.from_iterable(sources.conditions.lacking([each]))),
            )
            for each in inputs
        ]
        errors = [
            _refusal(each.source, strange, unknown)
            for each, strange in zip(inputs, read, strict=True)
        ]
        accepted = [
            Input("") if error else each for each, error in zip(inputs, errors, strict=True)
        ]
        hypotheses = answer_texts(self.model, self._step, self.description, accepted)
        texts = spelt(self.description, accepted, hypotheses)
        return [
            Translation(
                source=each.source,
                hypothesis=text,
                log_probability=hypothesis.log_probability,
                cut=hypothesis.cut,
                unknown_symbols=tuple(strange.symbols),
                unknown_features=tuple(strange.features),
                error=error,
                features=each.features,
                language=each.language,
            )
            for each, text, hypothesis, strange, error in zip(
                inputs, texts, hypotheses, read, errors, strict=True
            )
        ]


def load(path: str | Path, *, device: str = "auto") -> Translator:
    """Load a model file.

    Args:
        path: of a `.safetensors` file that charseq wrote.
        device: where to compute: auto, cpu, cuda or mps.

    Raises:
        ModelFileError: if the file is not one that this version can read.
        UsageError: if there is no such file, or this machine has no such device.
    """
    description, tensors = read_model(path)
    model = Seq2Seq.from_description(description, tensors)
    return Translator(model.to(resolve_device(device)), description)


def train(
    corpus: str | Path | Corpus | Iterable[PairLike],
    *,
    preset: str = "default",
    config: str | Path | None = None,
    run: str | Path | None = None,
    output: str | Path | None = None,
    held_out: str | Path | Corpus | None = None,
    start_from: str | Path | None = None,
    callbacks: Sequence[Callback] = (),
    progress: bool = False,
    mirror: str | None = None,
    **settings: object,
) -> Translator:
    """Train a model.

    Args:
        corpus: a file, a corpus's name, a corpus, or pairs of source and target, and with them
            features and a language where there are any.
        preset: `default`, or `keras-example` for the original's settings.
        config: a TOML file of settings.
        run: the folder for the settings, history, model and learning curve; by default
            `runs/<corpus>-<date>`.
        output: where the finished model is put as well.
        held_out: a corpus to hold out, instead of a part of the first.
        start_from: a model file whose weights training starts from; its vocabularies grow by the
            corpus's new characters.
        callbacks: each is called with the record of every epoch, for other trackers.
        progress: show every epoch on standard error, with a bar where that is a terminal.
        mirror: where named corpora are downloaded from.
        **settings: any setting of `CorpusConfig`, `ModelConfig` and `TrainingConfig` by its name;
            they come after the file's, and those after the preset's.

    Raises:
        CharseqError: if anything is wrong; its subclasses say what.
    """
    chosen = configure(preset, config, **settings)
    if output is not None:
        # Before the work, not after it.
        refuse_output(Path(output))
        if not Path(output).absolute().parent.is_dir():
            raise UsageError(f"cannot write {output}: there is no folder {Path(output).parent}")
    spellings = Spellings.of(chosen.model)
    if start_from is not None:
        start = read_model(start_from)[0]
        _refuse_other_shape(settings, start.config)
        spellings = start.spellings
    if isinstance(corpus, str | Path):
        corpus = read_corpus(corpus, chosen.corpus, mirror=mirror, spellings=spellings)
    elif not isinstance(corpus, Corpus):
        corpus = corpus_of(corpus, chosen.corpus, spellings=spellings)
    if isinstance(held_out, str | Path):
        whole = chosen.corpus.model_copy(update={"limit": None})
        held_out = read_corpus(held_out, whole, mirror=mirror, spellings=spellings)
    trained = train_run(
        corpus,
        chosen,
        folder=None if run is None else Path(run),
        held_out=held_out,
        start_from=None if start_from is None else Path(start_from),
        callbacks=callbacks,
        console=Console(stderr=True) if progress else None,
    )
    translator = Translator(trained.model, trained.description, trained)
    if output is not None:
        translator.save(output)
    return translator


def _refusal(text: str, unseen: Unseen, unknown: Unknown) -> str | None:
    if len(text) > LONGEST_SOURCE:
        return f"longer than {LONGEST_SOURCE:,} characters"
    if unknown == "error" and any(unseen):
        return f"the model never saw {unseen}"
    return None


def _warn_of_unknown(translations: Iterable[Translation]) -> None:
    unseen = Unseen.of(translations)
    if any(unseen):
        warnings.warn(unseen.warning(), UnknownCharactersWarning, stacklevel=3)


def _refuse_other_shape(settings: dict[str, object], shape: ModelConfig) -> None:
    for name in settings.keys() & ModelConfig.model_fields.keys():
        wanted = getattr(RunConfig().changed(**{name: settings[name]}).model, name)
        if wanted != getattr(shape, name):
            raise UsageError(
                f"{name} is {getattr(shape, name)!r} in the model to start from, and cannot"
                f" become {wanted!r}: leave it out"
            )
