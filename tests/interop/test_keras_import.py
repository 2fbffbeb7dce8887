"""Models of the Keras example become charseq's."""

import io
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from keras_models import PAIRS, translator_of

from charseq.cli import main
from charseq.config import CorpusConfig
from charseq.corpus import read_corpus
from charseq.errors import DataError, MissingExtraError, UsageError
from charseq.interop.keras import export_keras, import_keras
from charseq.modelfile import read_model
from charseq.text import Vocabulary
from charseq.translator import load


@pytest.mark.slow
def test_a_trained_model_answers_as_the_example_does(shared_data):
    corpus = read_corpus(shared_data / "fra-eng.zip", CorpusConfig(limit=10_000))
    folder = shared_data / "keras-example"
    description, tensors = import_keras(folder / "s2s_model.keras", corpus)
    lines = (folder / "expected.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    expected = [tuple(line.split("\t")) for line in lines]
    assert len(expected) == 2_000
    answers = translator_of(description, tensors).translate([source for source, _ in expected])
    assert [(answer.source, answer.hypothesis) for answer in answers] == expected
    assert description.output_limit.of(1) == description.output_limit.of(99) == 60
    assert description.config.pad_source_to == 16


def test_tables_padding_and_limit_are_rebuilt_from_the_corpus(saved, corpus, model):
    description, tensors = import_keras(saved(), corpus)
    assert description.sources.symbols == tuple(sorted(set("Go.Hi.Run!Wait!Stop now.")))
    assert description.targets == model[0].targets
    assert description.config == model[0].config
    assert description.output_limit == model[0].output_limit
    assert description.corpus["name"] == "tiny"
    assert description.corpus["digest"] == "d1"
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {
        name: tensor.tolist() for name, tensor in model[1].items()
    }


def test_an_answer_that_never_ends_is_cut_after_the_longest_target_and_one_more(saved, corpus):
    targets = Vocabulary.of_targets([pair.target for pair in PAIRS], unknown=False)
    bias = np.zeros(len(targets), np.float32)
    bias[targets.ids("a")] = 99
    description, tensors = import_keras(saved(**{"decoder.output.bias": bias}), corpus)
    answer = translator_of(description, tensors).translate("Go.")
    longest = len("\tArrête tout de suite.\n")
    assert answer.hypothesis == "a" * (longest + 1)
    assert answer.cut


def moved(weights: bytes, name) -> bytes:
    """Return the HDF5 file with its layers under other names."""
    content = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as old, h5py.File(content, "w") as new:
        for layer in ("lstm/cell", "lstm_1/cell", "dense"):
            old.copy(f"layers/{layer}/vars", new.require_group(name(layer)), name="vars")
    return content.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        lambda layer: f"_layer_checkpoint_dependencies/{layer}",
        lambda layer: "layers\\" + layer.replace("/", "\\"),
    ],
    ids=["checkpoint dependencies", "backslashes"],
)
def test_weights_are_found_where_older_versions_put_them(saved, corpus, model, name):
    with zipfile.ZipFile(saved()) as archive:
        weights = archive.read("model.weights.h5")
    _, tensors = import_keras(saved({"model.weights.h5": moved(weights, name)}), corpus)
    assert all((tensors[name] == model[1][name]).all() for name in model[1])


def test_names_that_keras_counted_on_in_a_long_session_do_not_matter(saved, corpus, model):
    def rename(config):
        layers = config["config"]["layers"]
        for layer in layers:
            layer["name"] = layer["config"]["name"] = f"{layer['name']}_17"
            for node in layer["inbound_nodes"]:
                states = node["kwargs"].get("initial_state", [])
                for tensor in [*node["args"], *states]:
                    tensor["config"]["keras_history"][0] += "_17"
        config["config"]["output_layers"] = ["decoder_dense_17", 0, 0]

    _, tensors = import_keras(saved(config=rename), corpus)
    assert all((tensors[name] == model[1][name]).all() for name in model[1])


def test_a_compressed_archive_is_read_too(saved, corpus, model):
    _, tensors = import_keras(saved(compression=zipfile.ZIP_DEFLATED), corpus)
    assert all((tensors[name] == model[1][name]).all() for name in model[1])


