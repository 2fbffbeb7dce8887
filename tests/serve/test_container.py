"""What the Dockerfile does, step by step, without Docker."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def words(instruction: str, folder: Path) -> list[str]:
    """The words of an instruction in JSON, with the container's folder in another place."""
    found = re.search(rf"^{instruction} (\[.*?\])$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found
    listed = json.loads(found.group(1).replace("\\\n", ""))
    return [word.replace("/opt/charseq", str(folder)) for word in listed]


def test_the_build_gets_all_that_its_script_reads_and_little_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    kept = {line.removeprefix("!") for line in ignored[1:]}
    assert {"src", "pyproject.toml", "constraints.txt", "docker/install.sh"} <= kept
    assert all((ROOT / each).exists() for each in kept)


@pytest.mark.slow
def test_the_container_serves_an_export_without_pytorch(model_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "charseq"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    install = ["sh", str(ROOT / "docker/install.sh"), str(ROOT), str(folder)]
    subprocess.run(install, env={**clean, "PYTHON": sys.executable}, check=True)
    installed = {path.name for path in folder.glob("lib*/python*/site-packages/*")}
    assert "onnxruntime" in installed
    assert not installed & {"torch", "onnx", "pip"}
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 300 << 20

    entry = [*words("ENTRYPOINT", folder), str(model_file), "--port", "0"]
    entry[entry.index("0.0.0.0")] = "127.0.0.1"
    service = subprocess.Popen(entry, env=clean, stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout is not None
        address = re.search(r"http://[\d.:]+", service.stdout.readline())
        assert address
        check = [
            w.replace("http://127.0.0.1:8000", address[0]) for w in words("HEALTHCHECK CMD", folder)
        ]
        subprocess.run(check, env=clean, check=True)
        question = urllib.request.Request(
            f"{address[0]}/v1/translate",
            data=json.dumps({"texts": "abc"}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(question, timeout=30) as answer:
            (translation,) = json.load(answer)["translations"]
        assert translation["hypothesis"] == "CBA"
    finally:
        service.terminate()
        assert service.wait(30) == 0
