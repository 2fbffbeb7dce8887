"""The Keras example `lstm_seq2seq`: the same model, data and `fit`, rewritten compactly.

Prints one JSON object an epoch: its seconds with and without validation, and Keras's own figures;
with --masked also the held-out loss that charseq reports, taken after the clock has stopped.
"""

import importlib.util
import os
import time

os.environ.setdefault("KERAS_BACKEND", "jax")

from benchmarks.contestant import contestant_arguments, skip, tell

if importlib.util.find_spec(os.environ["KERAS_BACKEND"]) is None:
    skip(f"{os.environ['KERAS_BACKEND']} is not installed")

import keras
import numpy as np

from benchmarks.example import BATCH_SIZE, UNITS, Padded, padded_pairs, read_example


class Timer(keras.callbacks.Callback):
    """Times each epoch, up to its validation and as a whole, and prints its figures."""

    def __init__(self, held_out_loss=None):
        super().__init__()
        self.held_out_loss = held_out_loss

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_test_begin(self, logs=None):
        # JAX runs ahead: the last steps are done only once a weight can be read.
        keras.ops.convert_to_numpy(self.model.trainable_variables[0])
        self.trained = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        figures = {
            "training_seconds": self.trained - self.began,
            "seconds": time.perf_counter() - self.began,
            **{name: float(value) for name, value in logs.items()},
        }
        if self.held_out_loss:
            figures["held_out_loss"] = self.held_out_loss(self.model)
        tell(**figures)


def masked_loss(model: keras.Model, inputs: list[np.ndarray], data: Padded) -> float:
    """Return the mean cross-entropy of a real held-out symbol, its end counted, in nats."""
    wanted, real = data.wanted[data.training :], data.real[data.training :]
    probabilities = model.predict(inputs, batch_size=256, verbose=0)
    found = np.take_along_axis(probabilities, wanted[:, :, None], axis=2)[:, :, 0]
    return float(-np.log(np.maximum(found[real], np.finfo("float32").tiny)).mean())


def main() -> None:
    """Train on a corpus's first pairs."""
    parser = contestant_arguments(__doc__.splitlines()[0])
    parser.add_argument("--masked", action="store_true", help="tell the masked held-out loss too")
    chosen = parser.parse_args()
    data = padded_pairs(read_example(chosen.corpus, chosen.limit).split)
    encoder_data = np.eye(data.source_symbols, dtype="float32")[data.sources]
    decoder_data = np.eye(data.target_symbols, dtype="float32")[data.inputs]
    wanted = np.eye(data.target_symbols, dtype="float32")[data.wanted]

    encoder_inputs = keras.Input((None, data.source_symbols))
    _, *states = keras.layers.LSTM(UNITS, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input((None, data.target_symbols))
    decoder = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    outputs, _, _ = decoder(decoder_inputs, initial_state=states)
    outputs = keras.layers.Dense(data.target_symbols, activation="softmax")(outputs)
    model = keras.Model([encoder_inputs, decoder_inputs], outputs)
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    held_out = [encoder_data[data.training :], decoder_data[data.training :]]
    timer = Timer((lambda model: masked_loss(model, held_out, data)) if chosen.masked else None)
    model.fit(
        [encoder_data, decoder_data],
        wanted,
        batch_size=BATCH_SIZE,
        epochs=chosen.epochs,
        validation_split=0.2,
        verbose=0,
        callbacks=[timer],
    )


if __name__ == "__main__":
    main()
