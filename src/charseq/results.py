"""What charseq answers with: named, immutable, and printable as the text itself."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

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


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of the n best answers to a source.

    Attributes:
        hypothesis: the answer.
        log_probability: natural logarithm of its probability, its end included.
        score: what it is ranked by: the log-probability over a penalty of the length.
        cut: whether it hit the output limit before the model ended it.
        confidence: the probability that it is right, as far as the model knows; else None.
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
        hypothesis: the model's answer; empty where it abstained.
        log_probability: natural logarithm of the answer's probability, its end included.
        cut: whether the answer hit the output limit before the model ended it.
        confidence: the probability that the answer is right, from 0 to 1; None where the model does
            not know it, for samples, and where there is no answer.
        unknown_symbols: those of the source that the model never saw, sorted.
        unknown_features: the features, and the language, that it never saw.
        error: why the source was refused; the hypothesis is empty then.
        features: what the answer was to be, where the model reads features.
        language: which of its languages it was in, where the model has several.
        abstained: whether the answer is withheld, because its confidence is too low.
        withheld: the answer then.
        alternatives: the n best answers, best first, where more than one is asked for: the first is
            the hypothesis, or the answer that is withheld.
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

    def __str__(self) -> str:
        return self.hypothesis

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON takes them, without those that say nothing."""
        fields = _telling(asdict(self))
        if self.alternatives:
            fields["alternatives"] = [_telling(asdict(each)) for each in self.alternatives]
        return fields


def _telling(fields: dict[str, Any]) -> dict[str, Any]:
    # A confidence of 0 says much.
    return {
        name: value
        for name, value in fields.items()
        if value or name not in _SILENT or isinstance(value, float)
    }


class Unseen(NamedTuple):
    """What a model never saw: symbols, and features or languages."""

    symbols: Collection[str] = ()
    features: Collection[str] = ()

    def __str__(self) -> str:
        symbols = [
            f"{visible(symbol)} (U+{ord(symbol):04X})" if len(symbol) == 1 else visible(symbol)
            for symbol in sorted(self.symbols)
        ]
        return " ".join([*symbols, *map(visible, sorted(self.features))])

    def joined(self, other: "Unseen") -> "Unseen":
        """Return all of both."""
        return Unseen({*self.symbols, *other.symbols}, {*self.features, *other.features})

    @classmethod
    def of(cls, translations: Iterable[Translation]) -> "Unseen":
        """Return all that was read as unknown."""
        symbols: set[str] = set()
        features: set[str] = set()
        for each in translations:
            if each.error is None:
                symbols.update(each.unknown_symbols)
                features.update(each.unknown_features)
        return cls(symbols, features)

    def warning(self) -> str:
        """Return the sentence that names it."""
        kinds = "characters" if all(len(symbol) == 1 for symbol in self.symbols) else "symbols"
        what = " and ".join(
            kind for kind, some in ((kinds, self.symbols), ("features", self.features)) if some
        )
        return f"{what} that the model never saw were read as unknown: {self}"
