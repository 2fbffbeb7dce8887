"""English inflection: verbs (third person, -ing, past, participle), plurals, a or an."""

import re
from collections.abc import Callable

_IRREGULAR_VERBS = {
    base: (past, participle)
    for base, past, participle in (
        line.split()
        for line in """
        be was been
        break broke broken
        bring brought brought
        build built built
        buy bought bought
        catch caught caught
        choose chose chosen
        come came come
        cut cut cut
        do did done
        draw drew drawn
        drink drank drunk
        drive drove driven
        eat ate eaten
        fall fell fallen
        feed fed fed
        feel felt felt
        find found found
        forget forgot forgotten
        get got gotten
        give gave given
        go went gone
        grow grew grown
        hang hung hung
        have had had
        hear heard heard
        hide hid hidden
        hold held held
        keep kept kept
        know knew known
        lead led led
        learn learned learned
        leave left left
        lend lent lent
        light lit lit
        lose lost lost
        make made made
        meet met met
        pay paid paid
        put put put
        read read read
        rise rose risen
        run ran run
        say said said
        see saw seen
        sell sold sold
        send sent sent
        sew sewed sewn
        show showed shown
        sing sang sung
        sit sat sat
        sleep slept slept
        speak spoke spoken
        stand stood stood
        steal stole stolen
        swim swam swum
        take took taken
        tell told told
        think thought thought
        throw threw thrown
        try tried tried
        understand understood understood
        wake woke woken
        wear wore worn
        win won won
        write wrote written
        """.strip().splitlines()
    )
}
_DOUBLING = frozenset({"cut", "forget", "get", "put", "run", "shop", "sit", "stop", "swim", "win"})
_IRREGULAR_PLURALS = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "foot": "feet",
    "tooth": "teeth",
    "mouse": "mice",
    "sheep": "sheep",
    "fish": "fish",
    "wife": "wives",
    "knife": "knives",
    "leaf": "leaves",
    "thief": "thieves",
    "wolf": "wolves",
    "shelf": "shelves",
    "scarf": "scarves",
    "police officer": "police officers",
    "hero": "heroes",
    "potato": "potatoes",
    "tomato": "tomatoes",
}
# Words whose spelling misleads the choice of a or an: a university, an hour.
_CONSONANT_SOUNDS = ("uni", "use", "euro", "one", "u-")
_VOWEL_SOUNDS = ("hour", "honest", "heir")


def third_person(verb: str) -> str:
    """Return the third person singular of a verb phrase: watches, looks for."""
    return _inflect(verb, _third_person_word)


def ing(verb: str) -> str:
    """Return the present participle of a verb phrase: putting on."""
    return _inflect(verb, _ing_word)


def past(verb: str) -> str:
    """Return the simple past of a verb phrase: took off."""
    return _inflect(verb, _past_word)


def past_participle(verb: str) -> str:
    """Return the past participle of a verb phrase: taken off."""
    return _inflect(verb, _participle_word)


def plural(noun: str) -> str:
    """Return the plural of a noun."""
    if noun in _IRREGULAR_PLURALS:
        return _IRREGULAR_PLURALS[noun]
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + "s"


def article(following: str) -> str:
    """Return the indefinite article before a word: a or an."""
    word = following.lower()
    if word.startswith(_VOWEL_SOUNDS):
        return "an"
    return "an" if word[0] in "aeiou" and not word.startswith(_CONSONANT_SOUNDS) else "a"


def sentence(text: str, end: str) -> str:
    """Capitalise the first letter and close with ``.``, ``!`` or ``?``."""
    words = " ".join(text.split())
    return words[0].upper() + words[1:] + end


def comparative(adjective: str) -> str:
    """Return the comparative: taller, happier, more patient."""
    if adjective.endswith("y") and 3 < len(adjective) <= 6:
        return adjective[:-1] + "ier"
    if (
        adjective in {"cruel", "naive"}
        or len(re.findall(r"[aeiou]+", adjective.removesuffix("e"))) > 1
    ):
        return f"more {adjective}"
    if adjective.endswith("e"):
        return adjective + "r"
    if re.search(r"[^aeiou][aeiou][bdgnt]$", adjective):
        return adjective + adjective[-1] + "er"
    return adjective + "er"


def _inflect(verb: str, rule: Callable[[str], str]) -> str:
    first, *rest = verb.split(" ")
    return " ".join([rule(first), *rest])


def _third_person_word(verb: str) -> str:
    if verb in {"have", "be"}:
        return {"have": "has", "be": "is"}[verb]
    return plural(verb) if verb not in {"go", "do"} else verb + "es"


def _ing_word(verb: str) -> str:
    if verb in {"lie", "die"}:
        return verb[:-2] + "ying"
    if verb in _DOUBLING:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith(("ee", "ye")) and verb != "be":
        return verb[:-1] + "ing"
    return verb + "ing"


def _past_word(verb: str) -> str:
    return _IRREGULAR_VERBS[verb][0] if verb in _IRREGULAR_VERBS else _regular_past(verb)


def _participle_word(verb: str) -> str:
    return _IRREGULAR_VERBS[verb][1] if verb in _IRREGULAR_VERBS else _regular_past(verb)


def _regular_past(verb: str) -> str:
    if verb in _DOUBLING:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb + "ed"
