"""`charseq export --web`; what exports answer is tested beside the code that writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import charseq
from charseq import Translator


@pytest.fixture
def onnxruntime_web(tmp_path: Path) -> Path:
    """A folder that has what is copied of the package."""
    folder = tmp_path / "package" / "dist"
    folder.mkdir(parents=True)
    for name in ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"):
        (folder / name).write_bytes(b"")
    return folder.parent


def test_a_site_holds_the_exported_model_and_the_page(
    charseq_command: Callable[..., int],
    toy_translator: Translator,
    onnxruntime_web: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, site = tmp_path / "toy.safetensors", tmp_path / "site"
    toy_translator.save(model)
    model.with_name("examples.txt").write_text("abc\nda\n", encoding="utf-8")
    call = ("export", str(model), "--web", str(site), "--onnxruntime-web", str(onnxruntime_web))
    assert charseq_command(*call) == 0
    told = capsys.readouterr().out
    assert "200 of 200 answers are the same as PyTorch's" in told
    assert told.endswith(f"python -m http.server 8001 --directory {site}\n")
    assert (site / "index.html").is_file()
    exported = charseq.load(site / "model.onnx")
    assert str(exported.translate("abc")) == str(toy_translator.translate("abc"))
    assert (site / "examples.txt").read_text(encoding="utf-8") == "abc\nda\n"
    assert not model.with_suffix(".onnx").exists()


def test_nothing_is_exported_where_no_site_can_be(
    charseq_command: Callable[..., int],
    toy_translator: Translator,
    onnxruntime_web: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = tmp_path / "toy.safetensors"
    toy_translator.save(model)
    call = ("export", str(model), "--onnxruntime-web", str(onnxruntime_web), "--web")
    assert charseq_command(*call, str(tmp_path)) == 2
    assert "which no export wrote" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"toy.safetensors", "package"}
