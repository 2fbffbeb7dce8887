"""The model file: one `.safetensors` file with all that is needed to translate.

The weights are its tensors; its metadata contains one JSON string under the key `charseq`. Equal
models give equal files, files are written whole or not at all, and nothing is ever unpickled.
"""

from charseq.modelfile.description import (
    FORMAT_VERSION,
    MOST_PER_SYMBOL,
    ModelDescription,
    OutputLimit,
    description_from_dict,
    description_to_dict,
    have_names,
    kept_columns,
)
from charseq.modelfile.file import (
    EXPORT_SUFFIX,
    METADATA_KEY,
    MODEL_FILE,
    MODEL_SUFFIX,
    MODEL_SUFFIXES,
    Tensors,
    count_parameters,
    is_named_like_a_model,
    read_description,
    read_model,
    refuse_model_output,
    refuse_no_file,
    telling_of,
    write_model,
)

__all__ = [
    "EXPORT_SUFFIX",
    "FORMAT_VERSION",
    "METADATA_KEY",
    "MODEL_FILE",
    "MODEL_SUFFIX",
    "MODEL_SUFFIXES",
    "MOST_PER_SYMBOL",
    "ModelDescription",
    "OutputLimit",
    "Tensors",
    "count_parameters",
    "description_from_dict",
    "description_to_dict",
    "have_names",
    "is_named_like_a_model",
    "kept_columns",
    "read_description",
    "read_model",
    "refuse_model_output",
    "refuse_no_file",
    "telling_of",
    "write_model",
]
