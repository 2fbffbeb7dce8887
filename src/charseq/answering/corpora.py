"""Corpora, read as a model's training corpus was unless something else is asked for."""

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charseq.config import NAMED_COLUMNS, CorpusConfig, refuse_unknown
from charseq.corpus import Corpus, CorpusLike, Pair, corpus_from, is_named
from charseq.errors import ColumnError, UsageError, visible, warn_caller
from charseq.modelfile import ModelDescription, have_names
from charseq.text import PLAIN, Conditions, Input


def corpus_to_score(
    corpus: CorpusLike,
    settings: Mapping[str, object],
    description: ModelDescription | None,
    mirror: str | None = None,
) -> Corpus:
    """Return a corpus to score against, and warn if lines of it were left out.

    Args:
        corpus: what to read; a `Corpus` is used unchanged.
        settings: the settings of `CorpusConfig` that are asked for.
        description: the description of the model that is scored, if there is one; its training
            decides what the settings leave open.
        mirror: where named corpora are downloaded from.

    Raises:
        CharseqError: if a setting is unknown, or the corpus cannot be read; its subclasses say
            what.
    """
    refuse_settings_of_memory(corpus, settings)
    spellings = PLAIN if description is None else description.spellings
    config = CorpusConfig.model_validate(as_in_training(corpus, settings, description))
    with telling_of_columns(settings, description):
        found = corpus_from(corpus, config, mirror=mirror, spellings=spellings)
    if description is not None:
        refuse_without_conditions(found, description)
    if found.left_out:
        # Those that are left may be the easier ones.
        warn_caller(f"of {visible(found.name)}, lines were left out: {found.omissions}")
    return found


def warn_of_training_corpus(
    corpus: Corpus, description: ModelDescription, model: str = "the model"
) -> None:
    """Warn if a corpus consists of the very pairs that a model was trained on, or again with.

    Args:
        corpus: the pairs to score.
        description: the model's description.
        model: what the message calls the model.
    """
    trained_on = (description.corpus.get(name) for name in ("digest", "held_out_digest"))
    if corpus.digest and corpus.digest in trained_on:
        elsewhere = "; its model card has those of the held-out pairs" * bool(description.scores)
        warn_caller(
            f"{model} was trained on {visible(corpus.name)}: scores on other texts will be"
            f" lower{elsewhere}"
        )


def refuse_settings_of_memory(corpus: CorpusLike, settings: Mapping[str, object]) -> None:
    """Raise a `UsageError` if a `Corpus`, which was read already, is to be read by settings."""
    refuse_unknown(settings, CorpusConfig.model_fields)
    unused = _unusual(settings, settings.keys() - {"features_separator"})
    if unused and isinstance(corpus, Corpus):
        raise UsageError(f"a corpus in memory is used as it is: omit {' and '.join(unused)}")


def as_in_training(
    corpus: CorpusLike, settings: Mapping[str, object], description: ModelDescription | None
) -> dict[str, object]:
    """Return settings, completed with the columns of a model's training where they name none.

    Only the user's own files have columns; a named corpus or an archive may be reversed, and pairs
    in memory are used unchanged.

    Args:
        corpus: what is to be read.
        settings: the settings of `CorpusConfig` that are asked for.
        description: the model's description, if there is one.

    Raises:
        UsageError: if columns are asked for that pairs in memory do not have.
    """
    remembered: dict[str, object] = dict(description.columns) if description else {}
    asked = settings.keys() & {"source_column", "target_column"}
    if not isinstance(corpus, str | Path):
        if unusual := _unusual(settings, asked):
            raise UsageError(
                f"pairs in memory have no columns: omit {' and '.join(unusual)}; reverse=True"
                " swaps source and target"
            )
        remembered = _only(remembered, "features_separator")
    elif _is_of_the_collection(corpus):
        remembered = _only(remembered, "reverse")
    if asked:
        # Explicit columns are meant as given, whichever was the source in training.
        remembered.pop("reverse", None)
    both = {**remembered, **settings}
    if "header" not in settings and not have_names(both):
        both.pop("header", None)
    return both


@contextmanager
def telling_of_columns(
    settings: Mapping[str, object], description: ModelDescription | None
) -> Iterator[None]:
    """Explain, if a column is missing, that a model's training asked for it, and what to do.

    Args:
        settings: the settings of `CorpusConfig` that are asked for.
        description: the model's description, if there is one.

    Raises:
        UsageError: if columns of the model's training are missing.
    """
    try:
        yield
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
            f"{error}. The model was trained on these columns; if you mean others, name them, for"
            f" example: --no-header{''.join(others)}"
        ) from None


def refuse_other_columns(
    name: str, descriptions: Sequence[ModelDescription], settings: Mapping[str, object]
) -> None:
    """Raise a `UsageError` if models would read different columns of a corpus."""
    first, *others = (
        CorpusConfig.model_validate(as_in_training(name, settings, each)) for each in descriptions
    )
    if any(other != first for other in others):
        raise UsageError(
            "the models were trained on different columns: name the ones to use, with"
            " --source-column and --target-column, and with --features-column and"
            " --language-column if there are any"
        )


def refuse_without_conditions(
    corpus: Corpus, description: ModelDescription, model: str = "the model"
) -> None:
    """Raise a `UsageError` if a model needs features or a language, and no pair has any.

    Args:
        corpus: the pairs.
        description: the model's description.
        model: what the message calls the model.
    """
    known = description.sources.conditions
    for option, what, wanted, given in (
        ("features", "features", known.features, (pair.features for pair in corpus.pairs)),
        ("language", "a language", known.languages, (pair.language for pair in corpus.pairs)),
    ):
        if wanted and not any(given):
            raise UsageError(
                f"{model} needs {what} for each text, such as {visible(next(iter(wanted)))!r},"
                f" but {visible(corpus.name)} has none: name the column with --{option}-column"
                f" ({option}_column=…), or give pairs that have them"
            )


def conditions_of(
    inputs: Sequence[Input] | Sequence[Pair], known: Conditions | None = None
) -> dict[str, Any]:
    """Return the features and languages of inputs as a translator takes them.

    Args:
        inputs: the inputs.
        known: the conditions of a model, to return only what it reads; without it, whatever any
            input has is returned.
    """
    features, languages = [each.features for each in inputs], [each.language for each in inputs]
    with_features = any(features) if known is None else known.features
    with_languages = any(languages) if known is None else known.languages
    return {
        "features": features if with_features else None,
        "language": languages if with_languages else None,
    }


def _unusual(settings: Mapping[str, object], names: Set[str]) -> list[str]:
    """Return those of `names` whose settings are not the default."""
    usual = CorpusConfig()
    # A file of settings has a word for None.
    given = {name: None if settings[name] == "none" else settings[name] for name in names}
    return [name for name in sorted(names) if given[name] != getattr(usual, name)]


def _only(settings: Mapping[str, object], name: str) -> dict[str, object]:
    return {name: settings[name]} if name in settings else {}


def _is_of_the_collection(corpus: str | Path) -> bool:
    """Return whether a corpus is a named one, or an archive like those that are downloaded."""
    return is_named(corpus) or Path(corpus).suffix.lower() == ".zip"
