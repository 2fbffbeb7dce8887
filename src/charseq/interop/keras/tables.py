"""What charseq adds to a `.keras` archive: all that its weights and layers leave unsaid.

The member `charseq.json` holds the character tables, the padding and the output limit; Keras does
not look at it.
"""

import json
from typing import Any

from charseq.config import ModelConfig
from charseq.errors import CharseqError, ModelFileError, visible
from charseq.interop.keras.shape import ExampleShape
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.text import Vocabulary

TABLES_VERSION = 1


def write_tables(description: ModelDescription) -> bytes:
    """Return the content of `charseq.json`."""
    limit = description.output_limit
    fields = {
        "tables_version": TABLES_VERSION,
        "config": description.config.model_dump(),
        "source_vocabulary": description.sources.as_dict(),
        "target_vocabulary": description.targets.as_dict(),
        "output_limit": {"per_symbol": limit.per_symbol, "constant": limit.constant},
        "corpus": dict(description.corpus),
        "scores": dict(description.scores),
        "charseq_version": description.charseq_version,
    }
    return json.dumps(fields, ensure_ascii=True, sort_keys=True).encode()


def read_tables(fields: Any, shape: ExampleShape) -> ModelDescription:
    """Return the description that a parsed `charseq.json` holds.

    Raises:
        ModelFileError: if it is malformed, too new, or does not fit the model's shape.
    """
    try:
        if fields["tables_version"] != TABLES_VERSION:
            raise ModelFileError(
                f"its charseq.json has version {visible(str(fields['tables_version']))}; this"
                f" charseq reads version {TABLES_VERSION}: upgrade charseq"
            )
        description = ModelDescription(
            config=ModelConfig(**fields["config"]),
            sources=Vocabulary.from_dict(fields["source_vocabulary"]),
            targets=Vocabulary.from_dict(fields["target_vocabulary"]),
            output_limit=_limit(**fields["output_limit"]),
            corpus={str(k): v for k, v in fields["corpus"].items() if isinstance(v, str | int)},
            scores={str(k): float(v) for k, v in fields["scores"].items()},
            charseq_version=str(fields["charseq_version"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ModelFileError("its charseq.json is malformed") from None
    except CharseqError as error:
        raise ModelFileError(f"its charseq.json is not valid: {error}") from None
    found = (description.config.units, len(description.sources), len(description.targets))
    if found != (shape.units, shape.source_symbols, shape.target_symbols):
        raise ModelFileError(
            "its charseq.json does not fit its layers: they have"
            f" {shape.units} units, {shape.source_symbols} source and {shape.target_symbols}"
            " target symbols, it says {}, {} and {}".format(*found)
        )
    return description


def _limit(*, per_symbol: float, constant: int) -> OutputLimit:
    if not 0 <= per_symbol <= 1_000 or type(constant) is not int or abs(constant) > 1_000_000:
        raise ValueError
    return OutputLimit(float(per_symbol), constant)
