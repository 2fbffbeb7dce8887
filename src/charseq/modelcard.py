"""The model card: what a model is, what it was trained on, how good it is, and its limits.

A card is Markdown and accompanies its model. Source: Mitchell et al. (2019), "Model cards for model
reporting".
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from charseq.config import RunConfig, TrainingConfig
from charseq.errors import counted, visible
from charseq.modelfile import ModelDescription
from charseq.results import symbol_label
from charseq.scoring import Nearest, Reliability, Report, score_rows
from charseq.text import Input

# The name of the card beside its model.
CARD_FILE = "model-card.md"
EXAMPLES = 5
# Without effect where a corpus of its own is held out.
_OF_SPLITS = ("split", "split_by", "held_out_share", "held_out_maximum")
# Listed even if they are the defaults.
_ALWAYS = ("epochs", "batch_size", "optimiser", "learning_rate", "seed")


@dataclass(frozen=True)
class HeldOutAnswers:
    """What a model answered to the held-out inputs.

    Attributes:
        inputs: the held-out inputs.
        items: the answers to them, with all their references.
        seconds: how long the model took for all.
    """

    inputs: Sequence[Input]
    items: Sequence[Nearest]
    seconds: float


@dataclass(frozen=True)
class TrainingFacts:
    """How a training went.

    Attributes:
        epochs: how many epochs there were.
        kept: the epoch whose weights were kept.
        seconds: how long they took, including evaluation.
        pairs_per_second: the speed in training, excluding evaluation.
        device: the device it ran on.
        shortest_source: the length of the shortest training source, in symbols.
        longest_source: the length of the longest one.
        left_out: how many lines of the corpus were left out, and why.
        held_out_name: the name of a separate held-out corpus, if there was one.
        held_out_left_out: how many lines of that were left out, and why.
        repeated_inputs: how many of its inputs were also trained on.
        started_from: the model file whose weights training started from, if any.
        start_cer: the CER of its answers to the held-out inputs.
        refitted: whether the model was trained again on all pairs.
        corpus_changed: whether the corpus changed before the run was resumed.
    """

    epochs: int
    kept: int
    seconds: float
    pairs_per_second: float
    device: str
    shortest_source: int
    longest_source: int
    left_out: str = ""
    held_out_name: str = ""
    held_out_left_out: str = ""
    repeated_inputs: int = 0
    started_from: str = ""
    start_cer: float | None = None
    refitted: bool = False
    corpus_changed: bool = False


def model_card(
    description: ModelDescription,
    config: RunConfig,
    report: Report,
    reliability: Reliability,
    answers: HeldOutAnswers,
    training: TrainingFacts,
    *,
    model_file: str = "model.safetensors",
) -> str:
    """Return a model's card, as Markdown.

    Args:
        description: the model's description.
        config: the run's settings.
        report: the held-out scores.
        reliability: the reliability of the answers' confidences.
        answers: the answers that were scored.
        training: how the training went.
        model_file: the model's file as the card's commands name it.
    """
    parts = (
        ("How to use it", _use(model_file, description, answers)),
        ("Corpus", _corpus(description, config, training)),
        ("Scores", _scores(report, config.training)),
        ("Confidence", _confidence(reliability)),
        ("Examples", _examples(answers)),
        ("Training", _training(description, config, training)),
        ("Speed", _speed(answers, training)),
        ("Limits", _limits(description, training)),
    )
    sections = (f"## {title}\n\n{_joined(lines)}" for title, lines in parts)
    title = f"# Model card: {_escaped(str(description.corpus.get('name', 'unnamed')))}"
    return "\n\n".join((title, _joined(_what_it_is(description)), *sections)) + "\n"


def _joined(lines: Iterator[str]) -> str:
    return "\n".join(lines).rstrip("\n")


def _what_it_is(description: ModelDescription) -> Iterator[str]:
    yield (
        "A character-level sequence-to-sequence model, which rewrites a source text as a target"
        f" text. Made with charseq {description.charseq_version}."
    )


def _use(model_file: str, description: ModelDescription, answers: HeldOutAnswers) -> Iterator[str]:
    # An input of the corpus, so that the command works unchanged.
    # The command would read "-" from standard input.
    printable = (
        each for each in answers.inputs if each.label().isprintable() and each.source != "-"
    )
    shortest = min(printable, key=lambda each: len(each.source), default=Input("…"))
    conditions = description.sources.conditions
    words = ["charseq", "translate", model_file]
    if conditions.features:
        words += ["--features", description.features_separator.join(shortest.features)]
    if conditions.languages:
        words += ["--language", shortest.language]
    # A source may begin with a hyphen.
    words += ["--"] * shortest.source.startswith("-") + [shortest.source]
    yield "```sh"
    yield shlex.join(words)
    yield f"charseq evaluate {shlex.quote(model_file)} test.tsv"
    yield "```"


def _corpus(
    description: ModelDescription, config: RunConfig, training: TrainingFacts
) -> Iterator[str]:
    corpus = description.corpus
    columns = ", ".join(f"{name}: {value}" for name, value in description.columns.items())
    facts = {
        "name": str(corpus.get("name", "")),
        "read with": columns,
        "digest of the pairs (SHA-256)": str(corpus.get("digest", "")),
        "attribution and licence": str(corpus.get("attribution") or "none given"),
        "left out": training.left_out,
        "training pairs": f"{corpus.get('training_pairs', 0):,}",
        "held-out pairs": f"{corpus.get('held_out_pairs', 0):,}",
        "split": _split(config.training, training)
        + "; the corpus changed during training, so some of what is held out may have been"
        " trained on" * training.corpus_changed,
        "left out of the held-out corpus": training.held_out_left_out,
    }
    yield from _table(("", ""), [(name, fact) for name, fact in facts.items() if fact])


def _split(config: TrainingConfig, training: TrainingFacts) -> str:
    if training.held_out_name:
        own = f"the held-out pairs are a corpus of their own: {training.held_out_name}"
        if not training.repeated_inputs:
            return own
        return f"{own}; {training.repeated_inputs:,} of its inputs were also trained on"
    if config.split == "last":
        return (
            f"the last {100 * config.held_out_share:g}% of the pairs are held out; a source may be"
            " on both sides"
        )
    most = "" if config.held_out_maximum is None else f", at most {config.held_out_maximum:,},"
    return (
        f"{100 * config.held_out_share:g}% of the {config.split_by}s{most} drawn with seed"
        f" {config.seed} are held out, each with all its pairs"
    )


def _scores(report: Report, config: TrainingConfig) -> Iterator[str]:
    chosen_by = config.keep == "best" or config.patience is not None
    judge = "the loss on them" if config.select == "loss" else "these scores"
    yield (
        f"On {counted(report.items, 'held-out input')}, against all their references."
        f" The intervals come from {report.bootstrap:,} bootstrap resamples, those of"
        " exact match and WER from Wilson's formula."
    ) + chosen_by * (
        f" The epoch to keep was chosen by {judge}, which makes the scores a little too good:"
        " report scores on a separate test set."
    )
    yield ""
    yield from _table(("metric", "value", "95 % interval"), list(score_rows(report)))
    yield ""
    yield f"chrF and BLEU by sacreBLEU: `{report.chrf.signature}`, `{report.bleu.signature}`."


def _confidence(reliability: Reliability) -> Iterator[str]:
    yield (
        "Every answer comes with a confidence: the probability that it matches a reference"
        f" exactly. On the held-out inputs ({reliability.items:,}), with each half's confidences"
        " fitted on the other half, the expected calibration error is"
        f" {reliability.expected_calibration_error:.3f} and the Brier score"
        f" {reliability.brier_score:.3f}; on texts of another kind, both are usually larger."
    )
    yield ""
    yield from _table(
        ("mean confidence", "right", "answers"),
        [
            (f"{each.mean_confidence:.2f}", f"{each.exact_match:.1%}", f"{each.items:,}")
            for each in reliability.bins
        ],
    )


def _examples(answers: HeldOutAnswers) -> Iterator[str]:
    both = list(zip(answers.inputs, answers.items, strict=True))
    for title, is_right in (("Right", True), ("Wrong", False)):
        alike = [(given, item) for given, item in both if item.is_right == is_right]
        # Spread evenly rather than selected.
        chosen = alike[:: max(1, len(alike) // EXAMPLES)][:EXAMPLES]
        yield f"{title}: {len(alike):,} of {len(both):,}" + (", such as" if chosen else ".")
        yield ""
        if chosen:
            yield from _table(
                ("source", "answer", "nearest reference"),
                [
                    (given.label(), item.output, item.references[item.place])
                    for given, item in chosen
                ],
            )
            yield ""


def _training(
    description: ModelDescription, config: RunConfig, training: TrainingFacts
) -> Iterator[str]:
    yield (
        f"{counted(training.epochs, 'epoch')}; the weights of epoch"
        f" {training.kept:,} were kept."
        + (
            f" Training started from {_escaped(training.started_from)}, whose CER on the held-out"
            f" inputs is {training.start_cer:.3f}."
            if training.start_cer is not None
            else ""
        )
        + (
            " At the end, the model was trained again from the start on all pairs, including"
            " those held out; the scores are those of the first training." * training.refitted
        )
        + (
            " The model's settings, and the training settings that matter most or differ from"
            " the defaults; `settings.toml` beside this card has them all:"
        )
    )
    yield ""
    settings: dict[str, Any] = description.config.model_dump()
    defaults = TrainingConfig().model_dump()
    idle = _OF_SPLITS if training.held_out_name else ()
    for setting, value in config.training.model_dump(exclude=set(idle)).items():
        if setting in _ALWAYS or value != defaults[setting]:
            settings[setting] = value
    yield from _table(
        ("setting", "value"), [(f"`{name}`", _shown(value)) for name, value in settings.items()]
    )


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return repr(value) if isinstance(value, str) and not value.strip() else str(value)


def _speed(answers: HeldOutAnswers, training: TrainingFacts) -> Iterator[str]:
    each_second = len(answers.items) / max(answers.seconds, 1e-9)
    yield from _table(
        (f"on {training.device}", ""),
        [
            (
                "training, without the refit" if training.refitted else "training",
                f"{training.seconds:,.1f} seconds",
            ),
            ("pairs per second in training", f"{training.pairs_per_second:,.0f}"),
            ("translations per second, in batches", f"{each_second:,.0f}"),
        ],
    )


def _limits(description: ModelDescription, training: TrainingFacts) -> Iterator[str]:
    sources, targets = description.sources.ordinary, description.targets.ordinary
    limit = description.output_limit
    yield f"- It reads {len(sources):,} symbols: {_listed(list(map(symbol_label, sources)))}"
    conditions = description.sources.conditions
    for names, known in (("features", conditions.features), ("languages", conditions.languages)):
        if known:
            yield f"- It knows {len(known):,} {names}: {_listed(list(known))}"
    yield f"- It writes {len(targets):,} symbols: {_listed(list(map(symbol_label, targets)))}"
    if description.sources.unknown is None:
        yield "- A symbol that it never saw is read as zeros, which did not happen in training."
    else:
        may = "can be copied unchanged" if description.config.copying else "cannot be copied"
        yield (
            "- A symbol that it never saw is read as the unknown symbol, with a warning, and"
            f" {may} to the answer."
        )
    yield (
        f"- Sources in training had {training.shortest_source:,} to {training.longest_source:,}"
        " symbols. Shorter and longer ones are answered, but the model has not learnt how, and may"
        " be sure of wrong answers."
    )
    yield (
        f"- An answer is cut off at {limit.constant:,} + {limit.per_symbol:g} × source length"
        " symbols, and is then marked as cut."
    )
    yield "- It only knows texts like those of its corpus, but answers any text."


def _listed(names: Sequence[str], most: int = 200) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return " ".join(map(_escaped, names[:most])) + more


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in rows:
        cells = [cell if re.fullmatch("`[a-z_]+`", cell) else _escaped(cell) for cell in row]
        yield f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Return a text escaped so that Markdown shows it unchanged, and all of it is visible."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&$])", r"\\\1", visible(text, 300))
