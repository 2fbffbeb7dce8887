"""The results that charseq returns: immutable, and printed as the text itself."""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charseq.errors import visible

_SILENT = (
    "confidence",
    "unknown_symbols",
    "unknown_features",
    "error",
    "features",
    "language",
    "abstained",
    "withheld",
    "alternatives",
)

END_LABEL = "(end)"
"""The label of a target's end where symbols are shown one by one."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the n best answers to a source.

    Attributes:
        hypothesis: the answer.
        log_probability: natural logarithm of its probability, including its end unless it was cut.
        score: its rank score: the log-probability divided by a penalty for the length.
        cut: whether it hit the output limit before the model ended it.
        confidence: the probability that it is right, or None if the model is not calibrated.
    """

    hypothesis: str
    log_probability: float
    score: float
    cut: bool = False
    confidence: float | None = None

    def __str__(self) -> str:
        return self.hypothesis


@dataclass(frozen=True, slots=True)
class Translation:
    """One answer of a model.

    Attributes:
        source: the text that was translated.
        hypothesis: the model's answer; empty if it abstained.
        log_probability: natural logarithm of the answer's probability, including its end unless it
            was cut.
        cut: whether the answer hit the output limit before the model ended it.
        confidence: the probability that the answer is right, from 0 to 1; None if the model is not
            calibrated, for samples, and if there is no answer.
        unknown_symbols: the source symbols that the model has never seen, sorted.
        unknown_features: the features, and the language, that it has never seen.
        error: why the source was refused; the hypothesis is then empty.
        features: the features that were given, if the model reads any.
        language: the language that was given, if the model has several.
        abstained: whether the answer is withheld because its confidence is too low.
        withheld: the withheld answer.
        alternatives: the n best answers, best first, if more than one was asked for: the first is
            the hypothesis, or the withheld answer.
        columns: the columns of the model's predictions that the answer was written with, from which
            a text does not always tell: two symbols may make one character. None for given texts.
    """

    source: str
    hypothesis: str
    log_probability: float = 0.0
    cut: bool = False
    confidence: float | None = None
    unknown_symbols: tuple[str, ...] = ()
    unknown_features: tuple[str, ...] = ()
    error: str | None = None
    features: tuple[str, ...] = ()
    language: str = ""
    abstained: bool = False
    withheld: str = ""
    alternatives: tuple[Alternative, ...] = ()
    columns: tuple[int, ...] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def refused(cls, source: str, error: str) -> "Translation":
        """Return the result for a source that was refused."""
        return cls(source, "", error=error)

    def __str__(self) -> str:
        return self.hypothesis

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in JSON's types, without the uninformative ones."""
        fields = _telling(asdict(self))
        del fields["columns"]
        if self.alternatives:
            fields["alternatives"] = [_telling(asdict(each)) for each in self.alternatives]
        return fields


def _telling(fields: dict[str, Any]) -> dict[str, Any]:
    # A confidence of 0 is informative.
    return {
        name: value
        for name, value in fields.items()
        if value or name not in _SILENT or isinstance(value, float)
    }


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """What a model attended to in a source for each symbol of a target.

    Attributes:
        source: the text that was read.
        target: the text that it is aligned with: a given one, or the model's own answer.
        source_symbols: everything that the model read, in order: the language and the features by
            name, if it reads any, then the source's symbols, in the form it reads them in.
        target_symbols: the target's, in order.
        weights: of the last attention layer, (target symbols + 1, source symbols): a row for each
            target symbol and a last one for the end; each sums to 1. A source without symbols is
            never read: no columns.
        log_probability: natural logarithm of the target's probability, including its end.
        conditions: how many of `source_symbols` are a language or features.
        copying: the probability that each target symbol, and the end, is copied rather than
            written; empty if the model does not copy.
        cut: whether the target is an answer that hit the output limit before it ended.
        unknown_symbols: as in a `Translation`.
        unknown_features: as in a `Translation`.
        error: why the source was refused; nothing is then aligned.
        features: as in a `Translation`.
        language: as in a `Translation`.
    """

    source: str
    target: str
    source_symbols: tuple[str, ...]
    target_symbols: tuple[str, ...]
    weights: NDArray[np.float32]
    log_probability: float = 0.0
    conditions: int = 0
    copying: tuple[float, ...] = ()
    cut: bool = False
    unknown_symbols: tuple[str, ...] = ()
    unknown_features: tuple[str, ...] = ()
    error: str | None = None
    features: tuple[str, ...] = ()
    language: str = ""

    @classmethod
    def refused(cls, source: str, error: str) -> "Alignment":
        """Return the result for a source that was refused."""
        return cls(source, "", (), (), np.zeros((1, 0), np.float32), error=error)

    def __str__(self) -> str:
        """Return a line for the pair, and one per row: what it attends to most, and how much."""
        parts = (self.source, ";".join(self.features), self.language)
        source = visible(" · ".join(part for part in parts if part))
        if self.error is not None:
            return f"{source}: {self.error}"
        title = f"{source} → {visible(self.target)} (log-probability {self.log_probability:.4f})"
        targets = (*map(symbol_label, self.target_symbols), END_LABEL)
        return "\n".join([title, *map(self._line, range(len(targets)), targets)])

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in JSON's types, without the uninformative ones.

        Weights have six decimals, and there is no infinity.
        """
        fields = asdict(self)
        fields["weights"] = np.round(self.weights.astype(np.float64), 6).tolist()
        fields["copying"] = [round(share, 6) for share in self.copying]
        if math.isinf(self.log_probability):
            fields["log_probability"] = None
        silent = (*_SILENT, "conditions", "copying", "cut")
        return {name: value for name, value in fields.items() if value or name not in silent}

    def _line(self, row: int, target: str) -> str:
        """Return a row's symbol, the one it attends to most, its place, and its weight."""
        cells = [target]
        if self.source_symbols:
            column = int(self.weights[row].argmax())
            place = column - self.conditions + 1
            symbol = symbol_label(self.source_symbols[column])
            # Languages and features have no place in the text.
            cells += [symbol, str(place) if place > 0 else "–", f"{self.weights[row, column]:.2f}"]
        if self.copying:
            cells.append(f"{self.copying[row]:.2f}")
        return "\t".join(cells)


