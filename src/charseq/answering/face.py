"""The public face of a model, whatever engine computes it."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal, NamedTuple, TypeVar, cast, get_args, overload

from charseq.answering.alignments import align_pairs, refuse_without_attention
from charseq.answering.columns import never_written
from charseq.answering.corpora import conditions_of, corpus_to_score
from charseq.answering.engine import Engine
from charseq.answering.explanations import explain_pairs, write_symbols
from charseq.answering.given import (
    begun_with,
    chunks,
    listed,
    refuse_one_and_many,
    refuse_unequal,
)
from charseq.answering.lexicon import Lexicon
from charseq.answering.pairs import score_pairs
from charseq.answering.texts import GREEDY, answer_texts, spelt
from charseq.config import DecodingConfig, refuse_unknown
from charseq.corpus import CorpusLike, references_by_input
from charseq.errors import UnknownCharactersWarning, UsageError, visible
from charseq.hypothesis import Hypothesis
from charseq.modelfile import ModelDescription
from charseq.results import (
    Alignment,
    Alternative,
    Explanation,
    Translation,
    Unseen,
    WrittenSymbol,
)
from charseq.scoring import Report, score
from charseq.text import Features, Input, inputs_of

LONGEST_SOURCE = 10_000
STREAM_CHUNK = 1_024
# Of one alignment, by its characters: 16 MB, and many times that in JSON.
MOST_WEIGHTS = 4_000_000

NOTHING_UNSEEN = Unseen()
# What is no setting, but may be meant by one that is misspelt.
GIVEN_WITH_TEXTS = ("features", "language", "prefix", "lexicon", "unknown", "first")

Unknown = Literal["replace", "error"]
OfAPair = TypeVar("OfAPair", Alignment, Explanation)


class Answering:
    """A model, ready to translate.

    Attributes:
        engine: that computes.
        description: its configuration, vocabularies, corpus and scores.
    """

    def __init__(self, engine: Engine, description: ModelDescription) -> None:
        self.engine = engine
        self.description = description

    def __repr__(self) -> str:
        name = self.description.corpus.get("name", "unnamed")
        return f"<{type(self).__name__} {name}: {self.description.config.units} units>"

    # A string is an iterable of strings too; the first overload is meant for it.
    @overload
    def translate(  # type: ignore[overload-overlap]
        self,
        texts: str,
        *,
        features: Features | None = None,
        language: str | None = None,
        prefix: str | None = None,
        lexicon: Lexicon | Iterable[str] | None = None,
        unknown: Unknown = "replace",
        first: int = 0,
        **decoding: object,
    ) -> Translation: ...
    @overload
    def translate(
        self,
        texts: Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        prefix: str | Iterable[str] | None = None,
        lexicon: Lexicon | Iterable[str] | None = None,
        unknown: Unknown = "replace",
        first: int = 0,
        **decoding: object,
    ) -> list[Translation]: ...
    def translate(
        self,
        texts: str | Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        prefix: str | Iterable[str] | None = None,
        lexicon: Lexicon | Iterable[str] | None = None,
        unknown: Unknown = "replace",
        first: int = 0,
        **decoding: object,
    ) -> Translation | list[Translation]:
        """Translate one text, or many in one go.

        A text that is refused (longer than 10,000 characters, or with unknown characters where
        those are an error), or to which no answer is allowed, comes back with `error` set and an
        empty hypothesis.

        Args:
            texts: one source, or several.
            features: what the answers are to be, where the model was trained with features: as the
                corpus writes them, `"N;ACC;PL"`, or as a sequence of strings. Several texts take
                one string for all, or the features of each.
            language: which of the model's languages the texts are in, where it was trained with
                several: one for all, or one for each.
            prefix: the symbols that the answer must begin with: one for all, or one for each.
            lexicon: the only answers that may be given, as texts, or as `lexicon` makes them once
                for many calls.
            unknown: what becomes of symbols that the model never saw: `replace` maps them to the
                unknown symbol and warns once, naming them; `error` refuses the text.
            first: the first text's number in sampling, where one series is translated in several
                calls: what is drawn for a text depends on the seed and its number.
            **decoding: any setting of `DecodingConfig` by its name, such as `beam=5, n_best=3` or
                `abstain_below=0.8`.

        Raises:
            UsageError: if features or languages are missing, not the model's, or not one for each;
                if settings are unknown or clash; if the model can write nothing of the lexicon, or
                does not know how sure its answers are and shall abstain.
        """
        manner = self._manner(unknown, lexicon, decoding)
        if isinstance(texts, bytes) or not isinstance(texts, Iterable):
            raise UsageError(f"translate a text, or several, not {type(texts).__name__}")
        begun = begun_with(self._inputs(texts, features, language), prefix)
        translations = self._answer(list(begun), manner, first)
        _warn_of_unknown(translations)
        return translations[0] if isinstance(texts, str) else translations

    def stream(
        self,
        lines: Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
        prefix: str | Iterable[str] | None = None,
        lexicon: Lexicon | Iterable[str] | None = None,
        unknown: Unknown = "replace",
        **decoding: object,
    ) -> Iterator[Translation]:
        """Translate any number of texts in bounded memory, in order, some at a time.

        Args:
            lines: the sources.
            features: as for `translate`.
            language: as for `translate`.
            prefix: as for `translate`.
            lexicon: as for `translate`.
            unknown: as for `translate`; the warning comes at the end.
            **decoding: as for `translate`.

        Raises:
            UsageError: as `translate` does.
        """
        manner = self._manner(unknown, lexicon, decoding)
        if isinstance(lines, str | bytes) or not isinstance(lines, Iterable):
            raise UsageError(f"a stream is of several texts, not {type(lines).__name__}")
        unseen, number = NOTHING_UNSEEN, 0
        for chunk in chunks(
            begun_with(self._inputs(lines, features, language), prefix), STREAM_CHUNK
        ):
            for translation in self._answer(chunk, manner, number):
                if translation.unknown_symbols or translation.unknown_features:
                    unseen = unseen.joined(Unseen.of([translation]))
                yield translation
            number += len(chunk)
        if any(unseen):
            warnings.warn(unseen.warning(), UnknownCharactersWarning, stacklevel=2)

    def evaluate(
        self,
        corpus: CorpusLike,
        *,
        beam: int = GREEDY.beam,
        length_penalty: float = GREEDY.length_penalty,
        mirror: str | None = None,
        **settings: object,
    ) -> Report:
        """Translate the inputs of a corpus, and score the answers against all references.

        An input with several references counts once, and a text that `translate` refuses as an
        empty answer. Features and languages that the model was trained without are not shown to
        it, but tell inputs apart.

        Args:
            corpus: a file, a corpus's name, a corpus, or pairs of source and target, and with them
                features and a language where the model reads any.
            beam: as for `translate`.
            length_penalty: as for `translate`.
            mirror: where named corpora are downloaded from.
            **settings: any setting of `CorpusConfig` by its name; the columns of a file that they
                leave out are as in the model's training.

        Raises:
            CharseqError: if a setting is unknown, or the corpus cannot be read; its subclasses say
                what.
        """
        found = corpus_to_score(corpus, settings, self.description, mirror)
        references = references_by_input(found.pairs, self.description.sources.spelling.normalise)
        inputs = list(references)
        answers = self.translate(
            [each.source for each in inputs],
            **conditions_of(inputs, self.description.sources.conditions),
            beam=beam,
            length_penalty=length_penalty,
        )
        return score(
            [answer.hypothesis for answer in answers],
            list(references.values()),
            target_separator=self.description.target_separator,
        )

    @overload
    def score(  # type: ignore[overload-overlap]
        self,
        sources: str,
        targets: str,
        *,
        features: Features | None = None,
        language: str | None = None,
    ) -> float: ...
    @overload
    def score(
        self,
        sources: Sequence[str],
        targets: Sequence[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[float]: ...
    def score(
        self,
        sources: str | Sequence[str],
        targets: str | Sequence[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> float | list[float]:
        """Return the log-probability that the model gives to a target, or to each of many.

        It is the one that a translation carries. A target with symbols that the model cannot write
        has minus infinity. Symbols of a source that the model never saw are read as unknown, and a
        warning names them.

        Args:
            sources: one source, or several.
            targets: one target, or one for each source.
            features: as for `translate`.
            language: as for `translate`.

        Raises:
            UsageError: if there are more sources than targets, or fewer; for features and
                languages, as `translate` does.
        """
        refuse_one_and_many(sources, targets)
        inputs = list(self._inputs(sources, features, language))
        scores = self._scores(inputs, listed(targets))
        return scores[0] if isinstance(sources, str) else scores

    @overload
    def align(  # type: ignore[overload-overlap]
        self,
        sources: str,
        targets: str | None = None,
        *,
        features: Features | None = None,
        language: str | None = None,
    ) -> Alignment: ...
    @overload
    def align(
        self,
        sources: Iterable[str],
        targets: Sequence[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[Alignment]: ...
    def align(
        self,
        sources: str | Iterable[str],
        targets: str | Sequence[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> Alignment | list[Alignment]:
        """Say what the model looks at in a source for each symbol of a target, or for many pairs.

        The weights are those of its last look while it reads the target (teacher forcing).

        Args:
            sources: one source, or several.
            targets: one target, or one for each source; without them, sources are aligned with the
                model's own answers. A source that `translate` refuses comes back with `error` set,
                and so does a pair that is too long, of more than 4 million weights.
            features: as for `translate`.
            language: as for `translate`.

        Raises:
            UsageError: if the model has no attention; if there are more sources than targets, or
                fewer; for features and languages, as `translate` does.
        """
        refuse_without_attention(self.description)
        alignments = self._of_pairs(align_pairs, sources, targets, features, language)
        _warn_of_unknown(alignments)
        return alignments[0] if isinstance(sources, str) else alignments

    @overload
    def explain(  # type: ignore[overload-overlap]
        self,
        sources: str,
        targets: str | None = None,
        *,
        features: Features | None = None,
        language: str | None = None,
    ) -> Explanation: ...
    @overload
    def explain(
        self,
        sources: Iterable[str],
        targets: Sequence[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[Explanation]: ...
    def explain(
        self,
        sources: str | Iterable[str],
        targets: str | Sequence[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> Explanation | list[Explanation]:
        """Say how probable each symbol of a target is, and what else was, or of many targets.

        Where the model has attention, what it looked at is said as well, as by `align`.

        Args:
            sources: as for `align`.
            targets: as for `align`.
            features: as for `translate`.
            language: as for `translate`.

        Raises:
            UsageError: if there are more sources than targets, or fewer; for features and
                languages, as `translate` does.
        """
        explanations = [
            _without_its_end(each)
            for each in self._of_pairs(explain_pairs, sources, targets, features, language)
        ]
        _warn_of_unknown(explanations)
        return explanations[0] if isinstance(sources, str) else explanations

    def write(
        self,
        text: str,
        *,
        features: Features | None = None,
        language: str | None = None,
        prefix: str | None = None,
    ) -> Iterator[WrittenSymbol]:
        """Write the answer of greedy search symbol by symbol, and say what each was chosen by.

        The symbols are those of `translate`'s answer, and last comes its end, unless it is cut.

        Args:
            text: the source.
            features: as for `translate`.
            language: as for `translate`.
            prefix: as for `translate`; its symbols come first.

        Raises:
            UsageError: if the text or the prefix is refused; for features and languages, as
                `translate` does.
        """
        if not isinstance(text, str):
            raise UsageError(f"write the answer to a text, not to {type(text).__name__}")
        (given,) = self._inputs(text, features, language)
        (strange,) = self._unseen([given])
        error = _refusal(text, strange, "replace") or self._refused_prefix(given, prefix or "")
        if error is not None:
            raise UsageError(error)
        if any(strange):
            warnings.warn(strange.warning(), UnknownCharactersWarning, stacklevel=2)
        return write_symbols(self.engine, self.description, given, prefix or "")

    def lexicon(self, texts: Iterable[str]) -> Lexicon:
        """Lay out the only answers that may be given, once for many calls of `translate`.

        Texts that the model cannot write are left out, and a warning counts them.

        Raises:
            UsageError: if the model can write none of them.
        """
        lexicon = Lexicon.of(texts, self.description.targets)
        if lexicon.left_out:
            warnings.warn(lexicon.warning(), UnknownCharactersWarning, stacklevel=2)
        return lexicon

    def _inputs(
        self,
        texts: str | Iterable[str],
        features: str | Iterable[Features] | None,
        language: str | Iterable[str] | None,
    ) -> Iterator[Input]:
        """Yield what the model reads: of one text, all features given are its own."""
        if isinstance(texts, str):
            texts, features = [texts], None if features is None else [cast(Features, features)]
        known = self.description.sources.conditions
        for what, name, given, has in (
            ("features", "features", features, known.features),
            ("a language", "language", language, known.languages),
        ):
            if has and given is None:
                example = next(iter(has))
                raise UsageError(
                    f"this model reads {what} with each text, such as {visible(example)!r}: give"
                    f" {name}"
                )
            if given is not None and not has:
                raise UsageError(f"this model was trained without {name}: leave {name} out")
        return inputs_of(texts, features, language, self.description.features_separator)

    def _unseen(self, inputs: Sequence[Input]) -> list[Unseen]:
        """Return what the model never saw of each input: mostly nothing, which is seen at once."""
        sources = self.description.sources
        symbols, lacking = sources.spelling.symbols, sources.conditions.lacking
        strange, conditions = self._unseen_in_all(inputs)
        return [
            NOTHING_UNSEEN
            if not conditions and strange.isdisjoint(symbols(each.source))
            else Unseen(
                tuple(sorted(strange.intersection(symbols(each.source)))),
                tuple(chain.from_iterable(lacking([each]))),
            )
            for each in inputs
        ]

    def _unseen_in_all(self, inputs: Sequence[Input]) -> tuple[frozenset[str], frozenset[str]]:
        """Return the symbols, and the features and languages, of inputs that it never saw."""
        sources = self.description.sources
        return (
            sources.unknown_symbols(*(each.source for each in inputs)),
            frozenset(chain.from_iterable(sources.conditions.lacking(inputs))),
        )

    def _manner(
        self,
        unknown: Unknown,
        lexicon: Lexicon | Iterable[str] | None,
        settings: dict[str, object],
    ) -> "_Manner":
        if unknown not in get_args(Unknown):
            demanded = " or ".join(map(repr, get_args(Unknown)))
            raise UsageError(f"unknown must be {demanded}, not {unknown!r}")
        if settings:
            refuse_unknown(settings, (*GIVEN_WITH_TEXTS, *DecodingConfig.model_fields))
        decoding = DecodingConfig.model_validate(settings) if settings else GREEDY
        if decoding.abstain_below is not None and self.description.calibration is None:
            raise UsageError(
                "this model cannot abstain, since it does not know how sure its answers are: a"
                " training finds that out when it ends, and this file is of an interrupted one, of"
                " an older charseq or from Keras. Train the model again, or on with --from; or"
                " leave abstain_below out"
            )
        if lexicon is not None and not isinstance(lexicon, Lexicon):
            lexicon = self.lexicon(lexicon)
        if lexicon is not None:
            lexicon.refuse_other(self.description.targets)
        return _Manner(decoding, lexicon, unknown)

    def _answer(
        self, begun: Sequence[tuple[Input, str]], manner: "_Manner", first: int
    ) -> list[Translation]:
        read = self._unseen([each for each, _ in begun])
        errors = [
            _refusal(each.source, strange, manner.unknown) or self._refused_prefix(each, prefix)
            for (each, prefix), strange in zip(begun, read, strict=True)
        ]
        accepted = [
            (Input(""), "") if error else each for each, error in zip(begun, errors, strict=True)
        ]
        answers = answer_texts(
            self.engine,
            self.description,
            [each for each, _ in accepted],
            manner.decoding,
            prefixes=[prefix for _, prefix in accepted],
            lexicon=manner.lexicon,
            first=first,
        )
        return [
            self._translation(
                each, hypotheses, strange, error or manner.fault(best, prefix), manner
            )
            for (each, prefix), (best, *_), hypotheses, strange, error in zip(
                begun, answers, answers, read, errors, strict=True
            )
        ]

    def _translation(
        self,
        given: Input,
        hypotheses: Sequence[Hypothesis],
        strange: Unseen,
        error: str | None,
        manner: "_Manner",
    ) -> Translation:
        best, *_ = hypotheses
        text, *_ = texts = spelt(self.description, [given] * len(hypotheses), hypotheses)
        sure, *_ = confidences = [
            self._confidence(each, manner) if error is None else None for each in hypotheses
        ]
        abstained = manner.abstains(sure)
        several = manner.decoding.n_best > 1 and error is None
        return Translation(
            source=given.source,
            hypothesis="" if abstained else text,
            log_probability=best.log_probability if error is None else 0.0,
            cut=best.cut,
            confidence=sure,
            unknown_symbols=tuple(strange.symbols),
            unknown_features=tuple(strange.features),
            error=error,
            features=given.features,
            language=given.language,
            abstained=abstained,
            withheld=text if abstained else "",
            alternatives=tuple(
                Alternative(
                    spelling,
                    each.log_probability,
                    each.score(manner.decoding.length_penalty),
                    each.cut,
                    confidence,
                )
                for spelling, each, confidence in zip(texts, hypotheses, confidences, strict=True)
                if several
            ),
        )

    def _confidence(self, hypothesis: Hypothesis, manner: "_Manner") -> float | None:
        calibration = self.description.calibration
        # It was fitted on the most probable answers, and says nothing of drawn ones.
        if calibration is None or manner.decoding.sample:
            return None
        return calibration.confidence(hypothesis.ended_log_probability, hypothesis.steps)

    def _refused_prefix(self, each: Input, prefix: str) -> str | None:
        strange = never_written(each, prefix, self.description) if prefix else None
        return f"the model cannot write its prefix: {Unseen(strange)}" if strange else None

    def _as_answers(self, inputs: Sequence[Input], targets: Sequence[str]) -> list[Translation]:
        """Take given targets for the answers to their sources."""
        refuse_unequal(inputs, targets)
        return [
            Translation(
                each.source,
                target,
                unknown_symbols=tuple(strange.symbols),
                unknown_features=tuple(strange.features),
            )
            for each, target, strange in zip(inputs, targets, self._unseen(inputs), strict=True)
        ]

    def _of_pairs(
        self,
        found_of: Callable[
            [Engine, ModelDescription, Sequence[Input], Sequence[str]], list[OfAPair]
        ],
        sources: str | Iterable[str],
        targets: str | Sequence[str] | None,
        features: str | Iterable[Features] | None,
        language: str | Iterable[str] | None,
    ) -> list[OfAPair]:
        """Return what is found of each source with its target, or with the model's own answer."""
        if targets is not None:
            refuse_one_and_many(sources, targets)
        inputs = list(self._inputs(sources, features, language))
        if targets is None:
            manner = self._manner("replace", None, {})
            answers = self._answer([(each, "") for each in inputs], manner, 0)
        else:
            answers = self._as_answers(inputs, listed(targets))
        errors = [answer.error or self._too_long(answer) for answer in answers]
        # What is refused is not read.
        pairs = [
            (each, answer.hypothesis) if error is None else (each._replace(source=""), "")
            for each, answer, error in zip(inputs, answers, errors, strict=True)
        ]
        found = found_of(
            self.engine,
            self.description,
            [each for each, _ in pairs],
            [target for _, target in pairs],
        )
        return [
            replace(
                each,
                source=answer.source,
                target=answer.hypothesis,
                cut=answer.cut,
                unknown_symbols=answer.unknown_symbols,
                unknown_features=answer.unknown_features,
                error=error,
            )
            for each, answer, error in zip(found, answers, errors, strict=True)
        ]

    def _too_long(self, answer: Translation) -> str | None:
        source, target = len(answer.source), len(answer.hypothesis)
        if self.description.config.attention == "none" or source * target <= MOST_WEIGHTS:
            return None
        return f"too long to be aligned: a source of {source:,} characters, a target of {target:,}"

    def _scores(self, inputs: Sequence[Input], targets: Sequence[str]) -> list[float]:
        refuse_unequal(inputs, targets)
        unseen = Unseen(*self._unseen_in_all(inputs))
        if any(unseen):
            warnings.warn(unseen.warning(), UnknownCharactersWarning, stacklevel=3)
        return score_pairs(self.engine, self.description, inputs, targets)


