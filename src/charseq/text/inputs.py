"""What a model reads: a source, with its features and language."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

from charseq.errors import UsageError
from charseq.text.normalisation import Form, normalised

Features = str | Sequence[str]
"""The features of one source: as a corpus writes them, `N;ACC;PL`, or one by one."""


# Marks a missing value.
_LACKING: Any = object()
_HOW_MANY = "give one for all, or one for each"


class Input(NamedTuple):
    """What a model reads to write one answer.

    Attributes:
        source: the text.
        features: what the answer is to be, such as `("N", "ACC", "PL")`, as the corpus orders them.
        language: which of a model's languages it is in; empty where there is only one.
    """

    source: str
    features: tuple[str, ...] = ()
    language: str = ""

    def normalised(self, form: Form) -> "Input":
        """Return the input with its source in a normal form, so that equivalents are equal."""
        source = self.source
        # ASCII text is the same in every form.
        return self if source.isascii() else self._replace(source=normalised(source, form))

    def label(self) -> str:
        """Return the input as one line, for tables and messages."""
        parts = (self.source, ";".join(self.features), self.language)
        return " · ".join(part for part in parts if part)


def features_of(features: Features, separator: str) -> tuple[str, ...]:
    """Return features one by one; an empty text contains none.

    Raises:
        UsageError: if they are neither one text nor several.
    """
    if isinstance(features, str):
        return tuple(features.split(separator)) if features else ()
    if not isinstance(features, Sequence):
        kind = type(features).__name__
        raise UsageError(
            f"the features of a text must be one string, or several in order, not {kind}"
        )
    for text in features:
        if not isinstance(text, str):
            raise UsageError(f"the features of a text must be one string, or several, not {text!r}")
    # No feature contains the separator: a text that does is several features.
    return tuple(chain.from_iterable(text.split(separator) for text in features))


def can_be_iterated(value: object) -> bool:
    """Return whether a value gives others; an array without dimensions only looks as if it did."""
    try:
        iter(value)  # type: ignore[call-overload]
    except TypeError:
        return False
    return True


def inputs_of(
    texts: Iterable[str],
    features: str | Iterable[Features] | None,
    language: str | Iterable[str] | None,
    separator: str,
) -> Iterator[Input]:
    """Yield the inputs that texts make with their features and languages.

    Args:
        texts: the sources.
        features: one text for all, or the features of each.
        language: one for all, or one for each.
        separator: what stands between two features in one text.

    Raises:
        UsageError: if there are fewer or more features or languages than texts, or any of them is
            not what it should be.
    """
    if not can_be_iterated(texts):
        raise UsageError(f"give a text or several texts, not {texts!r}")
    for given, what in ((features, "features"), (language, "languages")):
        if given is not None and not can_be_iterated(given):
            raise UsageError(f"{what} cannot be {given!r}; {_HOW_MANY}")
    conditions: list[Iterator[Any]] = [
        repeat(given or "") if given is None or isinstance(given, str) else iter(given)
        for given in (features, language)
    ]
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise UsageError(f"text {number:,} must be a string, not {type(text).__name__}")
        own_features, own_language = (next(values, _LACKING) for values in conditions)
        if own_features is _LACKING or own_language is _LACKING:
            raise UsageError(f"there are fewer features or languages than texts; {_HOW_MANY}")
        if not isinstance(own_language, str):
            raise UsageError(f"the language of a text must be a string, not {own_language!r}")
        # Strings of NumPy's own type become Python's.
        yield Input(str(text), features_of(own_features, separator), str(own_language))
    for values in conditions:
        if not isinstance(values, repeat) and next(values, _LACKING) is not _LACKING:
            raise UsageError(f"there are more features or languages than texts; {_HOW_MANY}")
