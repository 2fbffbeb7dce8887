import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras_models import EXAMPLE, PAIRS, Model, make_model

from charseq.corpus import Corpus
from charseq.interop.keras import export_keras


@pytest.fixture
def corpus() -> Corpus:
    return Corpus("tiny", PAIRS, digest="d1")


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tsv"
    lines = (f"{pair.source}\t{pair.target}\n" for pair in PAIRS)
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


@pytest.fixture
def model() -> Model:
    """A model of the example's shape."""
    return make_model(EXAMPLE)


Rewrite = Callable[..., Path]


@pytest.fixture
def saved(tmp_path: Path, model: Model) -> Rewrite:
    """Write an archive as the example saves it, without tables, with some members replaced."""

    def save(
        members: Mapping[str, bytes | None] | None = None,
        config: Callable[[Any], object] | None = None,
        compression: int = zipfile.ZIP_STORED,
        **weights: np.ndarray,
    ) -> Path:
        path = tmp_path / "s2s_model.keras"
        export_keras(model[0], {**model[1], **weights}, path)
        with zipfile.ZipFile(path) as archive:
            content: dict[str, bytes | None] = {n: archive.read(n) for n in archive.namelist()}
        content["charseq.json"] = None
        if config is not None:
            parsed = json.loads(content["config.json"] or b"")
            config(parsed)
            content["config.json"] = json.dumps(parsed).encode()
        content.update(members or {})
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in content.items():
                if data is not None:
                    archive.writestr(name, data)
        return path

    return save


@pytest.fixture
def with_keras() -> Callable[..., str]:
    """Run a script in a fresh process in which any warning of Keras is an error."""

    def run(script: Path, *arguments: str | Path, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", str(script), *map(str, arguments)],
            env={**os.environ, "KERAS_BACKEND": "jax"},
            input=stdin.encode(),
            capture_output=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run
