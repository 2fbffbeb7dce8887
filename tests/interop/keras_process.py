"""What the tests ask of real Keras, in a process of its own: `keras_process.py TASK FROM… TO`."""

import json
import sys

import keras
import numpy as np


def probabilities(archive: str, given: str, to: str) -> None:
    """Write what the model predicts, and take it apart for inference as the example does."""
    arrays = np.load(given)
    model = keras.models.load_model(archive)
    np.save(to, model.predict([arrays["sources"], arrays["targets"]], verbose=0))
    # The example's own inference part, whose inputs have no names.
    keras.Model(model.input[0], model.layers[2].output[1:])
    states = [keras.Input(shape=(model.layers[3].units,)) for _ in range(2)]
    outputs, *next_states = model.layers[3](model.input[1], initial_state=states)
    keras.Model([model.input[1], *states], [model.layers[4](outputs), *next_states])


def train(archive: str, pairs: str, to: str) -> None:
    """Train as the example does, on the pairs in their order, and write every step's loss."""
    with open(pairs, encoding="utf-8") as file:
        task = json.load(file)
    source_ids = {symbol: i for i, symbol in enumerate(task["source_symbols"])}
    target_ids = {symbol: i for i, symbol in enumerate(task["target_symbols"])}
    texts = [(source, f"\t{target}\n") for source, target in task["pairs"]]
    longest_source = max(len(source) for source, _ in texts)
    longest_target = max(len(target) for _, target in texts)
    encoder_inputs = np.zeros((len(texts), longest_source, len(source_ids)), "float32")
    decoder_inputs = np.zeros((len(texts), longest_target, len(target_ids)), "float32")
    decoder_outputs = np.zeros_like(decoder_inputs)
    for i, (source, target) in enumerate(texts):
        for t, character in enumerate(source):
            encoder_inputs[i, t, source_ids[character]] = 1.0
        encoder_inputs[i, t + 1 :, source_ids[" "]] = 1.0
        for t, character in enumerate(target):
            decoder_inputs[i, t, target_ids[character]] = 1.0
            if t > 0:
                decoder_outputs[i, t - 1, target_ids[character]] = 1.0
        decoder_inputs[i, t + 1 :, target_ids[" "]] = 1.0
        decoder_outputs[i, t:, target_ids[" "]] = 1.0
    model = keras.models.load_model(archive)
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    losses = []
    for start in range(0, len(texts), task["batch_size"]):
        rows = slice(start, start + task["batch_size"])
        model.reset_metrics()  # Or each figure is the mean since the first step.
        inputs = [encoder_inputs[rows], decoder_inputs[rows]]
        losses.append([float(x) for x in model.train_on_batch(inputs, decoder_outputs[rows])])
    model.save(to)
    print(json.dumps(losses))


def save(kind: str, to: str) -> None:
    """Save a model of another architecture, as its author would."""
    reader = keras.layers.GRU if kind == "gru" else keras.layers.LSTM
    encoder_inputs = keras.Input((None, 5))
    decoder_inputs = keras.Input((None, 6))
    options = {"activation": "relu"} if kind == "relu" else {}
    layer = reader(4, return_state=True, **options)
    if kind == "bidirectional":
        _, *states = keras.layers.Bidirectional(layer)(encoder_inputs)
        states = [keras.layers.Concatenate()(states[i::2]) for i in (0, 1)]
    else:
        _, *states = layer(encoder_inputs)
    units = 8 if kind == "bidirectional" else 4
    outputs = reader(units, return_sequences=True)(decoder_inputs, initial_state=states)
    outputs = keras.layers.Dense(6, activation="softmax")(outputs)
    model = keras.Model([encoder_inputs, decoder_inputs], outputs)
    if kind == "sequential":
        model = keras.Sequential([encoder_inputs, keras.layers.LSTM(4)])
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    model.save(to)


if __name__ == "__main__":
    {"probabilities": probabilities, "train": train, "save": save}[sys.argv[1]](*sys.argv[2:])
