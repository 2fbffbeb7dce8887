"""charseq against Keras itself, on its JAX backend, each time in a fresh process."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from keras_models import DEFAULT, EXAMPLE, make_model, translator_of

from charseq.config import PRESETS, CorpusConfig
from charseq.corpus import Corpus, Pair, Split, read_corpus
from charseq.encoding import encode_sources, encode_targets
from charseq.errors import ModelFileError
from charseq.interop.keras import export_keras, import_keras, inference_code
from charseq.model import Seq2Seq
from charseq.training.loss import compare
from charseq.training.optimiser import build_optimiser
from charseq.training.prepare import prepare

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning"),
]

PROCESS = Path(__file__).with_name("keras_process.py")
SENTENCES = ["Go.", "Run!", "Hi", "Wait now.", "pots", "no tip", "Где?", " i ", "G", "WaitWaitWait"]


def sentences_of(characters: str, count: int) -> list[str]:
    generator = np.random.default_rng(4)
    drawn = [
        "".join(generator.choice(list(characters), generator.integers(1, 9))) for _ in range(count)
    ]
    return [*drawn, *SENTENCES]


@pytest.mark.parametrize("config", [EXAMPLE, DEFAULT], ids=["example", "default"])
def test_keras_loads_what_was_exported_and_gives_the_same_probabilities(
    tmp_path, with_keras, config
):
    description, tensors = make_model(config)
    sources = ["Wait!    ", "Stop now."]
    targets = ["Va ! Va !", "Arrête to"]
    source_ids = encode_sources(sources, description.sources, config).padded(np.arange(2), 0)
    target_ids = encode_targets(targets, description.targets).padded(np.arange(2), 0)
    export_keras(description, tensors, tmp_path / "model.keras")
    np.savez(
        tmp_path / "given.npz",
        sources=np.eye(len(description.sources), dtype="float32")[source_ids],
        targets=np.eye(len(description.targets), dtype="float32")[target_ids],
    )
    files = [tmp_path / name for name in ("model.keras", "given.npz", "to.npy")]
    with_keras(PROCESS, "probabilities", *files)

    model = translator_of(description, tensors).model
    memory, state = model.encode(torch.from_numpy(source_ids), torch.tensor([9, 9]))
    steps = []
    with torch.inference_mode():
        for place in range(target_ids.shape[1]):
            previous = torch.from_numpy(target_ids[:, place])
            scores, state = model.step(previous, state, memory)
            steps.append(scores.exp())
    difference = np.abs(torch.stack(steps, 1).numpy() - np.load(tmp_path / "to.npy")).max()
    assert difference <= 1e-5


# Seeds whose answers vary, some of them cut.
@pytest.mark.parametrize(
    ("config", "seed"), [(EXAMPLE, 8), (DEFAULT, 11)], ids=["example", "default"]
)
def test_the_printed_code_answers_as_charseq_does(tmp_path, with_keras, config, seed):
    description, tensors = make_model(config.model_copy(update={"units": 40}), seed)
    export_keras(description, tensors, tmp_path / "model.keras")
    script = tmp_path / "translate.py"
    script.write_text(inference_code(tmp_path / "model.keras"), encoding="utf-8")
    sources = sentences_of("".join(description.sources.ordinary) + "ж", 90)
    expected = [str(answer) for answer in translator_of(description, tensors).translate(sources)]
    assert len(set(expected)) > 50
    # As Windows writes files.
    stdin = "\ufeff" + "".join(f"{source}\r\n" for source in sources)
    out = with_keras(script, stdin=stdin)
    assert out.removesuffix("\n").split("\n") == expected


def test_the_printed_code_answers_as_the_example_did(tmp_path, with_keras, shared_data):
    folder = shared_data / "keras-example"
    corpus = read_corpus(shared_data / "fra-eng.zip", CorpusConfig(limit=10_000))
    export_keras(*import_keras(folder / "s2s_model.keras", corpus), tmp_path / "model.keras")
    script = tmp_path / "translate.py"
    script.write_text(inference_code(tmp_path / "model.keras"), encoding="utf-8")
    lines = (folder / "expected.tsv").read_text(encoding="utf-8").split("\n")[:2_000:20]
    sources, answers = zip(*(line.split("\t") for line in lines), strict=True)
    out = with_keras(script, stdin="\n".join(sources))
    assert out.removesuffix("\n").split("\n") == list(answers)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("gru", "GRU"),
        ("bidirectional", "Bidirectional"),
        ("sequential", "Sequential"),
        ("relu", "activation='relu'"),
    ],
)
def test_what_keras_saved_of_another_architecture_is_refused(tmp_path, with_keras, kind, reason):
    with_keras(PROCESS, "save", kind, tmp_path / "model.keras")
    with pytest.raises(ModelFileError, match=reason):
        import_keras(tmp_path / "model.keras")


def random_pairs(count: int) -> list[Pair]:
    """Return pairs that can be learnt: the target is the source backwards, twice."""
    generator = np.random.default_rng(7)
    pairs = [Pair("a b", "z"), Pair("abcdefgh", "abc def")]
    while len(pairs) < count:
        text = "".join(generator.choice(list("abcdefgh "), generator.integers(1, 9)))
        pairs.append(Pair(text, text[::-1] * 2))
    return pairs


def test_thirty_steps_of_training_lose_as_much_as_in_keras(tmp_path, with_keras):
    config = PRESETS["keras-example"].changed(units=64, batch_size=16)
    pairs = random_pairs(30 * 16)
    prepared = prepare(Corpus("random", pairs), Split(tuple(pairs), tuple(pairs[:2])), config)
    description = prepared.description
    sizes = len(description.sources), len(description.targets)
    model = Seq2Seq.fresh(description.config, *sizes, seed=1)
    export_keras(description, model.tensors(), tmp_path / "fresh.keras")
    task = {
        "pairs": [(pair.source, pair.target) for pair in pairs],
        "batch_size": 16,
        "source_symbols": description.sources.symbols,
        "target_symbols": description.targets.symbols,
    }
    (tmp_path / "pairs.json").write_text(json.dumps(task), encoding="utf-8")
    files = [tmp_path / name for name in ("fresh.keras", "pairs.json", "trained.keras")]
    theirs = np.array(json.loads(with_keras(PROCESS, "train", *files)))

    optimiser = build_optimiser(config.training, model.parameters())
    ours = []
    for rows in np.arange(len(pairs)).reshape(30, 16):
        batch = prepared.training.batch(rows)
        targets = batch.targets[:, 1:]
        sums = compare(model(batch).log_softmax(2), targets, batch.mask, count_padding=True).padded
        assert sums is not None
        optimiser.zero_grad()
        (sums.loss / sums.positions).backward()
        optimiser.step()
        ours.append([float(sums.loss.detach() / sums.positions), sums.accuracy])
    differences = np.abs(np.array(ours) - theirs).max(axis=0)
    print("largest differences of loss and accuracy:", differences)
    assert ours[0][0] > 1.2 * ours[-1][0]  # They learn.
    assert differences[0] <= 1e-4
    assert differences[1] <= 1e-3

    # And what Keras saves after training is read back, with the same weights as ours.
    _, trained = import_keras(tmp_path / "trained.keras", Corpus("random", pairs))
    for name, tensor in model.tensors().items():
        np.testing.assert_allclose(trained[name], tensor, atol=1e-3)
