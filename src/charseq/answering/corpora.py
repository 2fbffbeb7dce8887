"""Corpora that a model is scored against: read as its own was, unless told otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from charseq.config import CorpusConfig
from charseq.corpus import Corpus, Pair, PairLike, corpus_of, read_corpus
from charseq.errors import ColumnError, UsageError, visible
from charseq.modelfile import NAMED_COLUMNS, ModelDescription, have_names
from charseq.text import PLAIN, Input, Spellings


def corpus_to_score(
    corpus: str | Path | Corpus | Iterable[PairLike],
    settings: Mapping[str, object],
    description: ModelDescription | None,
    mirror: str | None = None,
) -> Corpus:
    """Return a corpus to score against.

    Args:
        corpus: a file, a corpus's name, a corpus, or pairs of source and target.
        settings: those of `CorpusConfig` that are asked for.
        description: of the model that is scored, if there is one: what the settings do not say of a
            file's columns is as in its training. Pairs are taken as they are.
        mirror: where named corpora are downloaded from.

    Raises:
        CharseqError: if a setting is unknown, or the corpus cannot be read; its subclasses say
            what.
    """
    if isinstance(corpus, str | Path):
        found = _read(corpus, settings, description, mirror)
    elif isinstance(corpus, Corpus):
        found = corpus
    else:
        usual = (
            {} if description is None else {"features_separator": description.features_separator}
        )
        config = CorpusConfig.model_validate({**usual, **settings})
        found = corpus_of(corpus, config, spellings=_spellings(description))
    if description is not None:
        _refuse_without_conditions(found, description)
    return found


def refuse_other_columns(
    descriptions: Sequence[ModelDescription], settings: Mapping[str, object]
) -> None:
    """Raise a `UsageError` where two models would read a corpus in different columns."""
    first, *others = (
        CorpusConfig.model_validate(as_in_training(settings, each)) for each in descriptions
    )
    if any(other != first for other in others):
        raise UsageError(
            "the models were trained on different columns: say which are meant, with"
            " --source-column and --target-column, and --features-column and --language-column"
            " where they have any"
        )


def conditions_of(inputs: Sequence[Input] | Sequence[Pair]) -> dict[str, Any]:
    """Return the features and the languages of inputs as a model takes them, if any has some."""
    features, languages = [each.features for each in inputs], [each.language for each in inputs]
    return {
        "features": features if any(features) else None,
        "language": languages if any(languages) else None,
    }


def as_in_training(
    settings: Mapping[str, object], description: ModelDescription | None
) -> dict[str, object]:
    """Return settings, and where they say nothing of columns those of a model's training."""
    remembered = dict(description.columns) if description else {}
    if settings.keys() & {"source_column", "target_column"}:
        # These are the ones that are meant, whichever was once the source.
        remembered.pop("reverse", None)
    both = {**remembered, **settings}
    if "header" not in settings and not have_names(both):
        both.pop("header", None)
    return both


def _read(
    name: str | Path,
    settings: Mapping[str, object],
    description: ModelDescription | None,
    mirror: str | None,
) -> Corpus:
    config = CorpusConfig.model_validate(as_in_training(settings, description))
    try:
        return read_corpus(name, config, mirror=mirror, spellings=_spellings(description))
    except ColumnError as error:
        remembered = (description.columns.keys() if description else set()) - settings.keys()
        if remembered.isdisjoint(NAMED_COLUMNS):
            raise
        others = [
            f" --{column.replace('_', '-')} {number}"
            for number, column in enumerate(NAMED_COLUMNS, start=1)
            if number <= 2 or column in remembered
        ]
        raise UsageError(
            f"{error}. The model was trained on these columns; where others are meant, name them,"
            f" such as: --no-header{''.join(others)}"
        ) from None


def _spellings(description: ModelDescription | None) -> Spellings:
    return PLAIN if description is None else description.spellings


def _refuse_without_conditions(corpus: Corpus, description: ModelDescription) -> None:
    """Raise a `UsageError` where a model reads with each text what no pair has."""
    known = description.sources.conditions
    for option, what, wanted, given in (
        ("features", "features", known.features, (pair.features for pair in corpus.pairs)),
        ("language", "a language", known.languages, (pair.language for pair in corpus.pairs)),
    ):
        if wanted and not any(given):
            raise UsageError(
                f"the model reads {what} with each text, such as {visible(next(iter(wanted)))!r},"
                f" and {visible(corpus.name)} has none: name their column, with --{option}-column"
                f" ({option}_column=…), or give pairs that have them"
            )
