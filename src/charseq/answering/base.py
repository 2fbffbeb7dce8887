"""What every translator does, whatever engine computes it."""

import operator
from collections.abc import Iterable, Iterator
from typing import SupportsIndex, overload

from charseq.answering.alignments import refuse_without_attention
from charseq.answering.answers import align_answers, explain_answers, given_answers
from charseq.answering.corpora import conditions_of, corpus_to_score, warn_of_training_corpus
from charseq.answering.engine import Engine
from charseq.answering.explanations import write_symbols
from charseq.answering.given import (
    begun_with,
    chunks,
    inputs_given,
    listed,
    refuse_one_and_many,
    refuse_unequal,
)
from charseq.answering.lexicon import Lexicon
from charseq.answering.pairs import score_pairs
from charseq.answering.texts import GREEDY
from charseq.answering.translations import Options, Unknown, refusal, translate_inputs
from charseq.answering.unseen import (
    NOTHING_UNSEEN,
    unseen_of_all,
    unseen_of_each,
    warn_of_left_out,
    warn_of_unseen,
)
from charseq.corpus import CorpusLike, references_by_input
from charseq.errors import UsageError
from charseq.modelfile import ModelDescription
from charseq.results import Alignment, Explanation, Translation, Unseen, WrittenSymbol
from charseq.scoring import Report, nearest_references, report_of
from charseq.text import Features, can_be_iterated

STREAM_CHUNK = 1_024


