"""What every translator does, whatever engine computes it."""

from collections.abc import Iterable, Iterator
from typing import overload

from charseq.answering.alignments import refuse_without_attention
from charseq.answering.answers import align_answers, explain_answers, given_answers
from charseq.answering.corpora import conditions_of, corpus_to_score
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
from charseq.text import Features

STREAM_CHUNK = 1_024


class BaseTranslator:
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
        options = Options.of(self.description, decoding, lexicon, unknown)
        if isinstance(texts, bytes) or not isinstance(texts, Iterable):
            raise UsageError(f"translate a text, or several, not {type(texts).__name__}")
        inputs = inputs_given(self.description, texts, features, language)
        begun = list(begun_with(inputs, prefix))
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
        options = Options.of(self.description, decoding, lexicon, unknown)
        if isinstance(lines, str | bytes) or not isinstance(lines, Iterable):
            raise UsageError(f"a stream is of several texts, not {type(lines).__name__}")
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
        """Lay out the only answers that may be given, once for many calls of `translate`.

        Texts that the model cannot write are left out, and a warning counts them.

        Raises:
            UsageError: if the model can write none of them.
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
