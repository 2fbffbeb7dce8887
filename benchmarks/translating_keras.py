"""The Keras example's own way of translating: one sentence at a time, `predict` a character.

Reads a job as JSON on standard input: an archive that charseq exported, sentences, how many of
them come first only to warm up. Prints one JSON object a sentence: its seconds and its answer.
"""

import json
import math
import os
import sys
import time
import zipfile

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np


class Example:
    """The example's inference models, and the tables that charseq left in the archive."""

    def __init__(self, path: str) -> None:
        with zipfile.ZipFile(path) as archive:
            tables = json.loads(archive.read("charseq.json"))
        self.sources = tables["source_vocabulary"]["symbols"]
        self.targets = tables["target_vocabulary"]["symbols"]
        self.width = tables["config"]["pad_source_to"] or 0
        self.limit = tables["output_limit"]

        model = keras.models.load_model(path)
        encoder_inputs, decoder_inputs = model.inputs
        encoder, decoder = (x for x in model.layers if isinstance(x, keras.layers.LSTM))
        self.encoder = keras.Model(encoder_inputs, encoder.output[1:])
        states = [keras.Input((decoder.units,), name=f"previous_{name}") for name in "hc"]
        outputs, *following = decoder(decoder_inputs, initial_state=states)
        outputs = model.layers[-1](outputs)
        self.decoder = keras.Model([decoder_inputs, *states], [outputs, *following])

    def translate(self, text: str) -> str:
        """Write the most probable character until a newline or the limit."""
        ids = [self.sources.index(character) for character in text.ljust(self.width)]
        states = self.encoder.predict(one_hot(ids, len(self.sources)), verbose=0)
        longest = self.limit["constant"] + math.ceil(self.limit["per_symbol"] * len(text))
        answer = "\t"
        while answer[-1] != "\n" and len(answer) <= longest:
            previous = one_hot([self.targets.index(answer[-1])], len(self.targets))
            outputs, *states = self.decoder.predict([previous, *states], verbose=0)
            answer += self.targets[int(np.argmax(outputs[0, -1]))]
        return answer[1:].removesuffix("\n")


def one_hot(ids: list[int], symbols: int) -> np.ndarray:
    """Return one sentence's characters as vectors, (1, characters, symbols)."""
    return np.eye(symbols, dtype="float32")[None, ids]


def main() -> None:
    """Translate each sentence and say how long it took."""
    job = json.load(sys.stdin)
    example = Example(job["archive"])
    for text in job["sentences"][: job["warm_up"]]:
        example.translate(text)
    for text in job["sentences"]:
        began = time.perf_counter()
        answer = example.translate(text)
        print(json.dumps({"seconds": time.perf_counter() - began, "answer": answer}))


if __name__ == "__main__":
    main()
