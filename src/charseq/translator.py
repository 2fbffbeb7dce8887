"""The public face: train or load a model, translate, save."""

import itertools
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, overload

from rich.console import Console

from charseq.config import ModelConfig, RunConfig, configure
from charseq.corpus import Corpus, corpus_of, read_corpus
from charseq.errors import UnknownCharactersWarning, UsageError, visible
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, read_model, refuse_output, write_model
from charseq.results import Translation
from charseq.search import answer_texts
from charseq.text import Spellings
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
        self.description = description
        self.training_run = training_run

    def __repr__(self) -> str:
        name = self.description.corpus.get("name", "unnamed")
        return f"<Translator {name}: {self.description.config.units} units>"

    # A string is an iterable of strings too; the first overload is meant for it.
    @overload
    def translate(  # type: ignore[overload-overlap]
        self, texts: str, *, unknown: Unknown = "replace"
    ) -> Translation: ...
    @overload
    def translate(
        self, texts: Iterable[str], *, unknown: Unknown = "replace"
    ) -> list[Translation]: ...
    def translate(
        self, texts: str | Iterable[str], *, unknown: Unknown = "replace"
    ) -> Translation | list[Translation]:
        """Translate one text, or many in one go.

        A text that is refused (longer than 10,000 characters, or with unknown characters where
        those are an error) comes back with `error` set and an empty hypothesis.

        Args:
            texts: one source, or several.
            unknown: what becomes of symbols that the model never saw: `replace` maps them to the
                unknown symbol and warns once, naming them; `error` refuses the text.
        """
        many = [texts] if isinstance(texts, str) else list(texts)
        translations = self._answer(many, unknown)
        _warn_of_unknown(translations)
        return translations[0] if isinstance(texts, str) else translations

    def stream(
        self, lines: Iterable[str], *, unknown: Unknown = "replace"
    ) -> Iterator[Translation]:
        """Translate any number of texts in bounded memory, in order, some at a time.

        Args:
            lines: the sources.
            unknown: as for `translate`; the warning comes at the end.
        """
        strange: list[Translation] = []
        texts = iter(lines)
        while chunk := list(itertools.islice(texts, STREAM_CHUNK)):
            for translation in self._answer(chunk, unknown):
                if translation.unknown_symbols:
                    strange = [*strange[-1_000:], translation]
                yield translation
        _warn_of_unknown(strange)

    def save(self, path: str | Path) -> None:
        """Write the model file.

        Raises:
            MachineError: if it cannot be written.
        """
        write_model(path, self.description, self.model.tensors())

    def _answer(self, texts: Sequence[str], unknown: Unknown) -> list[Translation]:
        sources, targets = self.description.sources, self.description.targets
        strange = [tuple(sorted(sources.unknown_symbols(text))) for text in texts]
        errors = [
            _refusal(text, symbols if unknown == "error" else ())
            for text, symbols in zip(texts, strange, strict=True)
        ]
        accepted = ["" if error else text for text, error in zip(texts, errors, strict=True)]
        hypotheses = answer_texts(self.model, self.description, accepted)
        return [
            Translation(
                source=text,
                hypothesis=targets.text(hypothesis.ids),
                log_probability=hypothesis.log_probability,
                cut=hypothesis.cut,
                unknown_symbols=symbols,
                error=error,
            )
            for text, hypothesis, symbols, error in zip(
                texts, hypotheses, strange, errors, strict=True
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
    corpus: str | Path | Corpus | Iterable[tuple[str, str]],
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
        corpus: a file, a corpus's name, a corpus, or pairs of source and target.
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


def _refusal(text: str, forbidden: Sequence[str]) -> str | None:
    if len(text) > LONGEST_SOURCE:
        return f"longer than {LONGEST_SOURCE:,} characters"
    if forbidden:
        return f"the model never saw {_named(forbidden)}"
    return None


def _warn_of_unknown(translations: Iterable[Translation]) -> None:
    replaced = (each.unknown_symbols for each in translations if each.error is None)
    symbols = set[str]().union(*replaced)
    if symbols:
        warnings.warn(unknown_warning(symbols), UnknownCharactersWarning, stacklevel=3)


def unknown_warning(symbols: Collection[str]) -> str:
    """Return the sentence that names symbols which a model never saw."""
    what = "characters" if all(len(symbol) == 1 for symbol in symbols) else "symbols"
    return f"{what} that the model never saw were read as unknown: {_named(symbols)}"


def _named(symbols: Iterable[str]) -> str:
    return " ".join(
        f"{visible(symbol)} (U+{ord(symbol):04X})" if len(symbol) == 1 else visible(symbol)
        for symbol in sorted(symbols)
    )


def _refuse_other_shape(settings: dict[str, object], shape: ModelConfig) -> None:
    for name in settings.keys() & ModelConfig.model_fields.keys():
        wanted = getattr(RunConfig().changed(**{name: settings[name]}).model, name)
        if wanted != getattr(shape, name):
            raise UsageError(
                f"{name} is {getattr(shape, name)!r} in the model to start from, and cannot"
                f" become {wanted!r}: leave it out"
            )
