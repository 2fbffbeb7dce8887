"""How the texts of one side are cut into symbols, and joined again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from charseq.config import ModelSettings
from charseq.text.normalisation import Form, has_hangul, normalised


@dataclass(frozen=True, slots=True)
class Spelling:
    """How texts are spelt in symbols.

    Attributes:
        separator: what stands between two symbols, in the form that texts are brought to; None:
            nothing.
        graphemes: whether a symbol, without a separator, is a grapheme cluster (UAX #29), what a
            reader takes for one character, rather than one code point.
        normalise: the form that texts are brought to before they are cut.
        written: the form that joined symbols are brought to; `none` leaves them as they are.
    """

    separator: str | None = None
    graphemes: bool = False
    normalise: Form = "none"
    written: Form = "none"

    @property
    def is_of_characters(self) -> bool:
        """Whether every symbol is one code point."""
        return self.separator is None and not self.graphemes

    def symbols(self, text: str) -> Sequence[str]:
        """Return the symbols of `text`, in order; there is none between adjacent separators."""
        text = normalised(text, self.normalise)
        if self.separator is not None:
            symbols = text.split(self.separator)
            return [symbol for symbol in symbols if symbol] if "" in symbols else symbols
        if self.graphemes:
            clusters: list[str] = _clusters().findall(text)
            return clusters
        return text

    def length(self, text: str) -> int:
        """Return how many symbols `text` has."""
        return len(self.symbols(text))

    def text(self, symbols: Iterable[str]) -> str:
        """Return the text that symbols spell, in the form that texts are written in."""
        return normalised((self.separator or "").join(symbols), self.written)

    def lacks_symbols(self, text: str) -> bool:
        """Return whether `text` has adjacent separators, or one at its start or end."""
        return self.separator is not None and "" in normalised(text, self.normalise).split(
            self.separator
        )


CHARACTERS = Spelling()
"""Every code point is a symbol, and texts are used unchanged."""


class Spellings(NamedTuple):
    """How the two sides of a corpus are spelt."""

    source: Spelling = CHARACTERS
    target: Spelling = CHARACTERS

    @classmethod
    def of(cls, config: ModelSettings, written: Form = "none") -> "Spellings":
        """Return the spellings that a model's settings ask for.

        Args:
            config: the settings; while `normalise` is undecided, it counts as `nfc`.
            written: the form that answers are written in.
        """
        form: Form = "nfc" if config.normalise == "auto" else config.normalise
        graphemes = config.symbols == "graphemes"
        source, target = (
            separator and normalised(separator, form)
            for separator in (config.source_separator, config.target_separator)
        )
        return cls(Spelling(source, graphemes, form), Spelling(target, graphemes, form, written))


PLAIN = Spellings()
"""On both sides, every code point is a symbol."""


def with_form(settings: ModelSettings, texts: Iterable[str]) -> ModelSettings:
    """Return the settings with `normalise` decided by whether the texts contain Hangul."""
    if settings.normalise != "auto":
        return settings
    return settings.model_copy(update={"normalise": "jamo" if has_hangul(texts) else "nfc"})


@cache
def _clusters() -> Any:
    import regex  # Slow to import, and rarely needed.

    # Of flags in a row, each half looks back at all before it, unless two are taken at a time.
    half = r"[\U0001F1E6-\U0001F1FF]"
    return regex.compile(rf"{half}{{2}}(?={half})|\X")
