"""An answer as ids, and the score that ranks answers of different lengths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Length = TypeVar("Length", float, "Tensor")


class Hypothesis(NamedTuple):
    """An answer as ids.

    Attributes:
        ids: the symbols written, without the end symbol.
        log_probability: natural logarithm of its probability, the end symbol included; minus
            infinity where no answer was possible, and then there are no ids.
        cut: whether it hit its limit before it ended.
    """

    ids: Sequence[int]
    log_probability: float
    cut: bool

    @property
    def possible(self) -> bool:
        """Whether there is any answer: constraints may allow none."""
        return self.log_probability > float("-inf")

    @property
    def steps(self) -> int:
        """How many symbols were chosen, including the end symbol."""
        return len(self.ids) + (not self.cut)

    @property
    def ended_log_probability(self) -> float:
        """The log-probability of exactly this answer; minus infinity if it was cut."""
        return float("-inf") if self.cut else self.log_probability

    def score(self, length_penalty: float) -> float:
        """Return the log-probability divided by the length's penalty, including the end symbol."""
        return self.log_probability / penalty(float(self.steps), length_penalty)


def penalty(length: Length, strength: float) -> Length:
    """Return ((5 + length) / 6) ** strength (Wu et al. 2016, equation 14).

    Log-probabilities fall with every symbol; dividing by the penalty makes answers of different
    lengths comparable. A strength of 0 leaves them unchanged, 1 comes close to the mean per symbol.
    """
    divisor: Length = ((5 + length) / 6) ** strength
    return divisor
