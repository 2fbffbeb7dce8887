"""From a corpus to a translator: the public `train`."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from charseq.config import ModelConfig, RunSettings, configure
from charseq.corpus import Corpus, PairLike, corpus_of, read_corpus
from charseq.errors import UsageError
from charseq.modelfile import read_model, refuse_output
from charseq.text import Spellings
from charseq.training import Callback, train_run
from charseq.translator import Translator


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
        **settings: any setting of `CorpusConfig`, `ModelSettings` and `TrainingSettings` by its
            name; they come after the file's, and those after the preset's.

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


def _refuse_other_shape(settings: dict[str, object], shape: ModelConfig) -> None:
    for name in settings.keys() & ModelConfig.model_fields.keys():
        wanted = getattr(RunSettings().changed(**{name: settings[name]}).model, name)
        if wanted not in ("auto", getattr(shape, name)):
            raise UsageError(
                f"{name} is {getattr(shape, name)!r} in the model to start from, and cannot"
                f" become {wanted!r}: leave it out"
            )
