"""What charseq answers with: named, immutable, and printable as the text itself."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Translation:
    """One answer of a model.

    Attributes:
        source: the text that was translated.
        hypothesis: the model's answer.
        log_probability: natural logarithm of the hypothesis's probability, its end included.
        cut: whether the answer hit the output limit before the model ended it.
        unknown_symbols: those of the source that the model never saw, sorted.
        error: why the source was refused; the hypothesis is empty then.
    """

    source: str
    hypothesis: str
    log_probability: float = 0.0
    cut: bool = False
    unknown_symbols: tuple[str, ...] = ()
    error: str | None = None

    def __str__(self) -> str:
        return self.hypothesis

    def as_dict(self) -> dict[str, str | float | bool | tuple[str, ...]]:
        """Return the fields as JSON takes them, without those that say nothing."""
        fields = asdict(self)
        return {
            name: value
            for name, value in fields.items()
            if value or name not in ("unknown_symbols", "error")
        }
