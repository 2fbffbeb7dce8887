"""Python code that translates with Keras, using a model that charseq exported."""

from pathlib import Path

_CODE = '''\
"""Translate with Keras, one line out for each line in: python translate.py < sentences.txt"""

import json
import math
import sys
import unicodedata
import zipfile

import keras
import numpy as np

ARCHIVE = {archive}

with zipfile.ZipFile(ARCHIVE) as archive:
    # What Keras has no place for: the character tables, the padding, the limit.
    tables = json.loads(archive.read("charseq.json"))
config, limit = tables["config"], tables["output_limit"]
sources, targets = tables["source_vocabulary"], tables["target_vocabulary"]
source_ids = {{symbol: i for i, symbol in enumerate(sources["symbols"])}}
never_written = [i for i in (targets["start"], targets["unknown"]) if i is not None]

model = keras.models.load_model(ARCHIVE)
encoder_inputs, decoder_inputs = model.inputs
encoder_lstm, decoder_lstm = (x for x in model.layers if isinstance(x, keras.layers.LSTM))
decoder_dense = model.layers[-1]

_, *encoder_states = encoder_lstm.output
encoder = keras.Model(encoder_inputs, encoder_states)
# Inputs without a name are named by counting from "input_layer", which in a fresh process are the
# names that a loaded model may have already ("input_layer_1" is used 2 times): so these have names.
units = decoder_lstm.units
previous_states = [keras.Input((units,), name=name) for name in ("previous_h", "previous_c")]
outputs, *next_states = decoder_lstm(decoder_inputs, initial_state=previous_states)
decoder = keras.Model([decoder_inputs, *previous_states], [decoder_dense(outputs), *next_states])


def normalised(text, form):
    """Return the text in one of Unicode's forms; "jamo" is NFC with Hangul taken apart."""
    if form == "none":
        return text
    text = unicodedata.normalize("NFD" if form == "nfd" else "NFC", text)
    if form == "jamo":
        is_syllable = lambda c: "\\uac00" <= c <= "\\ud7a3"
        text = "".join(unicodedata.normalize("NFD", c) if is_syllable(c) else c for c in text)
    return text


def translate(text):
    """Return the most probable character at each step, until the end or the limit."""
    if not text:
        return ""
    text = normalised(text, config["normalise"])
    text = text.ljust(config["pad_source_to"] or 0, config["pad_character"])
    source = np.zeros((1, len(text), len(sources["symbols"])), "float32")
    for place, character in enumerate(text):
        symbol = source_ids.get(character, sources["unknown"])
        if symbol is not None:  # Without a symbol for unknown characters, they stay zeros.
            source[0, place, symbol] = 1
    states = encoder.predict_on_batch(source)
    longest = max(1, limit["constant"] + math.ceil(limit["per_symbol"] * len(text)))
    symbol, answer = targets["start"], ""
    for _ in range(longest):
        previous = np.zeros((1, 1, len(targets["symbols"])), "float32")
        previous[0, 0, symbol] = 1
        probabilities, *states = decoder.predict_on_batch([previous, *states])
        probabilities = np.array(probabilities[0, -1])
        probabilities[never_written] = 0
        symbol = int(probabilities.argmax())
        if symbol == targets["end"]:
            break
        answer += targets["symbols"][symbol]
    return normalised(answer, tables["answer_form"])


if __name__ == "__main__":
    sys.stdin.reconfigure(encoding="utf-8-sig", newline="\\n")
    sys.stdout.reconfigure(encoding="utf-8", newline="\\n")
    for line in sys.stdin:
        print(translate(line.removesuffix("\\n").removesuffix("\\r")), flush=True)
'''


def inference_code(archive: str | Path) -> str:
    """Return a script that translates in a fresh process with an archive from `export_keras`.

    It needs Keras and NumPy, not charseq, and answers as charseq does.

    Args:
        archive: the `.keras` file.
    """
    return _CODE.format(archive=ascii(str(archive)))
