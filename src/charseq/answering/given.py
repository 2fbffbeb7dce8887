"""Checks of what callers give: texts with their features, prefixes, targets, and streams."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, cast

from charseq.errors import UsageError, visible
from charseq.modelfile import ModelDescription
from charseq.text import Features, Input, can_be_iterated, inputs_of

Given = TypeVar("Given")

# Marks a missing value.
_LACKING = object()


def inputs_given(
    description: ModelDescription,
    texts: str | Iterable[str],
    features: str | Iterable[Features] | None,
    language: str | Iterable[str] | None,
) -> Iterator[Input]:
    """Return the inputs that a model reads; with a single text, all features given belong to it.

    Args:
        description: the model's description.
        texts: one source, or several.
        features: as for `inputs_of`, or those of the one text.
        language: as for `inputs_of`.

    Raises:
        UsageError: if features or languages are missing, not expected, or not one for each.
    """
    if isinstance(texts, str):
        texts, features = [texts], None if features is None else [cast(Features, features)]
    known = description.sources.conditions
    for what, name, given, has in (
        ("features", "features", features, known.features),
        ("a language", "language", language, known.languages),
    ):
        if has and given is None:
            example = next(iter(has))
            raise UsageError(
                f"this model needs {what} for each text, such as {visible(example)!r}: set {name}"
            )
        if has and name == "language" and given == "":
            raise UsageError(
                "the language of a text cannot be empty: name one that the model knows"
            )
        if given is not None and not has:
            raise UsageError(f"this model does not take {what}: omit {name}")
    return inputs_of(texts, features, language, description.features_separator)


def begun_with(
    inputs: Iterable[Input], prefix: str | Iterable[str] | None
) -> Iterator[tuple[Input, str]]:
    """Yield each input with what its answer must begin with.

    Args:
        inputs: the inputs to answer.
        prefix: one for all, or one for each; None: any answers are allowed.

    Raises:
        UsageError: if there are fewer or more prefixes than inputs, or one is not a text.
    """
    if prefix is None or isinstance(prefix, str):
        yield from zip(inputs, itertools.repeat(prefix or ""), strict=False)
        return
    if not can_be_iterated(prefix):
        raise UsageError(
            f"a prefix must be a text, not {prefix!r}; give one for all texts, or one for each"
        )
    for each, own in itertools.zip_longest(inputs, prefix, fillvalue=_LACKING):
        if each is _LACKING or own is _LACKING:
            few_or_many = "fewer" if own is _LACKING else "more"
            raise UsageError(f"there are {few_or_many} prefixes than texts: give one for each")
        if not isinstance(own, str):
            raise UsageError(f"a prefix must be a text, not {own!r}; use '' for none")
        yield cast(Input, each), own


def listed(targets: str | Iterable[str]) -> list[str]:
    """Return one target, or several, as a list.

    Raises:
        UsageError: if any is not a text.
    """
    if isinstance(targets, str):
        return [targets]
    if not can_be_iterated(targets):
        raise UsageError(f"give one target, or one for each source, not {targets!r}")
    several = list(targets)
    for number, target in enumerate(several, start=1):
        if not isinstance(target, str):
            raise UsageError(f"target {number:,} must be a string, not {type(target).__name__}")
    return several


def refuse_one_and_many(sources: object, targets: object) -> None:
    """Raise a `UsageError` if one source comes with several targets, or the other way round."""
    if isinstance(sources, str) != isinstance(targets, str):
        raise UsageError("give one source and one target, or a list of each")


def refuse_unequal(inputs: Sequence[Input], targets: Sequence[str]) -> None:
    """Raise a `UsageError` if there are more inputs than targets, or fewer."""
    if len(inputs) != len(targets):
        raise UsageError(
            f"sources and targets differ in number ({len(inputs):,} and {len(targets):,}): give one"
            " target for each source"
        )


def chunks(several: Iterator[Given], most: int) -> Iterator[list[Given]]:
    """Yield an iterator's items in chunks of at most `most`; if it fails, yield the rest first."""
    failure: Exception | None = None
    while failure is None:
        chunk: list[Given] = []
        try:
            for each in itertools.islice(several, most):
                chunk.append(each)
        except Exception as error:
            failure = error
        if chunk:
            yield chunk
        elif failure is None:
            return
    raise failure
