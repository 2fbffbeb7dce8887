"""Findings about texts that look alike but differ: in script, normal form or marks."""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from charseq.corpus.checking.findings import (
    EXAMPLES,
    Example,
    Finding,
    examples_of,
    shortened,
)
from charseq.corpus.checking.sides import Side, described
from charseq.errors import counted
from charseq.text import is_normalised, normalised

SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN")
"""Scripts with similar letters, which no word should mix; Unicode's names begin with these."""

# Phonetic alphabets borrow these letters.
_PHONETIC = frozenset("βθχ")
# Each string looks much the same throughout. For letters: Latin, Cyrillic, Greek.
_ALIKE = (
    *("AАΑ", "aа", "BВΒ", "CС", "cс", "EЕΕ", "eе", "HНΗ", "IІΙ", "iі", "JЈ", "jј", "KКΚ", "MМΜ"),
    *("NΝ", "OОΟ", "oоο", "PРΡ", "pр", "SЅ", "sѕ", "TТΤ", "XХΧ", "xх", "YУΥ", "yу", "ZΖ", "vν"),
    *("'’ʼ′`´", "-‐‑–−", '"“”„″'),
)

# One of two look-alikes is probably a slip if the other is this many times as frequent.
_SLIP = 50


class Likeness(NamedTuple):
    """A character, and a more common one that looks like it."""

    rarer: str
    commoner: str


def mixed_scripts(side: Side) -> Iterator[Finding]:
    """Find words with letters of several scripts."""
    scripts = {c: script for c in side.counts if (script := _script(c))}
    if len(set(scripts.values())) < 2:
        return
    found = np.array([scripts.get(c, 0) for c in side.counts], np.uint8)[side.numbers]
    # A mark belongs to the letter before it.
    marks = side.flags(c for c in side.counts if len(c) == 1 and unicodedata.combining(c))
    marks[1:] &= side.joints[:-1]
    marks[:1] = False
    found = found[np.maximum.accumulate(np.where(marks, 0, np.arange(len(found))))]
    after = np.append(found[1:], np.uint8(0))
    places = side.places((found > 0) & (after > 0) & (found != after) & side.joints)
    if len(places):
        yield Finding(
            f"mixed scripts in a {side.name} word",
            len(places),
            f"{counted(len(places), side.name)} with letters of several scripts in one word",
            "check whether a letter was typed in the wrong alphabet: to a model, it is a"
            " different letter",
            tuple(
                Example(place + 1, _mixed_word(side.texts[place], scripts))
                for place in places[:EXAMPLES].tolist()
            ),
        )


def look_alikes(side: Side) -> Iterator[Finding]:
    """Find characters that look like a far more frequent one."""
    pairs = {*_letters_and_marks(side), *_compatible(side)}
    slips = sorted(
        (each for each in pairs if _is_slip(each, side)),
        key=lambda each: (side.counts[each.rarer], each),
    )
    if not slips:
        return
    places = side.places_of(each.rarer for each in slips)
    yield Finding(
        f"look-alike {side.name} characters",
        len(places),
        f"{counted(len(places), side.name)} with characters that look like a far more frequent"
        " one: "
        + shortened(
            [
                f"{described(rarer)} {side.counts[rarer]:,} ×, against {described(commoner)}"
                f" {side.counts[commoner]:,} ×"
                for rarer, commoner in slips
            ],
            EXAMPLES,
        ),
        "replace them if they are typos",
        tuple(
            Example(place + 1, f"{described(each.rarer)} in {side.texts[place]}")
            for each in slips[:EXAMPLES]
            for place in side.places_of(each.rarer)[:1].tolist()
        ),
    )


def mixed_forms(side: Side) -> Iterator[Finding]:
    """Find texts that are not in Unicode's form NFC."""
    texts = side.texts
    apart = [i for i, text in enumerate(texts) if not is_normalised(text, "nfc")]
    if not apart:
        return
    known = set(texts)
    both = [i for i in apart if normalised(texts[i], "nfc") in known]
    yield Finding(
        f"{side.name}s in another normal form",
        len(apart),
        f"{counted(len(apart), side.name)} not in Unicode's NFC form ({len(both):,} also occurring"
        " in NFC)",
        "bring all texts into NFC, or let charseq do it: the two ways to write é look the same"
        " but are different symbols",
        tuple(
            Example(each.pair, each.text.encode("unicode_escape").decode("ascii"))
            for each in examples_of(dict.fromkeys([*both, *apart]), texts)
        ),
    )


def _script(character: str) -> int:
    """Return the number of a letter's script in `SCRIPTS`, from 1; 0 if it has none of them."""
    if not character.isalpha() or character in _PHONETIC:
        return 0
    name = unicodedata.name(character, "").partition(" ")[0]
    return SCRIPTS.index(name) + 1 if name in SCRIPTS else 0


def _mixed_word(text: str, scripts: dict[str, int]) -> str:
    """Return the first word that mixes scripts, and its letters in the rarer script."""
    for word in text.split():
        of_script: dict[int, list[str]] = {}
        for character in word:
            if character in scripts:
                of_script.setdefault(scripts[character], []).append(character)
        if len(of_script) > 1:
            fewest = min(of_script.values(), key=len)
            return f"{word}: {shortened([described(c) for c in dict.fromkeys(fewest)], 3)}"
    return text


def _letters_and_marks(side: Side) -> Iterator[Likeness]:
    for alike in _ALIKE:
        present = sorted((c for c in alike if c in side.counts), key=lambda c: side.counts[c])
        for rarer in present[:-1]:
            yield Likeness(rarer, present[-1])


def _compatible(side: Side) -> Iterator[Likeness]:
    """Yield full-width letters and the like with their plain forms."""
    for character in side.counts:
        kind = unicodedata.decomposition(character).partition(" ")[0]
        plain = unicodedata.normalize("NFKC", character)
        if (
            kind in ("<wide>", "<narrow>", "<compat>", "<font>")
            and not character.isspace()
            and plain in side.counts
        ):
            yield Likeness(character, plain)


def _is_slip(likeness: Likeness, side: Side) -> bool:
    return side.counts[likeness.rarer] * _SLIP <= side.counts[likeness.commoner]
