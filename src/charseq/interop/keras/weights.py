"""Keras's weights and charseq's: each is the other's transpose, with gates in the same order."""

import io
import warnings
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charseq.errors import MissingExtraError, ModelFileError, visible
from charseq.interop.keras.archive import refusing
from charseq.interop.keras.shape import ExampleShape
from charseq.modelfile import Tensors

# Where the layers are in Keras 3, and in 2.12 to 2.15; on Windows, Keras once wrote backslashes.
_ROOTS = ("layers", "_layer_checkpoint_dependencies")
_SEPARATORS = ("/", "\\")


def read_weights(content: bytes, shape: ExampleShape) -> Tensors:
    """Read the weights of a model from Keras's HDF5 file.

    Raises:
        ModelFileError: if they are missing, of another shape, or not finite.
        MissingExtraError: if the reader of HDF5 is not installed.
    """
    try:
        import pyfive
    except ImportError:
        raise MissingExtraError("reading Keras's weights", "keras") from None
    places = _places(shape)
    needed = 4 * sum(int(np.prod(size)) for _, _, size in places.values())
    if len(content) < needed:
        raise ModelFileError(
            f"its weights are truncated: {len(content):,} bytes cannot hold the {needed:,} that"
            " its config.json needs"
        )
    with refusing("its weights are not a sound HDF5 file"), warnings.catch_warnings():
        # The warnings concern parts other than the weights.
        warnings.simplefilter("ignore")
        file = pyfive.File(_PatientBytes(content))
        return {
            name: _weights(file, layer, place, size)
            for name, (layer, place, size) in places.items()
        }


def write_weights(tensors: Tensors, shape: ExampleShape) -> bytes:
    """Return the HDF5 file of a model's weights, as Keras writes it.

    Raises:
        MissingExtraError: if the writer of HDF5 is not installed.
    """
    try:
        import h5py
    except ImportError:
        raise MissingExtraError("writing .keras files", "keras") from None
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, (layer, place, _) in _places(shape).items():
            file[f"layers/{'/'.join(layer)}/vars/{place}"] = np.ascontiguousarray(tensors[name].T)
    return content.getvalue()


def tensor_sizes(shape: ExampleShape) -> Mapping[str, tuple[int, ...]]:
    """Return the sizes of charseq's tensors for a model of this shape."""
    return {name: size[::-1] for name, (_, _, size) in _places(shape).items()}


class _PatientBytes(io.BytesIO):
    """Bytes that may be read several times over, but not for ever.

    The parts of an HDF5 file point at one another; in a malicious file, in endless circles.
    """

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.patience = 4 * len(content) + (1 << 22)

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.patience -= len(found) + 64
        if self.patience < 0:
            raise ModelFileError("its weights are an HDF5 file that leads in circles")
        return found


def _places(shape: ExampleShape) -> dict[str, tuple[tuple[str, ...], int, tuple[int, ...]]]:
    """Return where Keras keeps each tensor, and its size there, by charseq's name."""
    gates = 4 * shape.units
    parts = (
        ("encoder.forwards.0", shape.encoder, shape.source_symbols),
        ("decoder.layers.0", shape.decoder, shape.target_symbols),
    )
    places: dict[str, tuple[tuple[str, ...], int, tuple[int, ...]]] = {}
    for part, name, symbols in parts:
        cell = (name, "cell")
        places[f"{part}.fused.weight_ih_l0"] = (cell, 0, (symbols, gates))
        places[f"{part}.fused.weight_hh_l0"] = (cell, 1, (shape.units, gates))
        places[f"{part}.fused.bias_ih_l0"] = (cell, 2, (gates,))
    places["decoder.output.weight"] = (("dense",), 0, (shape.units, shape.target_symbols))
    places["decoder.output.bias"] = (("dense",), 1, (shape.target_symbols,))
    return places


def _weights(
    file: Any, layer: tuple[str, ...], place: int, size: tuple[int, ...]
) -> NDArray[np.float32]:
    dataset, name = _find(file, layer, place)
    # The size is checked before anything is read. Keras neither compresses nor chunks weights,
    # and a file that does could claim far more than it holds.
    if tuple(dataset.shape) != size:
        raise ModelFileError(
            "its weights do not fit its config.json:"
            f" {name} should be {size}, is {visible(str(tuple(dataset.shape)))}"
        )
    if dataset.chunks is not None or np.dtype(dataset.dtype) != np.float32:
        raise ModelFileError(f"its {name} is not stored as plain 32-bit floating-point numbers")
    read = np.ascontiguousarray(np.asarray(dataset[...], np.float32).reshape(size).T)
    if not np.isfinite(read).all():
        raise ModelFileError(f"its {name} contains values that are not finite numbers")
    return read


def _find(file: Any, layer: tuple[str, ...], place: int) -> tuple[Any, str]:
    for root, separator in product(_ROOTS, _SEPARATORS):
        name = f"{separator.join((root, *layer))}/vars/{place}"
        try:
            found = file[name]
        except KeyError:
            continue
        if hasattr(found, "shape"):
            return found, name
    raise ModelFileError(f"its weights lack {'/'.join((_ROOTS[0], *layer))}/vars/{place}")