def test_dropout_and_initialisers_do_not_matter(saved, corpus):
    def regularise(config):
        config["config"]["layers"][2]["config"] |= {"dropout": 0.3, "unit_forget_bias": False}

    import_keras(saved(config=regularise), corpus)


def test_a_model_remembers_how_its_corpus_was_read(saved, corpus):
    plain, _ = import_keras(saved(), corpus)
    assert plain.columns == {}
    turned, _ = import_keras(saved(), corpus, CorpusConfig(limit=10, reverse=True))
    assert turned.columns == {"reverse": True}


def test_another_corpus_is_refused_with_both_counts(saved, corpus):
    shorter = type(corpus)("shorter", PAIRS[:3])
    with pytest.raises(DataError) as refused:
        import_keras(saved(), shorter)
    message = str(refused.value)
    assert "16 source" in message
    assert "3 pairs of shorter have 9 and 16" in message
    assert "--limit" in message


def test_the_corpus_is_asked_for_where_it_is_needed(saved):
    with pytest.raises(UsageError, match="--corpus"):
        import_keras(saved())


def test_a_corpus_is_refused_where_the_archive_has_its_own_tables(tmp_path, model, corpus):
    export_keras(*model, tmp_path / "model.keras")
    with pytest.raises(UsageError, match="own character tables"):
        import_keras(tmp_path / "model.keras", corpus)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder; return exit code and both outputs."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def command(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return ended.value.code, *capsys.readouterr()

    return command


def test_the_command_writes_a_model_and_says_what_to_type_next(run, saved, corpus_file):
    code, out, _ = run("import-keras", saved(), "--corpus", corpus_file)
    assert code == 0
    assert out.endswith("translate s2s_model.safetensors Go.\n")
    assert load("s2s_model.safetensors").translate("Go.").error is None


def test_the_command_says_which_lines_of_the_corpus_were_left_out(run, saved, corpus_file):
    with corpus_file.open("a", encoding="utf-8") as file:
        file.write("alone\n")
    command = ("import-keras", saved(), "--corpus", corpus_file, "--skip-bad-lines")
    code, _, err = run(*command)
    assert code == 0
    assert "lines were left out: 1 × too few columns" in err


def test_the_command_does_not_write_over_a_file_that_was_not_named(run, saved, corpus_file):
    run("import-keras", saved(), "--corpus", corpus_file)
    code, _, err = run("import-keras", saved(), "--corpus", corpus_file)
    assert code == 2
    assert "-o" in err
    assert run("import-keras", saved(), "--corpus", corpus_file, "-o", "other.safetensors")[0] == 0
    assert read_model("other.safetensors")[0] == read_model("s2s_model.safetensors")[0]


def test_the_command_refuses_how_to_read_a_corpus_without_a_corpus(run, saved):
    code, _, err = run("import-keras", saved(), "--limit", "100")
    assert code == 2
    assert "--limit" in err


def test_a_wrong_limit_ends_with_the_code_for_data(run, saved, corpus_file):
    code, _, err = run("import-keras", saved(), "--corpus", corpus_file, "--limit", "2")
    assert code == 3
    assert "2 pairs" in err


def test_the_command_does_not_write_over_what_it_reads(run, saved, corpus_file):
    path = saved()
    before = path.read_bytes()
    code, _, err = run("import-keras", path, "--corpus", corpus_file, "-o", path)
    assert code == 2
    assert "itself" in err
    assert path.read_bytes() == before


def test_reading_needs_neither_keras_nor_h5py_nor_torch(saved, corpus_file):
    code = f"""
import sys
from charseq.corpus import read_corpus
from charseq.interop.keras import import_keras
import_keras({str(saved())!r}, read_corpus({str(corpus_file)!r}))
print(sorted({{"keras", "h5py", "torch"}} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


def test_a_missing_reader_is_named_by_its_extra(saved, corpus, monkeypatch):
    path = saved()
    monkeypatch.setitem(sys.modules, "pyfive", None)
    with pytest.raises(MissingExtraError, match=r"charseq\[keras\]"):
        import_keras(path, corpus)
