"""A small language, and systems that write it imperfectly."""

import random

Outputs = list[str]
References = list[list[str]]


def noisy_corpus(count: int, seed: int = 0, noise: float = 0.08) -> tuple[Outputs, References]:
    """Sentences of a small language, each with one to three references, and imperfect outputs."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("aeiklmnostu", k=draw.randint(1, 7))) for _ in range(60)]
    references, hypotheses = [], []
    for _ in range(count):
        right = [
            " ".join(draw.choices(words, k=draw.randint(2, 9))) + draw.choice([".", " !", "?"])
            for _ in range(draw.randint(1, 3))
        ]
        references.append(right)
        hypotheses.append(right[0] if draw.random() < 0.4 else spoilt(right[-1], draw, noise))
    return hypotheses, references


def spoilt(text: str, draw: random.Random, noise: float) -> str:
    """Return a text without some of its characters."""
    return "".join(character for character in text if draw.random() > noise)


def two_systems() -> tuple[References, Outputs, Outputs]:
    """References, and the outputs of a good and of a worse system."""
    better, references = noisy_corpus(150)
    draw = random.Random(1)
    worse = [spoilt(text, draw, 0.03) for text in better]
    return references, better, worse
