"""The Keras example `lstm_seq2seq`: the same model, data and `fit`, rewritten compactly.

Prints one JSON object an epoch: its seconds with and without validation, and Keras's own figures.
"""

import json
import os
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from charseq.config import configure
from charseq.corpus import read_corpus
from charseq.text import Vocabulary

UNITS, BATCH_SIZE = 256, 64


class Timer(keras.callbacks.Callback):
    """Times each epoch, up to its validation and as a whole."""

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_test_begin(self, logs=None):
        self.trained = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = {
            "training_seconds": self.trained - self.began,
            "seconds": time.perf_counter() - self.began,
        }
        print(json.dumps({**seconds, **{name: float(value) for name, value in logs.items()}}))
        sys.stdout.flush()


def one_hot(texts: list[str], vocabulary: Vocabulary, width: int) -> np.ndarray:
    """Return the texts as one-hot vectors, padded with spaces, (texts, width, symbols)."""
    ids = np.array([vocabulary.ids(text.ljust(width)) for text in texts])
    return np.eye(len(vocabulary), dtype="float32")[ids]


def main(corpus: str, epochs: int) -> None:
    """Train for so many epochs on the first 10,000 pairs of a corpus."""
    pairs = read_corpus(corpus, configure("keras-example").corpus).pairs
    sources, targets = [pair.source for pair in pairs], [pair.target for pair in pairs]
    source_table = Vocabulary.of_sources(sources, unknown=False)
    target_table = Vocabulary.of_targets(targets, unknown=False)
    # Tab and newline are special symbols to charseq; here they are two more characters.
    target_table = Vocabulary(target_table.symbols)
    source_width, target_width = max(map(len, sources)), max(map(len, targets)) + 2
    encoder_data = one_hot(sources, source_table, source_width)
    decoder_data = one_hot([f"\t{text}\n" for text in targets], target_table, target_width)
    wanted = one_hot([f"{text}\n" for text in targets], target_table, target_width)

    encoder_inputs = keras.Input((None, len(source_table)))
    _, *states = keras.layers.LSTM(UNITS, return_state=True)(encoder_inputs)
    decoder_inputs = keras.Input((None, len(target_table)))
    decoder = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    outputs, _, _ = decoder(decoder_inputs, initial_state=states)
    outputs = keras.layers.Dense(len(target_table), activation="softmax")(outputs)
    model = keras.Model([encoder_inputs, decoder_inputs], outputs)
    model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        [encoder_data, decoder_data],
        wanted,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        validation_split=0.2,
        verbose=0,
        callbacks=[Timer()],
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
