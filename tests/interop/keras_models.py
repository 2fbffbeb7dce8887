"""Small models of the example's shape, with random weights."""

import numpy as np

from charseq.config import ModelConfig
from charseq.corpus import Pair
from charseq.interop.keras.shape import ExampleShape
from charseq.interop.keras.weights import tensor_sizes
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit, Tensors
from charseq.text import Spellings, Vocabulary
from charseq.translator import Translator

Model = tuple[ModelDescription, Tensors]

PAIRS = [
    Pair("Go.", "Va !"),
    Pair("Hi.", "Salut."),
    Pair("Run!", "Cours\u202f!"),
    Pair("Wait!", "Attendez !"),
    Pair("Stop now.", "Arrête tout de suite."),
]
EXAMPLE = ModelConfig(
    units=7,
    normalise="none",
    unknown_symbol=False,
    pad_source_to=9,
    pad_character=" ",
    maximum_output_length=24,
)
DEFAULT = ModelConfig(units=7, normalise="nfc")


def make_model(config: ModelConfig, seed: int = 0, pairs: list[Pair] = PAIRS) -> Model:
    """Return a model with random weights, large enough for answers that differ."""
    unknown = config.unknown_symbol
    source, target = Spellings.of(config, "none" if config.normalise == "none" else "nfd")
    description = ModelDescription(
        config=config,
        sources=Vocabulary.of_sources((p.source for p in pairs), unknown=unknown, spelling=source),
        targets=Vocabulary.of_targets((p.target for p in pairs), unknown=unknown, spelling=target),
        output_limit=OutputLimit(1.5, 4) if unknown else OutputLimit(0.0, 24),
        corpus={"name": "tiny", "digest": "d1", "pairs": len(pairs)},
        scores={"exact_match": 0.5},
    )
    shape = ExampleShape(config.units, len(description.sources), len(description.targets))
    generator = np.random.default_rng(seed)
    tensors = {
        name: generator.normal(size=size).astype(np.float32)
        for name, size in tensor_sizes(shape).items()
    }
    # Or hardly any answer would end.
    tensors["decoder.output.bias"][description.targets.frame[1]] += 3
    return description, tensors


def translator_of(description: ModelDescription, tensors: Tensors) -> Translator:
    sizes = len(description.sources), len(description.targets)
    return Translator(Seq2Seq.from_tensors(description.config, *sizes, tensors), description)
