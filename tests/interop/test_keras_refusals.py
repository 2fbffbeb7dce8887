"""Wrong and foreign archives are refused with the reason, and cost neither memory nor time."""

import io
import json
import random
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from charseq import files
from charseq.errors import CharseqError, ModelFileError, UsageError
from charseq.interop.keras import archive as archives
from charseq.interop.keras import export_keras, import_keras


def refusal(path: Path, corpus=None) -> str:
    with pytest.raises(ModelFileError) as refused:
        import_keras(path, corpus)
    message = str(refused.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def layer(config, place):
    return config["config"]["layers"][place]["config"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a .keras archive"),
        (b"PK\x03\x04 and no more", "not a .keras archive"),
        (b"\x89HDF\r\n\x1a\n", "load_model"),
        (b"\x80\x04\x95pickle", "not a .keras archive"),
    ],
    ids=["empty", "truncated zip", "legacy h5", "pickle"],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, reason):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    assert reason in refusal(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path):
    for path, reason in ((tmp_path, "folder"), (tmp_path / "absent.keras", "no file")):
        with pytest.raises(UsageError, match=reason):
            import_keras(path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_a_zip_without_a_needed_member_is_refused(saved, corpus, member):
    assert member in refusal(saved({member: None}), corpus)


@pytest.mark.parametrize(
    "config",
    [b"", b"{", b"[]", b"7", b"[" * 100_000, b'{"class_name":"Functional"}'],
)
def test_a_config_that_is_none_is_refused(saved, corpus, config):
    assert "config.json" in refusal(saved({"config.json": config}), corpus)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(class_name="Sequential"), "Sequential"),
        (lambda c: c["config"]["layers"].pop(), "two LSTMs and a Dense"),
        (lambda c: c["config"]["layers"][2].update(class_name="GRU"), "GRU"),
        (lambda c: c["config"]["layers"][2].update(class_name="Lambda"), "Lambda"),
        (lambda c: c["config"]["layers"][2].update(module="mine"), "not Keras's own"),
        (lambda c: c["config"]["layers"][2].update(registered_name="a>b"), "a>b (not Keras's own)"),
        (lambda c: layer(c, 2).update(go_backwards=True), "go_backwards=True"),
        (lambda c: layer(c, 3).update(stateful=True), "stateful=True"),
        (lambda c: layer(c, 2).update(activation="relu"), "activation='relu'"),
        (lambda c: layer(c, 2).update(recurrent_activation="hard_sigmoid"), "hard_sigmoid"),
        (lambda c: layer(c, 3).update(use_bias=False), "use_bias=False"),
        (lambda c: layer(c, 2).update(return_state=False), "return_state=False"),
        (lambda c: layer(c, 3).update(return_sequences=False), "return_sequences=False"),
        (lambda c: layer(c, 4).update(activation="linear"), "activation='linear'"),
        (lambda c: layer(c, 4).update(dtype="mixed_bfloat16"), "mixed_bfloat16"),
        (lambda c: layer(c, 3).update(units=9), "numbers of units"),
        (lambda c: layer(c, 4).update(units=9), "units"),
        (lambda c: layer(c, 2).update(units=10**30), "size 1000"),
        (lambda c: layer(c, 2).update(units=-1), "size -1"),
        (lambda c: layer(c, 2).update(units=True), "size True"),
        (lambda c: layer(c, 0).update(batch_shape=[None, 5]), "one-hot"),
        (lambda c: layer(c, 1).update(name="encoder_inputs"), "same name"),
        (
            lambda c: c["config"]["layers"][3]["inbound_nodes"][0]["kwargs"].clear(),
            "both states",
        ),
        (
            lambda c: c["config"]["layers"][3]["inbound_nodes"][0]["kwargs"][
                "initial_state"
            ].reverse(),
            "both states",
        ),
        (
            lambda c: c["config"]["layers"][4]["inbound_nodes"][0]["args"][0]["config"].update(
                keras_history=["encoder_inputs", 0, 0]
            ),
            "not a Dense layer on an LSTM",
        ),
        (lambda c: layer(c, 2).update(activation="\x1b[2J" * 99), "\\x1b"),
    ],
)
def test_another_architecture_is_refused_by_name(saved, corpus, change, reason):
    message = refusal(saved(config=change), corpus)
    assert reason in message
    assert message.isprintable()
    assert len(message) < 500


def test_sizes_that_the_weights_do_not_have_are_refused(saved, corpus):
    def grow(config):
        layer(config, 2)["units"] = layer(config, 3)["units"] = 60_000

    assert "truncated" in refusal(saved(config=grow), corpus)


