"""The sound files that fuzzing starts from: `python -m fuzz.seeds` writes them anew."""

import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import onnx
import zstandard

from charseq.config import PRESETS, ModelConfig, configure
from charseq.interop import keras
from charseq.interop.onnx import onnx_model
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription, OutputLimit, read_model, write_model
from charseq.text import Vocabulary
from charseq.training.checkpoint import Checkpoint, write_checkpoint
from charseq.training.history import EpochRecord, History

SEEDS = Path(__file__).parent / "seeds"

TSV = "go\tva\nété\tsummer\nhi 👋\tsalut\n"
RECORD = EpochRecord(1, 0.5, 900.0, 2.5, 2.25, 0.25, 0.75, 0.0, True)


def main() -> None:
    """Write all seeds."""
    shutil.rmtree(SEEDS, ignore_errors=True)
    for target, files in {
        "corpus": corpora(),
        "archive": {"pairs.zip": zipped()},
        "history": {"history.json": history()},
        "settings": {"settings.toml": configure().to_toml().encode()},
    }.items():
        for name, content in files.items():
            _place(target, name).write_bytes(content)
    models()
    exports()
    checkpoints()


def corpora() -> dict[str, bytes]:
    """Return a corpus in every layout; the first byte chooses how it is read."""
    csv = 'source,target\n"a ""b""",c\nd,"e,f"\n'
    lines = '{"source": "a", "target": "b"}\n["c", "d\\u00e9"]\n'
    conditions = "go\tva\tV;IMP\tfr\n"
    texts = {0: TSV, 1: "a\tb\n" + TSV, 2: conditions, 3: csv, 4: csv, 5: lines, 6: lines}
    seeds = {f"{number}.bin": bytes([number]) + text.encode() for number, text in texts.items()}
    seeds["gzip.bin"] = b"\0" + gzip.compress(TSV.encode(), mtime=0)
    seeds["zstandard.bin"] = b"\0" + zstandard.compress(TSV.encode())
    return seeds


def zipped() -> bytes:
    """Return a zip as the collection of sentence pairs has it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"fra.txt": TSV, "_about.txt": "Attribution: nobody\n"}.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return content.getvalue()


def history() -> bytes:
    """Return the history of a run that stands after its first epoch."""
    settings = configure("keras-example").model_dump()
    facts = {"name": "toy", "digest": "0" * 64, "training_pairs": 3, "held_out_pairs": 1}
    return History(settings, facts, {"corpus": "toy.tsv"}, {}, [RECORD]).to_json().encode()


def models() -> None:
    """Write models of several shapes, and the example's as a `.keras` archive."""
    for name, config in {
        "plain": ModelConfig(units=2),
        "attention": ModelConfig(
            units=2, embedding=2, bidirectional=True, attention="general", residual=True,
            attention_layers=2, relative_positions=True, copying=True,
        ),
        "separated": ModelConfig(units=2, cell="gru", layers=2, target_separator=" "),
    }.items():  # fmt: skip
        description = _description(config)
        network = Seq2Seq.fresh(config, len(description.sources), len(description.targets), seed=1)
        write_model(_place("model", f"{name}.safetensors"), description, network.tensors())
    example = PRESETS["keras-example"].model.model_copy(
        update={"units": 2, "pad_source_to": 4, "maximum_output_length": 8}
    )
    description = _description(ModelConfig(**example.model_dump()))
    network = Seq2Seq.fresh(
        description.config, len(description.sources), len(description.targets), seed=1
    )
    keras.export_keras(description, network.tensors(), _place("keras", "example.keras"))


def exports() -> None:
    """Write exports of the models, with one node of each kind: what is looked over, and small."""
    for path in sorted((SEEDS / "model").iterdir()):
        model = onnx_model(*read_model(path))
        _thin(model.graph, set(), _deciding(model.graph))
        _place("export", f"{path.stem}.onnx").write_bytes(model.SerializeToString())


def _deciding(graph: onnx.GraphProto) -> set[str]:
    """Return the names of what says how long loops go on and which branches are taken."""
    names: set[str] = set()
    for node in graph.node:
        names.update(node.input[: {"Loop": 2, "If": 1}.get(node.op_type, 0)])
        for attribute in node.attribute:
            if attribute.HasField("g"):
                names |= _deciding(attribute.g)
                names.update(each.name for each in attribute.g.output[:1])
    return names


def _thin(graph: onnx.GraphProto, seen: set[str], deciding: set[str]) -> None:
    kept = []
    for node in graph.node:
        if node.op_type not in seen or deciding.intersection(node.output):
            seen.add(node.op_type)
            kept.append(node)
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    _thin(attribute.g, seen, deciding)
    del graph.node[:], graph.initializer[4:]
    graph.node.extend(kept)


def checkpoints() -> None:
    """Write a checkpoint, under a name of its own."""
    network = Seq2Seq.fresh(ModelConfig(units=1), 2, 2, seed=1)
    facts = {"steps": 1, "epoch": 1}
    path = _place("checkpoint", "checkpoint.safetensors")
    weights = network.tensors()
    written = write_checkpoint(path.parent, Checkpoint(1, 1, False, weights, weights, facts))
    written.rename(path)


def _description(config: ModelConfig) -> ModelDescription:
    unknown = config.unknown_symbol
    return ModelDescription(
        config=config,
        sources=Vocabulary.of_sources(["ab"], unknown=unknown, also=[config.pad_character]),
        targets=Vocabulary.of_targets(["AB"], unknown=unknown),
        output_limit=OutputLimit(1.25, 8),
        corpus=json.loads('{"name": "toy", "training_pairs": 3, "held_out_pairs": 1}'),
    )


def _place(target: str, name: str) -> Path:
    path = SEEDS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    main()
