"""What charseq adds to a `.keras` archive: all that its weights and layers do not tell.

The member `charseq.json` holds a model file's description: the character tables, the padding and
the output limit. Keras ignores it.
"""

import json
from typing import Any

from charseq.errors import CharseqError, ModelFileError
from charseq.interop.keras.shape import ExampleShape
from charseq.modelfile import ModelDescription, description_from_dict, description_to_dict


def write_tables(description: ModelDescription) -> bytes:
    """Return the content of `charseq.json`."""
    return json.dumps(description_to_dict(description), ensure_ascii=True, sort_keys=True).encode()


def read_tables(fields: Any, shape: ExampleShape) -> ModelDescription:
    """Return the description that a parsed `charseq.json` holds.

    Raises:
        ModelFileError: if it is malformed, too new, or does not fit the model's shape.
    """
    try:
        description = description_from_dict(fields)
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