class BaseTranslator:
    """A model, ready to translate.

    Attributes:
        engine: computes the answers.
        description: its configuration, vocabularies, corpus and scores.
    """

    def __init__(self, engine: Engine, description: ModelDescription) -> None:
        self.engine = engine
        self.description = description

    def __repr__(self) -> str:
        name = self.description.corpus.get("name", "unnamed")
        return f"<{type(self).__name__} {name}: {self.description.config.units} units>"

    # A string is also an iterable of strings; the first overload is the one for strings.
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
        """Translate one text, or many at once.

        A text that is refused (longer than 10,000 characters, or with unknown characters if those
        are an error), or that has no allowed answer, comes back with `error` set and an empty
        hypothesis.

        Args:
            texts: one source, or several.
            features: the features of the answers, if the model reads features: as the corpus writes
                them, `"N;ACC;PL"`, or as a sequence of strings. For several texts, one string for
                all of them, or the features of each.
            language: the language of the texts, if the model was trained on several: one for all,
                or one for each.
            prefix: what the answer must begin with: one for all texts, or one for each.
            lexicon: the only answers that may be given, as texts, or prepared by `lexicon` for many
                calls.
            unknown: how to treat symbols that the model has never seen: `replace` reads them as the
                unknown symbol and warns once, naming them; `error` refuses the text.
            first: the number of the first text, if a series of texts is sampled in several calls:
                the sample for a text depends on the seed and on its number.
            **decoding: any setting of `DecodingConfig` by its name, such as `beam=5, n_best=3` or
                `abstain_below=0.8`.

        Raises:
            UsageError: if features or languages are missing, not expected by the model, or not one
                for each; if settings are unknown or clash; if the model cannot write any entry of
                the lexicon, or has no calibration and is asked to abstain.
        """
        options = Options.of(self.description, decoding, lexicon, unknown)
        if isinstance(texts, bytes) or not can_be_iterated(texts):
            raise UsageError(f"translate takes a text or several texts, not {type(texts).__name__}")
        inputs = inputs_given(self.description, texts, features, language)
        begun = list(begun_with(inputs, prefix))
        if not (isinstance(first, SupportsIndex) and 0 <= operator.index(first) < 2**62):
            raise UsageError(f"first must be a whole number of at least 0, not {first!r}")
        translations = translate_inputs(self.engine, self.description, begun, options, first)
        warn_of_unseen(Unseen.of(translations))
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
        """Translate any number of texts, in order and in bounded memory.

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
        options = Options.of(self.description, decoding, lexicon, unknown)
        if isinstance(lines, str | bytes) or not isinstance(lines, Iterable):
            raise UsageError(f"stream takes several texts, not {type(lines).__name__}")
        inputs = inputs_given(self.description, lines, features, language)
        unseen, number = NOTHING_UNSEEN, 0
        for chunk in chunks(begun_with(inputs, prefix), STREAM_CHUNK):
            for each in translate_inputs(self.engine, self.description, chunk, options, number):
                if each.unknown_symbols or each.unknown_features:
                    unseen = unseen.joined(Unseen.of([each]))
                yield each
            number += len(chunk)
        warn_of_unseen(unseen)

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

        An input with several references counts once; a text that `translate` refuses counts as an
        empty answer. If the model does not read features or a language, they only distinguish
        inputs.

        Args:
            corpus: a file, a corpus's name, a corpus, or pairs of source and target, with features
                and a language if the model reads them.
            beam: as for `translate`.
            length_penalty: as for `translate`.
            mirror: where named corpora are downloaded from.
            **settings: any setting of `CorpusConfig` by its name; columns that are not given are
                those of the model's training.

        Raises:
            CharseqError: if a setting is unknown, or the corpus cannot be read; its subclasses say
                what.
        """
        found = corpus_to_score(corpus, settings, self.description, mirror)
        warn_of_training_corpus(found, self.description)
        references = references_by_input(found.pairs, self.description.sources.spelling.normalise)
        inputs = list(references)
        answers = self.translate(
            [each.source for each in inputs],
            **conditions_of(inputs, self.description.sources.conditions),
            beam=beam,
            length_penalty=length_penalty,
        )
        spelling = self.description.targets.spelling
        outputs = [answer.hypothesis for answer in answers]
        items = nearest_references(outputs, list(references.values()), spelling)
        return report_of(items, spelling)

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
        sources: Iterable[str],
        targets: Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[float]: ...
    def score(
        self,
        sources: str | Iterable[str],
        targets: str | Iterable[str],
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> float | list[float]:
        """Return the log-probability that the model gives to a target, or to each of several.

        It is the log-probability that a `Translation` has, unless the symbols of its answer spell a
        text that is read as others, as a letter and a mark that make one character. A target with
        symbols that the model cannot write gets minus infinity, and a pair that would take too much
        memory gets not a number, with a warning. Source symbols that the model has never seen are
        read as unknown, and a warning names them.

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
        inputs = list(inputs_given(self.description, sources, features, language))
        wanted = listed(targets)
        refuse_unequal(inputs, wanted)
        warn_of_unseen(Unseen(*unseen_of_all(self.description, inputs)))
        scores = score_pairs(self.engine, self.description, inputs, wanted)
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
        targets: Iterable[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[Alignment]: ...
    def align(
        self,
        sources: str | Iterable[str],
        targets: str | Iterable[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> Alignment | list[Alignment]:
        """Return what the model attends to in a source for each symbol of a target.

        The weights are those of the last attention layer, under teacher forcing.

        Args:
            sources: one source, or several.
            targets: one target, or one for each source; without them, sources are aligned with the
                model's own answers. A source that `translate` refuses comes back with `error` set,
                and so does a pair that would take too much memory.
            features: as for `translate`.
            language: as for `translate`.

        Raises:
            UsageError: if the model has no attention; if there are more sources than targets, or
                fewer; for features and languages, as `translate` does.
        """
        refuse_without_attention(self.description)
        answers = self._answers(sources, targets, features, language)
        alignments = align_answers(self.engine, self.description, answers)
        warn_of_unseen(Unseen.of(alignments))
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
        targets: Iterable[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> list[Explanation]: ...
    def explain(
        self,
        sources: str | Iterable[str],
        targets: str | Iterable[str] | None = None,
        *,
        features: str | Iterable[Features] | None = None,
        language: str | Iterable[str] | None = None,
    ) -> Explanation | list[Explanation]:
        """Return how probable each symbol of a target is, and which others were probable.

        If the model has attention, its weights are included, as in `align`.

        Args:
            sources: as for `align`.
            targets: as for `align`.
            features: as for `translate`.
            language: as for `translate`.

        Raises:
            UsageError: if there are more sources than targets, or fewer; for features and
                languages, as `translate` does.
        """
        answers = self._answers(sources, targets, features, language)
        explanations = explain_answers(self.engine, self.description, answers)
        warn_of_unseen(Unseen.of(explanations))
        return explanations[0] if isinstance(sources, str) else explanations

    def write(
        self,
        text: str,
        *,
        features: Features | None = None,
        language: str | None = None,
        prefix: str | None = None,
    ) -> Iterator[WrittenSymbol]:
        """Yield the greedy answer symbol by symbol, each with its probability and alternatives.

        The symbols are those of `translate`'s answer, followed by its end, unless it is cut.

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
            raise UsageError(f"write takes one text, not {type(text).__name__}")
        if prefix is not None and not isinstance(prefix, str):
            raise UsageError(f"prefix must be a text, not {type(prefix).__name__}")
        (given,) = inputs_given(self.description, text, features, language)
        (unseen,) = unseen_of_each(self.description, [given])
        error = refusal(self.description, given, prefix or "", unseen)
        if error is not None:
            raise UsageError(error)
        warn_of_unseen(unseen)
        return write_symbols(self.engine, self.description, given, prefix or "")

    def lexicon(self, texts: Iterable[str]) -> Lexicon:
        """Prepare a lexicon, the only answers that may be given, for many calls of `translate`.

        Texts that the model cannot write are left out, and a warning counts them.

        Raises:
            UsageError: if the model cannot write any of them.
        """
        lexicon = Lexicon.of(texts, self.description.targets)
        warn_of_left_out(lexicon)
        return lexicon

    def _answers(
        self,
        sources: str | Iterable[str],
        targets: str | Iterable[str] | None,
        features: str | Iterable[Features] | None,
        language: str | Iterable[str] | None,
    ) -> list[Translation]:
        """Return the targets as answers to their sources; without them, the model's own answers."""
        if targets is not None:
            refuse_one_and_many(sources, targets)
        inputs = list(inputs_given(self.description, sources, features, language))
        if targets is not None:
            return given_answers(self.description, inputs, listed(targets))
        begun = [(each, "") for each in inputs]
        return translate_inputs(self.engine, self.description, begun, Options())
