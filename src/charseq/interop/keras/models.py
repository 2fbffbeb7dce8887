"""From the example's `.keras` archive to charseq's model, and back."""

import json
from collections.abc import Sequence
from pathlib import Path

from charseq.config import NOISE, PRESETS, CorpusConfig, ModelConfig
from charseq.corpus import Corpus, Pair
from charseq.errors import DataError, ModelFileError, UsageError
from charseq.interop.keras.archive import (
    CONFIG,
    METADATA,
    TABLES,
    WEIGHTS,
    read_archive,
    write_archive,
)
from charseq.interop.keras.shape import ExampleShape, check_shape, describe_shape
from charseq.interop.keras.tables import read_tables, write_tables
from charseq.interop.keras.weights import read_weights, tensor_sizes, write_weights
from charseq.modelfile import ModelDescription, OutputLimit, Tensors, kept_columns
from charseq.text import Vocabulary

# Settings that the archive and the inference code carry; every other must be the example's.
_CARRIED = {
    "maximum_output_length",
    "normalise",
    "pad_character",
    "pad_source_to",
    "units",
    "unknown_symbol",
}
# A fixed date, so that equal models give equal files.
_METADATA = {"keras_version": "3.0.0", "date_saved": "1980-01-01@00:00:00"}


_AS_IT_IS = CorpusConfig()


def import_keras(
    path: str | Path, corpus: Corpus | None = None, read_as: CorpusConfig = _AS_IT_IS
) -> tuple[ModelDescription, Tensors]:
    """Read a model that the Keras example, or `export_keras`, saved.

    The example does not save its character tables. They are rebuilt as it built them, from the
    corpus that it was trained on: the same file, the same number of lines.

    Args:
        path: the `.keras` archive.
        corpus: what the model was trained on; None for an archive that charseq wrote.
        read_as: how that was read, for the model to read others the same way.

    Raises:
        ModelFileError: if it is not an archive of a model of the example's architecture.
        DataError: if the model was not trained on this corpus.
        UsageError: if the corpus is needed and not given, or given and not needed.
        MachineError: if it cannot be read.
        MissingExtraError: if the reader of HDF5 is not installed.
    """
    path = Path(path)
    archive = read_archive(path)
    try:
        shape = check_shape(archive.config)
        written = None if archive.tables is None else read_tables(archive.tables, shape)
        tensors = read_weights(archive.weights, shape)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from None
    if written is not None:
        if corpus is not None:
            raise UsageError(f"{path} contains its own character tables: omit the corpus")
        unlike = _unlike_the_example(written)
        if unlike is not None:
            raise ModelFileError(f"{path}: its {TABLES} does not fit its layers: {unlike}")
        return written, tensors
    if corpus is None:
        raise UsageError(
            f"{path} does not contain the character tables, which the example rebuilds from its"
            " corpus: give that corpus, with --corpus and --limit"
        )
    return _describe(path, shape, corpus, read_as), tensors


def export_keras(description: ModelDescription, tensors: Tensors, path: str | Path) -> None:
    """Write a model as a `.keras` archive that Keras 3 loads.

    What Keras has no place for, the character tables, the padding and the output limit, goes into
    a member of its own, `charseq.json`. Equal models give equal files.

    Args:
        description: the model's description.
        tensors: the weights.
        path: where to write it; Keras requires the ending `.keras`.

    Raises:
        UsageError: if the model is not of the example's shape, or the path lacks the ending.
        MachineError: if it cannot be written.
        MissingExtraError: if the writer of HDF5 is not installed.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise UsageError(f"{path} must end in .keras, or Keras will not load it")
    shape = _exported_shape(description, tensors)
    members = {
        METADATA: json.dumps(_METADATA).encode(),
        CONFIG: json.dumps(describe_shape(shape)).encode(),
        WEIGHTS: write_weights(tensors, shape),
        TABLES: write_tables(description),
    }
    write_archive(path, members)


def _describe(
    path: Path, shape: ExampleShape, corpus: Corpus, read_as: CorpusConfig
) -> ModelDescription:
    sources = Vocabulary.of_sources([pair.source for pair in corpus.pairs], unknown=False)
    targets = Vocabulary.of_targets([pair.target for pair in corpus.pairs], unknown=False)
    if (len(sources), len(targets)) != (shape.source_symbols, shape.target_symbols):
        raise DataError(
            f"{path} was trained on {shape.source_symbols} source and {shape.target_symbols}"
            f" target characters, but {len(corpus):,} pairs of {corpus.name} have {len(sources)}"
            f" and {len(targets)}: --corpus and --limit must be those of its training; if charseq"
            f" exported it, put the {TABLES} of that archive back into this one"
        )
    longest_source = _longest(corpus.pairs, 0)
    longest_output = _longest(corpus.pairs, 1) + 3  # Start, end, and one more.
    return ModelDescription(
        config=ModelConfig(
            **PRESETS["keras-example"].model.model_dump()
            | {
                "units": shape.units,
                "pad_source_to": longest_source,
                "maximum_output_length": longest_output,
            }
        ),
        sources=sources,
        targets=targets,
        output_limit=OutputLimit(0.0, longest_output),
        columns=kept_columns(read_as, conditions=False),
        corpus={
            "name": corpus.name,
            "digest": corpus.digest,
            "pairs": len(corpus),
            "attribution": corpus.attribution,
        },
    )


def _longest(pairs: Sequence[Pair], side: int) -> int:
    return max(len(pair[side]) for pair in pairs)


def _exported_shape(description: ModelDescription, tensors: Tensors) -> ExampleShape:
    only = "only models of the Keras example's shape can be exported to Keras"
    unlike = _unlike_the_example(description)
    if unlike is not None:
        raise UsageError(f"{only}: {unlike}")
    units = description.config.units
    shape = ExampleShape(units, len(description.sources), len(description.targets))
    sizes = tensor_sizes(shape)
    if {name: tensor.shape for name, tensor in tensors.items()} != sizes:
        raise UsageError(only)
    return shape


def _unlike_the_example(description: ModelDescription) -> str | None:
    """Return what in a description no archive of the example's shape can carry, in words."""
    if description.sources.conditions.ids:
        return "it reads features or languages"
    config, example = description.config, PRESETS["keras-example"].model
    for name in ModelConfig.model_fields:
        value, expected = getattr(config, name), getattr(example, name)
        if name not in _CARRIED | NOISE and value != expected:
            return f"{name} is {value!r}, the example's is {expected!r}"
    return None
