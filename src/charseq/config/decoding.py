"""How answers are found."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from charseq.config.settings import Real, Settings, Whole
from charseq.errors import UsageError


class DecodingConfig(Settings):
    """How answers are found."""

    beam: Annotated[Whole, Field(ge=1, le=1_000)] = Field(
        default=1,
        description="how many hypotheses per source are kept at each step; 1 is greedy search",
    )
    n_best: Annotated[Whole, Field(ge=1, le=1_000)] = Field(
        default=1, description="how many answers to give for a source, at most as many as the beam"
    )
    length_penalty: Annotated[Real, Field(ge=0, le=10)] = Field(
        default=0.6,
        description="how much a beam's ranking favours long answers: 0 ranks by"
        " log-probability, 1 nearly by its mean over the symbols",
    )
    sample: bool = Field(
        default=False, description="draw every symbol at random according to its probability"
    )
    temperature: Annotated[Real, Field(gt=0, le=1_000)] = Field(
        default=1.0,
        description="in sampling, the number that log-probabilities are divided by: below 1,"
        " probable symbols become even more likely",
    )
    top_k: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        description="in sampling, draw only from this many of the most probable symbols",
    )
    top_p: Annotated[Real, Field(gt=0, le=1)] | None = Field(
        default=None,
        description="in sampling, draw from the smallest set of symbols whose probabilities"
        " add up to at least this",
    )
    seed: Annotated[Whole, Field(ge=0, lt=2**63)] = Field(
        default=1, description="in sampling, the seed of every random choice"
    )

    abstain_below: Annotated[Real, Field(ge=0, le=1)] | None = Field(
        default=None, description="give no answer whose confidence, from 0 to 1, is lower than this"
    )

    @model_validator(mode="after")
    def _refuse_clashes(self) -> Self:
        if self.sample and self.n_best > 1:
            raise UsageError("sample and n_best cannot be combined: sampling draws a single answer")
        if self.n_best > self.beam:
            raise UsageError(
                f"n_best is {self.n_best}, but a beam of {self.beam} finds at most {self.beam}:"
                f" widen it with --beam {self.n_best} (beam={self.n_best})"
            )
        if self.sample and self.beam > 1:
            raise UsageError(f"sample and a beam of {self.beam} cannot be combined: choose one")
        if self.sample and self.abstain_below is not None:
            raise UsageError(
                "sample and abstain_below cannot be combined: samples have no confidence"
            )
        for name in ("temperature", "top_k", "top_p", "seed"):
            if not self.sample and getattr(self, name) != type(self).model_fields[name].default:
                raise UsageError(f"{name} is for sampling: add --sample (sample=True), or omit it")
        penalty = type(self).model_fields["length_penalty"].default
        if self.beam == 1 and self.length_penalty != penalty:
            raise UsageError("length_penalty is for a beam: add --beam 5 (beam=5), or omit it")
        return self
