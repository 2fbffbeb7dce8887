"""Corpora that a model is scored against: read as its own was, unless told otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from charseq.config import CorpusConfig
from charseq.corpus import Corpus, Pair, PairLike, corpus_of, read_corpus
from charseq.errors import ColumnError, UsageError
from charseq.modelfile import NAMED_COLUMNS, ModelDescription, have_names
from charseq.text import PLAIN, Input


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
    if isinstance(corpus, Corpus):
        return corpus
    spellings = description.spellings if description else PLAIN
    config = CorpusConfig.model_validate(_as_in_training(settings, description))
    if not isinstance(corpus, str | Path):
        turned = bool(settings.get("reverse", False))
        return corpus_of(corpus, config.model_copy(update={"reverse": turned}), spellings=spellings)
    try:
        return read_corpus(corpus, config, mirror=mirror, spellings=spellings)
    except ColumnError as error:
        remembered = (description.columns.keys() if description else set()) - settings.keys()
        if remembered.isdisjoint(NAMED_COLUMNS):
            raise
        raise UsageError(
            f"{error}. The model was trained on these columns; where others are meant, name them,"
            " such as: --no-header --source-column 1 --target-column 2"
        ) from None


def refuse_other_columns(
    descriptions: Sequence[ModelDescription], settings: Mapping[str, object]
) -> None:
    """Raise a `UsageError` where two models would read a corpus in different columns."""
    first, *others = (
        CorpusConfig.model_validate(_as_in_training(settings, each)) for each in descriptions
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


def _as_in_training(
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