@dataclass(frozen=True, slots=True)
class WrittenSymbol:
    """One symbol of an answer, or its end, with its probability and alternatives.

    Attributes:
        symbol: as it is spelt; for the end, `END_LABEL`.
        log_probability: natural logarithm of its probability, given all before it; minus infinity
            if the model cannot write it.
        runners_up: the most probable other symbols, at most five, best first, with their
            log-probabilities; the end may be among them.
        weights: of the last attention layer, one for each symbol that was read; empty without
            attention.
        copying: the probability that the symbol is copied rather than written; None if the model
            does not copy.
        end: whether this is the end rather than a symbol.
    """

    symbol: str
    log_probability: float
    runners_up: tuple[tuple[str, float], ...] = ()
    weights: tuple[float, ...] = ()
    copying: float | None = None
    end: bool = False

    def __str__(self) -> str:
        return "" if self.end else self.symbol

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in JSON's types: six decimals, no infinity."""
        fields: dict[str, Any] = {
            "symbol": self.symbol,
            "end": self.end,
            "log_probability": _finite(self.log_probability),
            "runners_up": [[symbol, _finite(gain)] for symbol, gain in self.runners_up],
            "weights": [round(weight, 6) for weight in self.weights],
        }
        return fields if self.copying is None else {**fields, "copying": round(self.copying, 6)}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a model chose each symbol of a target.

    Attributes:
        source: the text that was read.
        target: the text that is explained: a given one, or the model's own answer.
        source_symbols: everything that the model read, as in an `Alignment`.
        symbols: the target's, in order, then the end, unless it was cut.
        conditions: how many of `source_symbols` are a language or features.
        cut: whether the target is an answer that hit the output limit before it ended.
        unknown_symbols: as in a `Translation`.
        unknown_features: as in a `Translation`.
        error: why the source was refused; nothing is then explained.
        features: as in a `Translation`.
        language: as in a `Translation`.
    """

    source: str
    target: str
    source_symbols: tuple[str, ...]
    symbols: tuple[WrittenSymbol, ...]
    conditions: int = 0
    cut: bool = False
    unknown_symbols: tuple[str, ...] = ()
    unknown_features: tuple[str, ...] = ()
    error: str | None = None
    features: tuple[str, ...] = ()
    language: str = ""

    def __str__(self) -> str:
        return self.target

    @property
    def log_probability(self) -> float:
        """Natural logarithm of the target's probability, including its end unless it was cut."""
        return math.fsum(each.log_probability for each in self.symbols)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in JSON's types, without the uninformative ones."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["symbols"] = [each.as_dict() for each in self.symbols]
        silent = (*_SILENT, "cut")
        return {name: value for name, value in values.items() if value or name not in silent}


class Unseen(NamedTuple):
    """What a model has never seen: symbols, and features or languages."""

    symbols: Collection[str] = ()
    features: Collection[str] = ()

    def __str__(self) -> str:
        symbols = [
            f"{visible(symbol)} (U+{ord(symbol):04X})" if len(symbol) == 1 else visible(symbol)
            for symbol in sorted(self.symbols)
        ]
        # Quote features that would not be visible otherwise.
        features = [
            visible(name if name and name == name.strip() else repr(name))
            for name in sorted(self.features)
        ]
        return " ".join([*symbols, *features])

    def joined(self, other: "Unseen") -> "Unseen":
        """Return everything in either."""
        return Unseen({*self.symbols, *other.symbols}, {*self.features, *other.features})

    @classmethod
    def of(cls, answers: Iterable[Translation | Alignment | Explanation]) -> "Unseen":
        """Return everything that was read as unknown."""
        symbols: set[str] = set()
        features: set[str] = set()
        for each in answers:
            if each.error is None:
                symbols.update(each.unknown_symbols)
                features.update(each.unknown_features)
        return cls(symbols, features)

    def warning(self) -> str:
        """Return the sentence that names what is unseen."""
        kinds = "characters" if all(len(symbol) == 1 for symbol in self.symbols) else "symbols"
        what = " and ".join(
            kind
            for kind, some in ((kinds, self.symbols), ("features or languages", self.features))
            if some
        )
        return f"{what} that the model never saw were read as unknown: {self}"


def _finite(log_probability: float) -> float | None:
    """Return a log-probability in JSON's types, None for infinity."""
    return None if math.isinf(log_probability) else round(log_probability, 6)


# Joiners and tags within a grapheme cluster, which determine its shape.
_SHAPING = re.compile("((?<=.)[\u200c\u200d](?=.)|(?<=.)[\U000e0020-\U000e007f])", re.DOTALL)


def symbol_label(symbol: str) -> str:
    """Return a symbol for display on its own, making invisible characters visible."""
    if symbol == " ":
        return "␣"
    parts = _SHAPING.split(symbol)
    shown = "".join(visible(part) if place % 2 == 0 else part for place, part in enumerate(parts))
    return f"◌{shown}" if unicodedata.category(shown[0]).startswith("M") else shown
