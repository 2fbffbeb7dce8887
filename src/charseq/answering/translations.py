"""From texts to translations: what is refused, answered or withheld, and how that is reported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from charseq.answering.columns import never_written
from charseq.answering.engine import Engine
from charseq.answering.lexicon import Lexicon
from charseq.answering.texts import GREEDY, answer_texts, spelt
from charseq.answering.unseen import unseen_of_each, warn_of_left_out
from charseq.config import DecodingConfig, refuse_unknown
from charseq.errors import UsageError
from charseq.hypothesis import Hypothesis
from charseq.modelfile import ModelDescription
from charseq.results import Alternative, Translation, Unseen
from charseq.text import Input, has_half

LONGEST_SOURCE = 10_000
# The most characters of a source, counted for each hypothesis of a beam.
MOST_IN_A_BEAM = 2**18

# Names that are not settings, but that a misspelt setting may mean.
GIVEN_WITH_TEXTS = ("features", "language", "prefix", "lexicon", "unknown", "first")

Unknown = Literal["replace", "error"]
_TREATMENTS = get_args(Unknown)


@dataclass(frozen=True)
class Options:
    """How texts are answered.

    Attributes:
        decoding: the settings of the search.
        lexicon: the only answers that may be given.
        unknown: how to treat symbols that the model never saw.
    """

    decoding: DecodingConfig = GREEDY
    lexicon: Lexicon | None = None
    unknown: Unknown = "replace"

    @classmethod
    def of(
        cls,
        description: ModelDescription,
        settings: Mapping[str, object],
        lexicon: Lexicon | Iterable[str] | None,
        unknown: Unknown,
    ) -> "Options":
        """Check the options for a model.

        Args:
            description: the model's description.
            settings: settings of `DecodingConfig` by name.
            lexicon: the only answers that may be given.
            unknown: how to treat symbols that the model has never seen.

        Raises:
            UsageError: if settings are unknown or clash; if the model cannot write any entry of the
                lexicon, or has no calibration and is asked to abstain.
        """
        if unknown not in _TREATMENTS:
            demanded = " or ".join(map(repr, _TREATMENTS))
            raise UsageError(f"unknown must be {demanded}, not {unknown!r}")
        if settings:
            refuse_unknown(settings, (*GIVEN_WITH_TEXTS, *DecodingConfig.model_fields))
        decoding = DecodingConfig.model_validate(settings) if settings else GREEDY
        if decoding.abstain_below is not None and description.calibration is None:
            raise UsageError(
                "this model has no calibration, so it cannot abstain: it comes from an"
                " interrupted training, an older charseq or Keras. Train it again, continue with"
                " --from, or omit abstain_below"
            )
        if lexicon is not None and not isinstance(lexicon, Lexicon):
            lexicon = Lexicon.of(lexicon, description.targets)
            warn_of_left_out(lexicon)
        if lexicon is not None:
            lexicon.refuse_other(description.targets)
        return cls(decoding, lexicon, unknown)

    def abstains(self, confidence: float | None) -> bool:
        """Return whether an answer of this confidence is withheld."""
        least = self.decoding.abstain_below
        return least is not None and confidence is not None and confidence < least


def translate_inputs(
    engine: Engine,
    description: ModelDescription,
    begun: Sequence[tuple[Input, str]],
    options: Options,
    first: int = 0,
) -> list[Translation]:
    """Translate inputs; what is refused comes back with `error` set and an empty hypothesis.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        begun: each input, and what its answer must begin with.
        options: how they are answered.
        first: the number of the first input in sampling.
    """
    read = unseen_of_each(description, [each for each, _ in begun])
    errors = [
        _too_long_for(options.decoding.beam, each)
        or refusal(description, each, prefix, strange, options.unknown)
        for (each, prefix), strange in zip(begun, read, strict=True)
    ]
    accepted = [
        (Input(""), "") if error else each for each, error in zip(begun, errors, strict=True)
    ]
    answers = answer_texts(
        engine,
        description,
        [each for each, _ in accepted],
        options.decoding,
        prefixes=[prefix for _, prefix in accepted],
        lexicon=options.lexicon,
        first=first,
    )
    return [
        _translation(
            description, each, found, strange, error or _fault(found, prefix, options), options
        )
        for (each, prefix), found, strange, error in zip(begun, answers, read, errors, strict=True)
    ]


def refusal(
    description: ModelDescription,
    each: Input,
    prefix: str,
    unseen: Unseen,
    unknown: Unknown = "replace",
) -> str | None:
    """Return why an input is refused, or None if it is not.

    Args:
        description: the model's description.
        each: the input.
        prefix: what its answer must begin with.
        unseen: what the model never saw in it.
        unknown: how to treat that.
    """
    if len(each.source) > LONGEST_SOURCE:
        return f"longer than {LONGEST_SOURCE:,} characters"
    if has_half(each.source):
        return "contains half a character, a lone surrogate"
    if unknown == "error" and any(unseen):
        return f"the model never saw {unseen}"
    strange = never_written(each, prefix, description) if prefix else None
    return f"the model cannot write its prefix: {Unseen(strange)}" if strange else None


def _too_long_for(beam: int, each: Input) -> str | None:
    most = MOST_IN_A_BEAM // beam
    if most >= LONGEST_SOURCE or len(each.source) <= most:
        return None
    return f"longer than {most:,} characters, the most with a beam of {beam:,}"


def _fault(hypotheses: Sequence[Hypothesis], prefix: str, options: Options) -> str | None:
    """Return why there is no answer, or None if there is one."""
    if hypotheses[0].possible:
        return None
    if options.lexicon is None:
        return "the model finds no possible answer"
    begins = "begins with its prefix and " if prefix else ""
    return f"no entry of the lexicon {begins}fits within the output limit"


def _translation(
    description: ModelDescription,
    given: Input,
    hypotheses: Sequence[Hypothesis],
    unseen: Unseen,
    error: str | None,
    options: Options,
) -> Translation:
    best, *_ = hypotheses
    text, *_ = texts = spelt(description, [given] * len(hypotheses), hypotheses)
    sure, *_ = confidences = [
        _confidence(description, each, options) if error is None else None for each in hypotheses
    ]
    abstained = options.abstains(sure)
    alternatives: dict[str, Alternative] = {}
    if options.decoding.n_best > 1 and error is None:
        for spelling, each, confidence in zip(texts, hypotheses, confidences, strict=True):
            score = each.score(options.decoding.length_penalty)
            one = Alternative(spelling, each.log_probability, score, each.cut, confidence)
            # Two may be spelt the same, such as by the same marks in another order.
            alternatives.setdefault(spelling, one)
    return Translation(
        source=given.source,
        hypothesis="" if abstained else text,
        log_probability=best.log_probability if error is None else 0.0,
        cut=best.cut,
        confidence=sure,
        unknown_symbols=tuple(unseen.symbols),
        unknown_features=tuple(unseen.features),
        error=error,
        features=given.features,
        language=given.language,
        abstained=abstained,
        withheld=text if abstained else "",
        columns=tuple(best.ids) if error is None else None,
        alternatives=tuple(alternatives.values()),
    )


def _confidence(
    description: ModelDescription, hypothesis: Hypothesis, options: Options
) -> float | None:
    calibration = description.calibration
    # The calibration was fitted on the most probable answers, and says nothing about sampled ones.
    if calibration is None or options.decoding.sample:
        return None
    return calibration.confidence(hypothesis.ended_log_probability, hypothesis.steps)
