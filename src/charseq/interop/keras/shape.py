"""The example's architecture as Keras describes it: `config.json`, checked and written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from charseq.errors import ModelFileError, visible

MOST_UNITS = 65_536
MOST_SYMBOLS = 0x110000 + 3

_LAYERS = ["Dense", "InputLayer", "InputLayer", "LSTM", "LSTM"]
# The settings that change a layer's output; dropout, initialisers and regularisers do not.
_LSTM: dict[str, Any] = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "use_bias": True,
    "go_backwards": False,
    "stateful": False,
}
_DENSE: dict[str, Any] = {"activation": "softmax", "use_bias": True, "quantization_config": None}


@dataclass(frozen=True)
class ExampleShape:
    """The sizes of a model of the example's architecture, and where its weights are.

    Attributes:
        units: the units of both LSTMs.
        source_symbols: the width of the encoder's input.
        target_symbols: the width of the decoder's input and of the output.
        encoder: the encoder's name in the weights, which Keras derives from class and order.
        decoder: the decoder's name in the weights.
    """

    units: int
    source_symbols: int
    target_symbols: int
    encoder: str = "lstm"
    decoder: str = "lstm_1"


def check_shape(config: Any) -> ExampleShape:
    """Return the sizes that a `config.json` describes.

    Raises:
        ModelFileError: if it does not describe the example's architecture; the message says why.
    """
    try:
        return _checked(config)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError):
        raise ModelFileError("its config.json is not that of a Keras model") from None


def describe_shape(shape: ExampleShape) -> dict[str, Any]:
    """Return the `config.json` of the example's architecture, as any Keras 3 reads it.

    The layers have explicit names, so they never clash with the `Input`s of inference code, which
    Keras numbers.
    """
    source = _history("encoder_inputs", 0, [None, None, shape.source_symbols])
    target = _history("decoder_inputs", 0, [None, None, shape.target_symbols])
    states = [_history("encoder_lstm", place, [None, shape.units]) for place in (1, 2)]
    outputs = _history("decoder_lstm", 0, [None, None, shape.units])
    reading = {**_LSTM, "units": shape.units, "return_sequences": False, "return_state": True}
    writing = {**reading, "return_sequences": True}
    layers = [
        _input("encoder_inputs", shape.source_symbols),
        _input("decoder_inputs", shape.target_symbols),
        _layer("LSTM", "encoder_lstm", reading, [source]),
        _layer("LSTM", "decoder_lstm", writing, [target], {"initial_state": states}),
        _layer(
            "Dense",
            "decoder_dense",
            {"units": shape.target_symbols, "activation": "softmax", "use_bias": True},
            [outputs],
        ),
    ]
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": "lstm_seq2seq",
            "trainable": True,
            "layers": layers,
            "input_layers": [["encoder_inputs", 0, 0], ["decoder_inputs", 0, 0]],
            "output_layers": [["decoder_dense", 0, 0]],
        },
        "registered_name": "Functional",
    }


def _checked(config: Any) -> ExampleShape:
    if config["class_name"] != "Functional":
        kind = visible(str(config["class_name"]))
        raise ModelFileError(f"it contains a {kind} model, not the example's Functional one")
    layers = config["config"]["layers"]
    kinds = [_class_of(layer) for layer in layers]
    if sorted(kinds) != _LAYERS:
        raise ModelFileError(
            f"its layers are {visible(', '.join(kinds), 200)}; the example's are two InputLayers,"
            " two LSTMs and a Dense"
        )
    by_name = {layer["config"]["name"]: layer for layer in layers}
    if len(by_name) != len(layers):
        raise ModelFileError("two of its layers have the same name")
    lstms = [layer for layer in layers if layer["class_name"] == "LSTM"]
    (dense,) = (layer for layer in layers if layer["class_name"] == "Dense")

    # Follow the connections from the output back to the inputs.
    (output,) = _outputs(config["config"]["output_layers"])
    decoder, place = _only(_sources(dense))
    if output != (dense["config"]["name"], 0) or place != 0 or by_name[decoder] not in lstms:
        raise ModelFileError("its output is not a Dense layer on an LSTM's sequence")
    (encoder,) = (layer["config"]["name"] for layer in lstms if layer is not by_name[decoder])
    decoded, *states = _sources(by_name[decoder])
    if states != [(encoder, 1), (encoder, 2)]:
        raise ModelFileError("its second LSTM does not start from both states of the first")
    encoded, _ = _only(_sources(by_name[encoder]))
    if encoded == decoded[0]:
        raise ModelFileError("its encoder and decoder read the same input")

    for name, returns in ((encoder, "return_state"), (decoder, "return_sequences")):
        _expect(by_name[name], {**_LSTM, returns: True})
    _expect(dense, _DENSE)
    shape = ExampleShape(
        units=_count(by_name[encoder]["config"]["units"], MOST_UNITS),
        source_symbols=_width(by_name[encoded]),
        target_symbols=_width(by_name[decoded[0]]),
        encoder="lstm" if by_name[encoder] is lstms[0] else "lstm_1",
        decoder="lstm_1" if by_name[encoder] is lstms[0] else "lstm",
    )
    if by_name[decoder]["config"]["units"] != shape.units:
        raise ModelFileError("its encoder and decoder have different numbers of units")
    if dense["config"]["units"] != shape.target_symbols:
        raise ModelFileError("its output has not as many units as its decoder's input has symbols")
    return shape


def _class_of(layer: Any) -> str:
    name = str(layer["class_name"])
    ours = str(layer["module"]).split(".")[0] == "keras" and layer["registered_name"] in (
        None,
        name,
    )
    return name if ours else f"{layer['registered_name'] or name} (not Keras's own)"


def _expect(layer: Any, wanted: dict[str, Any]) -> None:
    settings = layer["config"]
    name = visible(str(settings["name"]))
    dtype = settings.get("dtype", "float32")
    policy = dtype["config"]["name"] if isinstance(dtype, dict) else dtype
    if policy != "float32":
        raise ModelFileError(
            f"its layer {name} computes in {visible(str(policy))}; only float32 is read"
        )
    for setting, value in wanted.items():
        found = settings.get(setting, value)
        if found != value:
            raise ModelFileError(
                f"its layer {name} has {setting}={visible(repr(found))}; the example has {value!r}"
            )


def _width(layer: Any) -> int:
    shape = layer["config"].get("batch_shape") or layer["config"]["batch_input_shape"]
    if layer["class_name"] != "InputLayer" or len(shape) != 3:
        raise ModelFileError("its inputs are not sequences of one-hot characters")
    return _count(shape[2], MOST_SYMBOLS)


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 1 <= value <= most:
        raise ModelFileError(f"its config.json has the size {visible(repr(value))}")
    return value


def _sources(layer: Any) -> list[tuple[str, int]]:
    """Return the layers and places that a layer reads from, in order."""
    node = _only(layer["inbound_nodes"])
    return [
        (tensor["keras_history"][0], tensor["keras_history"][2])
        for tensor in _tensors([node["args"], node["kwargs"]])
    ]


def _tensors(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]
        else:
            yield from _tensors(list(value.values()))


def _outputs(layers: Any) -> list[tuple[str, int]]:
    # Keras 3 writes a model's only output without the outer list.
    listed = layers if isinstance(layers[0], list) else [layers]
    return [(name, place) for name, _, place in listed]


def _only(values: Any) -> Any:
    (value,) = values
    return value


def _history(layer: str, place: int, shape: list[int | None]) -> dict[str, Any]:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": shape, "dtype": "float32", "keras_history": [layer, 0, place]},
    }


def _input(name: str, symbols: int) -> dict[str, Any]:
    settings = {"batch_shape": [None, None, symbols], "dtype": "float32", "sparse": False}
    return _serialised("InputLayer", name, settings, [])


def _layer(
    kind: str, name: str, settings: dict[str, Any], read: list[Any], extra: Any = None
) -> dict[str, Any]:
    nodes = [{"args": read, "kwargs": extra or {}}]
    return _serialised(kind, name, {**settings, "trainable": True, "dtype": "float32"}, nodes)


def _serialised(kind: str, name: str, settings: dict[str, Any], nodes: list[Any]) -> dict[str, Any]:
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": {"name": name, **settings},
        "registered_name": None,
        "name": name,
        "inbound_nodes": nodes,
    }