class _Manner(NamedTuple):
    """How texts are answered."""

    decoding: DecodingConfig
    lexicon: Lexicon | None
    unknown: Unknown

    def abstains(self, confidence: float | None) -> bool:
        """Return whether an answer of this confidence is withheld."""
        least = self.decoding.abstain_below
        return least is not None and confidence is not None and confidence < least

    def fault(self, best: Hypothesis, prefix: str) -> str | None:
        """Return why there is no answer, if there is none."""
        if best.possible:
            return None
        if self.lexicon is None:
            return "the model finds no answer possible"
        begins = "begins with its prefix and " if prefix else ""
        return f"no entry of the lexicon {begins}fits within the output limit"


def _refusal(text: str, unseen: Unseen, unknown: Unknown) -> str | None:
    if len(text) > LONGEST_SOURCE:
        return f"longer than {LONGEST_SOURCE:,} characters"
    if unknown == "error" and any(unseen):
        return f"the model never saw {unseen}"
    return None


def _without_its_end(explanation: Explanation) -> Explanation:
    """Return an explanation without the end where there was none, and without all if refused."""
    if explanation.error is not None:
        return replace(explanation, symbols=())
    if explanation.cut:
        return replace(explanation, symbols=explanation.symbols[:-1])
    return explanation


def _warn_of_unknown(answers: Iterable[Translation | Alignment | Explanation]) -> None:
    unseen = Unseen.of(answers)
    if any(unseen):
        warnings.warn(unseen.warning(), UnknownCharactersWarning, stacklevel=3)
