"""The `.keras` archives of the Keras example `lstm_seq2seq`, read and written without Keras."""

from charseq.interop.keras.inference_code import inference_code
from charseq.interop.keras.models import export_keras, import_keras

__all__ = ["export_keras", "import_keras", "inference_code"]
