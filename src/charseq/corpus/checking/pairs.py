"""Findings about whole pairs: too few, repeated, contradictory, on both sides of a split."""

from collections import Counter
from collections.abc import Iterator, Sequence

from charseq.corpus.checking.findings import EXAMPLES, Example, Finding
from charseq.corpus.pairs import Pair
from charseq.errors import counted
from charseq.text import Form, Input, normalised

FEW_INPUTS = 1_000

# A pair's input and target in a normal form: pairs for which these are equal count as one.
_Normalised = tuple[Input, str]


def too_few(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Find out whether there are so few inputs that a held-out score says little."""
    inputs = len({pair.input for pair in pairs})
    if inputs >= FEW_INPUTS:
        return
    held_out = max(1, inputs // 10)
    # Half the width of the 95 % interval of a share of one half.
    margin = 98 / held_out**0.5
    yield Finding(
        "too few pairs",
        inputs,
        f"only {counted(inputs, 'distinct input')}; a held-out tenth has {held_out:,}, on which"
        f" an exact match of 50 % is only known to within ± {min(margin, 50):.0f} points",
        "gather more pairs if you can; to know the score better, hold out a larger share or a"
        " separate file",
    )


def duplicates(pairs: Sequence[Pair], form: Form) -> Iterator[Finding]:
    """Find pairs that occur more than once in the corpus, even in another normal form."""
    first: dict[_Normalised, int] = {}
    # How often the pair at a place occurs, for the first place of each.
    counts = Counter(
        first.setdefault(_normalised(pair, form), place) for place, pair in enumerate(pairs)
    )
    several = {place: count for place, count in counts.items() if count > 1}
    if not several:
        return
    extra = sum(several.values()) - len(several)
    most = sorted(several, key=lambda place: -several[place])[:EXAMPLES]
    yield Finding(
        "duplicates",
        extra,
        f"{counted(extra, 'repetition')} of {counted(len(several), 'pair')}",
        "keep one of each, unless how often a pair occurs should count in training",
        tuple(
            Example(
                place + 1, f"{pairs[place].source} → {pairs[place].target} ({several[place]:,} ×)"
            )
            for place in most
        ),
    )


def contradictions(pairs: Sequence[Pair], form: Form) -> Iterator[Finding]:
    """Find inputs with several targets; what is equal in a normal form counts as one."""
    alike: dict[_Normalised, Pair] = {}
    counts: Counter[Pair] = Counter()
    for pair in pairs:
        counts[alike.setdefault(_normalised(pair, form), pair)] += 1
    targets = Counter(given for given, _ in alike)
    several = {given for given, count in targets.items() if count > 1}
    if not several:
        return
    of_input: dict[Input, list[Pair]] = {}
    for (given, _), pair in alike.items():
        if given in several:
            of_input.setdefault(given, []).append(pair)
    most = sorted(of_input.values(), key=len, reverse=True)
    yield Finding(
        "contradictory pairs",
        len(several),
        f"several targets for {len(several):,} of {counted(len(targets), 'input')}, up to"
        f" {len(most[0]):,}",
        "if every target is right, as in translation, leave them: all count as references; if"
        " only one is, correct the others, since the model cannot tell which to give; if another"
        " column tells, such as one of features or of the language, name it (--features-column,"
        " --language-column)",
        tuple(
            Example(pairs.index(alike[0]) + 1, f"{alike[0].source} → {_listed(alike, counts)}")
            for alike in most[:EXAMPLES]
        ),
    )


def on_both_sides(
    training: Sequence[Pair], held_out: Sequence[Pair], form: Form
) -> Iterator[Finding]:
    """Find held-out inputs that are also trained on, even in another normal form."""
    trained = {_normalised(pair, form) for pair in training}
    held = [_normalised(pair, form) for pair in held_out]
    known, asked = {given for given, _ in trained}, [given for given, _ in held]
    inputs = known.intersection(asked)
    if not inputs:
        return
    whole = sum(each in trained for each in held)
    everything = len(set(asked))
    examples = tuple(
        Example(number, f"{pair.source} → {pair.target}")
        for number, (pair, each) in enumerate(zip(held_out, asked, strict=True), start=1)
        if each in known
    )[:EXAMPLES]
    yield Finding(
        "inputs on both sides",
        len(inputs),
        f"also in the corpus: {len(inputs):,} of {counted(everything, 'held-out input')}, and"
        f" {counted(whole, 'held-out pair')} with the same target",
        "leave them out of one of the two: a score on inputs that were trained on says nothing"
        " about others",
        examples,
        held_out=True,
    )


def spaced_conditions(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Find features and languages with a space at their start or end."""
    spaced = {
        number: name
        for number, pair in enumerate(pairs, start=1)
        for name in (*pair.features, pair.language)
        if name != name.strip()
    }
    if spaced:
        yield Finding(
            "spaces in features",
            len(spaced),
            f"{counted(len(spaced), 'pair')} with a space at the start or end of a feature or a"
            " language",
            "remove them: to a model, a feature with a space is a different feature",
            tuple(Example(number, repr(name)) for number, name in spaced.items())[:EXAMPLES],
        )


def _normalised(pair: Pair, form: Form) -> _Normalised:
    return pair.input.normalised(form), normalised(pair.target, form)


def _listed(pairs: Sequence[Pair], counts: Counter[Pair]) -> str:
    """Return the targets of pairs with how often each occurs, the most frequent first."""
    ordered = sorted(pairs, key=lambda pair: -counts[pair])
    more = f" | … {len(ordered) - 3} more" if len(ordered) > 3 else ""
    return " | ".join(f"{pair.target} ({counts[pair]:,} ×)" for pair in ordered[:3]) + more
