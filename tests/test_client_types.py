"""What a type checker says of a project that uses charseq, without pydantic's plugin."""

import sys
from pathlib import Path
from subprocess import run

import pytest

pytestmark = pytest.mark.slow

CLIENT = """\
import charseq
from charseq.config import CorpusConfig, DecodingConfig, ModelConfig, ServeConfig, TrainingConfig
from charseq.corpus import read_corpus

read_corpus("pairs.tsv", CorpusConfig(max_length=40, skip_bad_lines=True))
TrainingConfig(held_out_share=0.1, seed=7)
ModelConfig(units=64)
DecodingConfig(beam=5)
ServeConfig(max_texts=100)
translator = charseq.train("pairs.tsv", units=64, callbacks=[lambda record: print(record.cer)])
translator.save("model.safetensors")
one: str = translator.translate("a").hypothesis
many: list[str] = [str(each) for each in charseq.load("model.onnx").translate(["a", "b"])]
try:
    translator.translate(3)  # type: ignore[call-overload]
except charseq.CharseqError as error:
    message: str = str(error)
"""


def test_what_the_documentation_shows_passes_strict_checks(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(CLIENT, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "client.py"]
    checked = run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.stdout == "Success: no issues found in 1 source file\n"