def test_weights_of_other_sizes_are_refused_with_both(saved, corpus):
    def shrink(config):
        layer(config, 2)["units"] = layer(config, 3)["units"] = 6

    assert "should be (16, 24), is (16, 28)" in refusal(saved(config=shrink), corpus)


def hdf5(change):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        change(file)
    return content.getvalue().ljust(20_000, b"\0")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: None, "lack layers/lstm/cell/vars/0"),
        (lambda f: f.create_group("layers/lstm/cell/vars/0"), "lack layers/lstm/cell/vars/0"),
        (
            lambda f: f.create_dataset(
                "layers/lstm/cell/vars/0", (16, 28), "f4", chunks=True, compression="gzip"
            ),
            "plain 32-bit",
        ),
        (lambda f: f.create_dataset("layers/lstm/cell/vars/0", (16, 28), "f2"), "plain 32-bit"),
        (
            lambda f: f.create_dataset("layers/lstm/cell/vars/0", (9**9, 9**9), "f4"),
            "should be (16, 28)",
        ),
        (
            lambda f: f.__setitem__("layers/lstm/cell/vars/0", np.full((16, 28), np.nan, "f4")),
            "not finite",
        ),
        (
            lambda f: f.__setitem__("layers/lstm", h5py.ExternalLink("/etc/hostname", "/")),
            "HDF5",
        ),
    ],
    ids=["nothing", "group", "compressed", "half", "enormous", "not a number", "external"],
)
def test_weights_that_lie_are_refused(saved, corpus, change, reason):
    assert reason in refusal(saved({"model.weights.h5": hdf5(change)}), corpus)


def test_weights_that_are_not_hdf5_are_refused(saved, corpus):
    assert "HDF5" in refusal(saved({"model.weights.h5": b"?" * 20_000}), corpus)


def test_an_archive_cut_anywhere_is_refused(saved, corpus):
    path = saved()
    content = path.read_bytes()
    for length in range(0, len(content), 997):
        path.write_bytes(content[:length])
        refusal(path, corpus)


def test_any_changed_bytes_are_read_or_refused_but_never_crash(saved, corpus):
    path = saved()
    with zipfile.ZipFile(path) as archive:
        weights = archive.read("model.weights.h5")
    generator = random.Random(1)
    for _ in range(150):
        changed = bytearray(weights)
        for _ in range(generator.choice([1, 4, 16])):
            # The structure, not the numbers.
            changed[generator.randrange(2_048)] = generator.choice([0, 1, 127, 128, 255])
        try:
            import_keras(saved({"model.weights.h5": bytes(changed)}), corpus)
        except CharseqError:
            continue


def test_a_member_that_unpacks_to_far_more_than_it_takes_is_refused(saved, corpus):
    bomb = {"model.weights.h5": bytes(files.SMALL + 1)}
    message = refusal(saved(bomb, compression=zipfile.ZIP_DEFLATED), corpus)
    assert "would unpack" in message


def test_a_large_config_is_refused_unread(saved, corpus):
    bomb = {"config.json": b" " * (archives.LARGEST_CONFIG + 1)}
    assert "config.json is too large" in refusal(saved(bomb), corpus)


def test_tables_that_unpack_to_far_more_than_they_take_are_refused_unread(saved):
    bomb = {"charseq.json": b"[" + b"{}," * (archives.LARGEST_CONFIG // 3) + b"{}]"}
    message = refusal(saved(bomb, compression=zipfile.ZIP_DEFLATED))
    assert "charseq.json is too large" in message


def test_what_is_not_a_regular_file_is_refused_unread():
    # Reading it would never end.
    with pytest.raises(UsageError, match="not a regular file"):
        import_keras("/dev/zero")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.clear(),
        lambda t: t.update(format_version=99),
        lambda t: t.update(output_limit={"per_symbol": -1, "constant": 3}),
        lambda t: t.update(output_limit=[]),
        lambda t: t["source_vocabulary"]["symbols"].append("ж"),
        lambda t: t["target_vocabulary"].update(end=None),
        lambda t: t["config"].update(units=8),
        lambda t: t["config"].update(attention="some"),
        lambda t: t["config"].update(attention="dot"),
        lambda t: t["config"].update(target_separator=" "),
        lambda t: t.update(scores={"exact_match": "x"}),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path, saved, model, change):
    path = tmp_path / "model.keras"
    export_keras(*model, path)
    with zipfile.ZipFile(path) as archive:
        tables = json.loads(archive.read("charseq.json"))
    change(tables)
    assert "charseq.json" in refusal(saved({"charseq.json": json.dumps(tables).encode()}))
