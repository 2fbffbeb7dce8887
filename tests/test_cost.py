"""What work costs, counted in calls and bytes instead of seconds, which differ everywhere."""

import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch.profiler import profile
from torch.utils._python_dispatch import TorchDispatchMode

from charseq.batching import Batch, bucketed_batches
from charseq.config import ModelConfig, TrainingConfig, configure
from charseq.corpus import Corpus, Pair, read_corpus, split_corpus
from charseq.model import Seq2Seq
from charseq.search import beam_search
from charseq.text import Vocabulary
from charseq.training.optimiser import build_optimiser
from charseq.training.prepare import Prepared, prepare
from charseq.training.step import training_step

SYMBOLS = 30
DEFAULT = TrainingConfig()


class Calls(TorchDispatchMode):
    """Counts the calls of every operation."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        self.counts[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def batch_of(rows: int, time: int) -> Batch:
    return Batch(
        torch.randint(0, SYMBOLS, (rows, time)),
        torch.full((rows,), time),
        torch.randint(0, SYMBOLS, (rows, time)),
        torch.full((rows,), time),
    )


def calls_of_a_step(rows: int, time: int) -> Counter[str]:
    model = Seq2Seq.fresh(ModelConfig(units=16), SYMBOLS, SYMBOLS, seed=1)
    optimiser = build_optimiser(DEFAULT, model.parameters())
    training_step(model, optimiser, batch_of(rows, time), 100, DEFAULT)
    with Calls() as calls:
        training_step(model, optimiser, batch_of(rows, time), 100, DEFAULT)
    return calls.counts


def test_a_training_step_makes_as_many_calls_for_long_texts_as_for_short_ones() -> None:
    short, long = calls_of_a_step(8, 5), calls_of_a_step(32, 50)
    assert short == long
    assert sum(short.values()) <= 165


def test_a_training_step_calls_each_fused_operation_once_a_side() -> None:
    calls = calls_of_a_step(8, 5)
    if not torch.backends.mkldnn.is_available():
        pytest.skip("the fused LSTM of CPUs is oneDNN's")
    assert calls["mkldnn_rnn_layer"] == calls["mkldnn_rnn_layer_backward"] == 2
    assert calls["_fused_adamw_"] == 1


def test_a_training_step_allocates_little_beside_what_it_must_keep() -> None:
    rows, time, units = 64, 20, 128
    model = Seq2Seq.fresh(ModelConfig(units=units), SYMBOLS, SYMBOLS, seed=1)
    optimiser = build_optimiser(DEFAULT, model.parameters())
    batch = batch_of(rows, time)
    training_step(model, optimiser, batch, 100, DEFAULT)
    with profile(profile_memory=True) as profiled:
        training_step(model, optimiser, batch, 100, DEFAULT)
    # Each side's inputs, outputs, gates and cells, forward and backward; and all gradients.
    positions = 2 * rows * time
    kept = 4 * (2 * positions * (SYMBOLS + 6 * units) + sum(w.numel() for w in model.parameters()))
    allocated = sum(max(0, e.self_cpu_memory_usage) for e in profiled.events())
    assert allocated <= 1.75 * kept


# A beam's steps count with those of the greedy search before it.
@pytest.mark.parametrize(("beam", "most"), [(1, 24), (5, 125)])
def test_a_decoding_step_takes_a_handful_of_calls_however_many_rows_there_are(
    beam: int, most: int
) -> None:
    vocabulary = Vocabulary.of_targets(["abcdefgh"])
    model = Seq2Seq.fresh(ModelConfig(units=16), SYMBOLS, len(vocabulary), seed=1)
    with torch.no_grad():
        model.decoder.output.bias[
            vocabulary.frame[1]
        ] = -torch.inf  # No answer ends before its limit.

    def calls(rows: int, places: int) -> int:
        batch, limits = batch_of(rows, 4), torch.full((rows,), places)
        with torch.inference_mode():
            memory, state = model.encode(batch.sources, batch.source_lengths)
            with Calls() as counted:
                step = model.stepper()
                beam_search(step, memory, state, vocabulary, limits, beam=beam, n_best=beam)
        return sum(counted.counts.values())

    assert calls(20, 20) == calls(100, 20)
    assert (calls(20, 20) - calls(20, 10)) / 10 <= most


def waste(prepared: Prepared, batch_size: int) -> tuple[float, float, int]:
    """Return the padded share of what each LSTM reads in an epoch, and the smallest batch."""
    description, pairs = prepared.description, prepared.training
    sizes = len(description.sources), len(description.targets)
    model = Seq2Seq.fresh(ModelConfig(units=1), *sizes, seed=1)
    read = Counter[str]()
    for side, layer in (
        ("source", model.encoder.forwards[0]),
        ("target", model.decoder.layers[0]),
    ):

        def count(_: Any, inputs: Any, side: str = side) -> None:
            read[side] += inputs[0].shape[0] * inputs[0].shape[1]

        layer.register_forward_pre_hook(count)
    dealt = list(bucketed_batches(pairs, batch_size, np.random.default_rng(1)))
    with torch.inference_mode():
        for rows in dealt:
            model(pairs.batch(rows))
    real_source = int(pairs.sources.lengths.sum())
    real_target = int((pairs.targets.lengths - 1).sum())
    return (
        1 - real_source / read["source"],
        1 - real_target / read["target"],
        min(map(len, dealt)),
    )


def test_the_examples_batches_waste_little(shared_data) -> None:
    config = configure("default", limit=10_000, split="last", held_out_share=0.2)
    corpus = read_corpus(shared_data / "fra-eng.zip", config.corpus)
    prepared = prepare(corpus, split_corpus(corpus, config.training), config)
    source, target, smallest = waste(prepared, 64)
    assert source == 0
    assert target <= 0.06
    assert smallest == 64


def test_eight_hundred_words_are_dealt_without_a_sliver() -> None:
    generator = np.random.default_rng(3)
    words = ["".join(generator.choice(list("abcdef"), n)) for n in generator.integers(1, 15, 800)]
    pairs = [Pair(word, word) for word in words]
    corpus, config = Corpus("words", pairs), configure()
    prepared = prepare(corpus, split_corpus(corpus, config.training), config)
    source, _, smallest = waste(prepared, 64)
    assert source == 0
    assert smallest >= 56


def test_translating_imports_no_compiler_and_no_symbolic_algebra(toy_translator, tmp_path) -> None:
    """PyTorch imports them when it is asked for a little too much, and they double the start."""
    toy_translator.save(tmp_path / "toy.safetensors")
    program = (
        "import sys, charseq\n"
        "print(charseq.load(sys.argv[1], device='cpu').translate('abba'))\n"
        "print({'torch._dynamo', 'sympy', 'matplotlib', 'sacrebleu'} & sys.modules.keys())"
    )
    words = [sys.executable, "-c", program, str(tmp_path / "toy.safetensors")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "ABBA\nset()\n"
