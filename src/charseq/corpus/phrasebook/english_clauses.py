"""The beginnings of English clauses: a subject with its auxiliary, contracted as in speech."""

from charseq.corpus.phrasebook import english
from charseq.corpus.phrasebook.subjects import I, Subject


def am(subject: Subject, *, is_negative: bool = False) -> str:
    """Return *I'm*, *Tom is*, *you aren't*."""
    form = _be(subject)
    if is_negative:
        return "I'm not" if subject is I else f"{subject.english} {form}n't"
    if subject.person == 2 and subject.english[0].isupper():
        return f"{subject.english} {form}"
    return f"{subject.english}'{form[1:]}"


def is_it(subject: Subject) -> str:
    """Return *are you*, *is Tom*."""
    return f"{_be(subject)} {subject.english}"


def was(subject: Subject) -> str:
    """Return *I was*, *they were*."""
    is_singular = subject is I or subject.is_third_singular
    return f"{subject.english} {'was' if is_singular else 'were'}"


def present(subject: Subject, verb: str) -> str:
    """Return *I wear*, *Tom wears*."""
    form = english.third_person(verb) if subject.is_third_singular else verb
    return f"{subject.english} {form}"


def do_not(subject: Subject) -> str:
    """Return *I don't*, *Tom doesn't*."""
    return f"{subject.english} {'does' if subject.is_third_singular else 'do'}n't"


def do(subject: Subject) -> str:
    """Return *do you*, *does Tom*."""
    return f"{'does' if subject.is_third_singular else 'do'} {subject.english}"


def will(subject: Subject) -> str:
    """Return *I'll*, *Tom will*."""
    return _contracted(subject, "will", "ll")


def would(subject: Subject) -> str:
    """Return *I'd*, *Tom would*."""
    return _contracted(subject, "would", "d")


def have(subject: Subject) -> str:
    """Return *I've*, *she has* as *she's*, *Tom has*."""
    if subject.is_third_singular:
        return _contracted(subject, "has", "s")
    return f"{subject.english}'ve"


def _contracted(subject: Subject, whole: str, short: str) -> str:
    if subject.is_third_singular and subject.english[0].isupper():
        return f"{subject.english} {whole}"
    return f"{subject.english}'{short}"


def _be(subject: Subject) -> str:
    if subject is I:
        return "am"
    return "is" if subject.is_third_singular else "are"
