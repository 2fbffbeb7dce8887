"""From templates to pairs: choosing among combinations in a fixed order and keeping shares fair."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

# The longest side of a pair, in characters, and the most pairs of one template.
LONGEST_SIDE = 36
MOST_PAIRS = 118
_MOST_ROUNDS = 16


Option = TypeVar("Option")


class Phrase(NamedTuple):
    """A sentence pair, the combination of words that it is about, and the template that made it."""

    english: str
    french: str
    group: str
    template: str


class Rendering(NamedTuple):
    """An English sentence and all the French sentences that translate it."""

    english: str
    french: tuple[str, ...]


class Chooser:
    """Choices that look random but depend only on a text, on every machine and version."""

    def __init__(self, text: str) -> None:
        self._number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")

    def choose(self, options: Sequence[Option]) -> Option:
        """Return one of the options."""
        self._number, index = divmod(self._number, len(options))
        return options[index]


class Combination(Protocol):
    """What a template is about: words that go together, such as a verb and its object."""

    @property
    def group(self) -> str:
        """The name that all pairs about this combination share."""

    @property
    def head(self) -> str:
        """The word whose combinations take turns with those of other heads."""


AnyCombination = TypeVar("AnyCombination", bound=Combination)


class Candidate(NamedTuple):
    """A combination bound to the template that can render it."""

    group: str
    head: str
    render: Callable[[Chooser], Rendering | None]


class Template(NamedTuple):
    """A named way of making sentences from combinations."""

    name: str
    candidates: Callable[[], Iterable[Candidate]]


def template_over(
    combinations: Callable[[], Iterable[AnyCombination]],
) -> Callable[[Callable[[AnyCombination, Chooser], Rendering | None]], Template]:
    """Turn a rendering function into a template over combinations, named after the function."""

    def decorate(render: Callable[[AnyCombination, Chooser], Rendering | None]) -> Template:
        def candidates() -> Iterator[Candidate]:
            for combination in combinations():
                yield Candidate(combination.group, combination.head, partial(render, combination))

        return Template(render.__name__.replace("_", "-"), candidates)

    return decorate


def draw(template: Template) -> list[Phrase]:
    """Return a template's pairs: a fair, fixed choice among all that it could say."""
    ordered = _in_turns(template)
    phrases: dict[tuple[str, str], Phrase] = {}
    for turn in range(_MOST_ROUNDS):
        for candidate in ordered:
            rendering = candidate.render(Chooser(f"{template.name}/{candidate.group}/{turn}"))
            if rendering is None or not _is_short(rendering):
                continue
            for french in rendering.french:
                pair = (rendering.english, french)
                phrases.setdefault(pair, Phrase(*pair, candidate.group, template.name))
            if len(phrases) >= MOST_PAIRS:
                return list(phrases.values())
    return list(phrases.values())


def with_joined_groups(phrases: Iterable[Phrase]) -> list[Phrase]:
    """Give all pairs with one English sentence one group, and keep each pair once.

    If two combinations make the same sentence, their groups become one, with the first's name.
    """
    kept: dict[tuple[str, str], Phrase] = {}
    parent: dict[str, str] = {}
    group_of_source: dict[str, str] = {}

    def root(group: str) -> str:
        while parent.setdefault(group, group) != group:
            group = parent[group]
        return group

    for phrase in phrases:
        kept.setdefault((phrase.english, phrase.french), phrase)
        first = group_of_source.setdefault(phrase.english, phrase.group)
        parent[root(phrase.group)] = root(first)
    return [phrase._replace(group=root(phrase.group)) for phrase in kept.values()]


def well_mixed(phrases: Iterable[Phrase]) -> list[Phrase]:
    """Order pairs by a digest of their text, so that the first ones are a fair sample."""
    return sorted(phrases, key=lambda phrase: _digest(f"{phrase.english}\t{phrase.french}"))


def _in_turns(template: Template) -> list[Candidate]:
    """Order candidates so that the heads take turns, whatever number of combinations each has."""
    shuffled = sorted(
        template.candidates(), key=lambda candidate: _digest(f"{template.name}/{candidate.group}")
    )
    seen: Counter[str] = Counter()
    turns = []
    for candidate in shuffled:
        turns.append((seen[candidate.head], candidate))
        seen[candidate.head] += 1
    return [candidate for _, candidate in sorted(turns, key=lambda turn: turn[0])]


def _is_short(rendering: Rendering) -> bool:
    return max(map(len, (rendering.english, *rendering.french))) <= LONGEST_SIDE


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
