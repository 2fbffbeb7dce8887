"""charseq's models become archives that Keras reads, and lose nothing on the way back."""

import json
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_models import DEFAULT, EXAMPLE, make_model, translator_of

from charseq.cli import main
from charseq.config import ModelConfig
from charseq.corpus import Pair
from charseq.errors import UnknownCharactersWarning, UsageError
from charseq.interop.keras import export_keras, import_keras, models
from charseq.modelfile import read_model, write_model

sides = st.text(st.characters(exclude_characters="\0\n\r\t", codec="utf-8"), min_size=1, max_size=9)
configs = st.builds(
    ModelConfig,
    units=st.integers(1, 9),
    normalise=st.sampled_from(["none", "nfc", "nfd", "jamo"]),
    unknown_symbol=st.booleans(),
    pad_source_to=st.none() | st.integers(1, 12),
    pad_character=st.sampled_from(" _é"),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(config=configs, pairs=st.lists(st.builds(Pair, sides, sides), min_size=1, max_size=4))
def test_a_model_comes_back_as_it_went(tmp_path, config, pairs):
    description, tensors = make_model(config, pairs=pairs)
    export_keras(description, tensors, tmp_path / "model.keras")
    found, weights = import_keras(tmp_path / "model.keras")
    assert found == description
    assert {n: w.tobytes() for n, w in weights.items()} == {
        n: w.tobytes() for n, w in tensors.items()
    }
    sources = [pair.source for pair in pairs] + ["?!", ""]
    before, after = (translator_of(description, each) for each in (tensors, weights))
    with warnings.catch_warnings(action="ignore", category=UnknownCharactersWarning):
        assert before.translate(sources) == after.translate(sources)


def test_equal_models_are_equal_files(tmp_path, model):
    for name in ("a.keras", "b.keras"):
        export_keras(*model, tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_a_model_file_is_the_same_file_after_both_commands(tmp_path, monkeypatch, model, capsys):
    monkeypatch.chdir(tmp_path)
    write_model("model.safetensors", *model)
    for words in (
        ["export-keras", "model.safetensors"],
        ["import-keras", "model.keras", "-o", "back.safetensors"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0
    assert (tmp_path / "back.safetensors").read_bytes() == (
        tmp_path / "model.safetensors"
    ).read_bytes()
    assert read_model("back.safetensors")[0] == model[0]
    assert "model.keras" in capsys.readouterr().err


def test_the_command_prints_code_and_nothing_else_on_standard_output(
    tmp_path, monkeypatch, model, capsys
):
    monkeypatch.chdir(tmp_path)
    write_model("it's.safetensors", *model)
    with pytest.raises(SystemExit):
        main(["export-keras", "it's.safetensors"])
    code = capsys.readouterr().out
    compile(code, "translate.py", "exec")
    assert 'ARCHIVE = "it\'s.keras"' in code


def test_the_archive_holds_the_character_tables(tmp_path, model):
    export_keras(*model, tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert archive.testzip() is None
        tables = json.loads(archive.read("charseq.json"))
    assert tables["source_vocabulary"]["symbols"] == list(model[0].sources.symbols)
    assert tables["config"]["pad_source_to"] == 9
    assert tables["output_limit"] == {"per_symbol": 0.0, "constant": 24}


def test_another_ending_is_refused_because_keras_would_not_load_it(tmp_path, model):
    with pytest.raises(UsageError, match=r"\.keras"):
        export_keras(*model, tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())


def test_a_model_of_another_shape_is_refused_naming_the_setting(tmp_path, monkeypatch):
    # As if the archive could not carry the symbol for unknown characters.
    monkeypatch.setattr(models, "_CARRIED", models._CARRIED - {"unknown_symbol"})
    with pytest.raises(UsageError, match="unknown_symbol is True, the example's is False"):
        export_keras(*make_model(DEFAULT), tmp_path / "model.keras")
    export_keras(*make_model(EXAMPLE), tmp_path / "model.keras")


def test_a_model_with_other_tensors_is_refused(tmp_path, model):
    description, tensors = model
    more = {**tensors, "attention.weight": np.zeros((7, 7), np.float32)}
    with pytest.raises(UsageError, match="shape"):
        export_keras(description, more, tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())
