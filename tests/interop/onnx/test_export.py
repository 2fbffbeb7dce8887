"""An export answers as its model does, whatever is asked, and says so only where it is true."""

import copy
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.interop.onnx.conftest import Both, exported

import charseq
from charseq import Translator, runtime
from charseq.answering import Asked
from charseq.config import DecodingConfig
from charseq.corpus import Pair
from charseq.errors import CharseqError, UsageError
from charseq.interop.onnx import checking, export
from charseq.interop.onnx.checking import agreement
from charseq.interop.onnx.weights import Weights, blocks_of
from charseq.results import Explanation, Translation, WrittenSymbol
from charseq.runtime import OnnxEngine
from charseq.runtime.loading import read_export

pytestmark = pytest.mark.filterwarnings("ignore::charseq.errors.UnknownCharactersWarning")

CLOSE = 1e-4
GREEDY, BEAM = {}, {"beam": 4, "n_best": 3}


def assert_same_answer(one: Translation, other: Translation) -> None:
    for name in ("source", "hypothesis", "cut", "unknown_symbols", "unknown_features", "error"):
        assert getattr(one, name) == getattr(other, name)
    assert (one.abstained, one.withheld) == (other.abstained, other.withheld)
    assert one.log_probability == pytest.approx(other.log_probability, abs=CLOSE)
    assert one.confidence == (other.confidence and pytest.approx(other.confidence, abs=CLOSE))
    assert [str(each) for each in one.alternatives] == [str(each) for each in other.alternatives]
    for own, its in zip(one.alternatives, other.alternatives, strict=True):
        assert own.score == pytest.approx(its.score, abs=CLOSE)


def assert_same_symbol(one: WrittenSymbol, other: WrittenSymbol) -> None:
    assert (one.symbol, one.end) == (other.symbol, other.end)
    assert one.log_probability == pytest.approx(other.log_probability, abs=CLOSE)
    # What is about as probable as another may stand before it or behind.
    (names, gains), (others, theirs) = (
        zip(*each.runners_up, strict=True) if each.runners_up else ((), ()) for each in (one, other)
    )
    assert gains == pytest.approx(theirs, abs=CLOSE)
    assert names[:1] == others[:1]
    assert one.weights == pytest.approx(other.weights, abs=CLOSE)
    assert one.copying == (other.copying and pytest.approx(other.copying, abs=CLOSE))


def assert_same_explanation(one: Explanation, other: Explanation) -> None:
    assert (one.source_symbols, one.error) == (other.source_symbols, other.error)
    for own, its in zip(one.symbols, other.symbols, strict=True):
        assert_same_symbol(own, its)


# What is asked


@pytest.mark.parametrize("search", [GREEDY, BEAM], ids=["greedy", "beam"])
@pytest.mark.parametrize("begun", [False, True], ids=["free", "begun"])
def test_an_export_translates_as_its_model_does(both: Both, search, begun: bool) -> None:
    asked = {**search, **both.conditions, "prefix": both.prefix if begun else None}
    own, its = (each.translate(both.texts, **asked) for each in (both.own, both.exported))
    for one, other in zip(own, its, strict=True):
        assert_same_answer(one, other)
        answer, first = one.hypothesis, both.prefix
        if both.own.description.config.normalise == "jamo":
            # In jamo, what follows may complete the last syllable of the prefix.
            answer, first = (normalize("NFD", text) for text in (answer, first))
        assert not begun or not one.source or answer.startswith(first)


@pytest.mark.parametrize("search", [GREEDY, BEAM], ids=["greedy", "beam"])
def test_an_answer_may_begin_with_what_is_copied(
    copier: Translator, tmp_path: Path, search: dict[str, Any]
) -> None:
    its_export = runtime.load(exported(copier, tmp_path))
    texts, prefixes = ["bжn", "🙂☃", "agl", "cжo"], ["ж", "☃", "aa", "Ω"]
    for model in (copier, its_export):
        *begun, refused = model.translate(texts, prefix=prefixes, **search)
        for prefix, answer in zip(prefixes, begun, strict=False):
            assert answer.hypothesis.startswith(prefix)
            assert model.score(answer.source, answer.hypothesis) == pytest.approx(
                answer.log_probability, abs=CLOSE
            )
        assert refused.error == "the model cannot write its prefix: Ω (U+03A9)"
    own, its = (each.translate(texts, prefix=prefixes, **search) for each in (copier, its_export))
    for one, other in zip(own, its, strict=True):
        assert_same_answer(one, other)
    first = next(iter(copier.write("bжn", prefix="ж")))
    assert first.symbol == "ж"


def test_an_export_refuses_and_withholds_what_its_model_does(both: Both) -> None:
    for rule in ({"unknown": "error"}, {"prefix": "Ω"}, {"abstain_below": 0.9999}):
        asked = {**rule, **both.conditions}
        own, its = (each.translate(both.texts, **asked) for each in (both.own, both.exported))
        for one, other in zip(own, its, strict=True):
            assert_same_answer(one, other)
        assert any(one.error or one.abstained for one in own)


def test_an_export_scores_given_pairs_as_its_model_does(both: Both) -> None:
    own, its = (
        each.score(both.texts, both.targets, **both.conditions)
        for each in (both.own, both.exported)
    )
    assert its == pytest.approx(own, abs=CLOSE)
    assert any(map(math.isfinite, own))


def test_an_export_explains_as_its_model_does(both: Both) -> None:
    for targets in (both.targets, None):
        own, its = (
            each.explain(both.texts, targets, **both.conditions)
            for each in (both.own, both.exported)
        )
        for one, other in zip(own, its, strict=True):
            assert_same_explanation(one, other)


def test_an_export_aligns_as_its_model_does(both: Both) -> None:
    if both.own.description.config.attention == "none":
        with pytest.raises(UsageError, match="has no attention"):
            both.exported.align(both.texts)
        return
    for targets in (both.targets, None):
        own, its = (
            each.align(both.texts, targets, **both.conditions) for each in (both.own, both.exported)
        )
        for one, other in zip(own, its, strict=True):
            assert (one.source_symbols, one.target_symbols) == (
                other.source_symbols,
                other.target_symbols,
            )
            np.testing.assert_allclose(one.weights, other.weights, atol=CLOSE)
            assert list(other.copying or ()) == pytest.approx(list(one.copying or ()), abs=CLOSE)


def test_an_export_writes_symbol_by_symbol_as_its_model_does(both: Both) -> None:
    for prefix in (None, both.prefix):
        for place, text in enumerate(both.texts):
            conditions = {name: values[place] for name, values in both.conditions.items()}
            own, its = (
                list(each.write(text, prefix=prefix, **conditions))
                for each in (both.own, both.exported)
            )
            for one, other in zip(own, its, strict=True):
                assert_same_symbol(one, other)


def test_an_export_answers_streams_in_order(both: Both) -> None:
    many = [*both.texts * 300]
    conditions = {name: values * 300 for name, values in both.conditions.items()}
    alone = both.exported.translate(both.texts, **both.conditions)
    answers = both.exported.stream(many, **conditions)
    assert [str(each) for each in answers] == [str(each) for each in alone] * 300


@pytest.mark.parametrize("search", [GREEDY, BEAM], ids=["greedy", "beam"])
@settings(max_examples=15)
@given(data=st.data())
def test_a_text_gets_the_same_answer_in_any_order_and_company(
    both: Both, search, data: st.DataObject
) -> None:
    known = both.own.description.sources
    symbols = [*known.ordinary, "ж"]
    drawn = data.draw(st.lists(st.lists(st.sampled_from(symbols), max_size=8), max_size=9))
    texts = [known.spelling.text(each) for each in drawn]
    conditions = {
        name: values[0] if name == "language" else [values[0]] * len(texts)
        for name, values in both.conditions.items()
    }
    order = data.draw(st.permutations(range(len(texts))))
    shuffled = both.exported.translate([texts[place] for place in order], **conditions, **search)
    for place, answer in zip(order, shuffled, strict=True):
        single = {
            name: values if name == "language" else values[:1]
            for name, values in conditions.items()
        }
        (alone,) = both.exported.translate([texts[place]], **single, **search)
        assert_same_answer(answer, alone)


@pytest.mark.parametrize("search", [GREEDY, BEAM], ids=["greedy", "beam"])
def test_what_lies_past_a_sources_end_is_never_read(
    both: Both, search, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = both.texts[:1]
    conditions = {
        name: values if isinstance(values, str) else values[:1]
        for name, values in both.conditions.items()
    }
    (close,) = both.exported.translate(text, **conditions, **search)
    engine = both.exported.engine
    answers = engine.answers

    def filled_up(asked: Asked, *how: Any) -> Any:
        wide = ((0, 0), (0, 3))
        return answers(
            asked._replace(
                sources=np.pad(asked.sources, wide, constant_values=1),
                copies=asked.copies if asked.copies is None else np.pad(asked.copies, wide),
            ),
            *how,
        )

    monkeypatch.setattr(engine, "answers", filled_up)
    (filled,) = both.exported.translate(text, **conditions, **search)
    assert_same_answer(filled, close)


def test_made_up_texts_get_identical_answers(both: Both) -> None:
    found = agreement(both.own, both.exported)
    assert (found.texts, found.different) == (200, 0)
    assert 0 < found.farthest < CLOSE


@pytest.mark.slow
def test_5000_texts_get_identical_answers(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MADE_UP", 5_000)
    found = agreement(both.own, both.exported)
    assert (found.texts, found.different) == (5_000, 0)
    assert found.farthest < CLOSE


# What an export cannot do


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"sample": True}, "an exported model cannot sample: use the model file that it was"),
        ({"lexicon": ["A"]}, "an exported model cannot use a lexicon: use the model file that it"),
    ],
)
def test_what_an_export_cannot_do_is_said_in_one_sentence(
    toy_translator: Translator, tmp_path: Path, asked, sentence: str
) -> None:
    export_of = runtime.load(exported(toy_translator, tmp_path))
    with pytest.raises(UsageError, match=sentence):
        export_of.translate("ab", **asked)


def test_rows_that_have_ended_are_not_computed_any_more(
    toy_translator: Translator, tmp_path: Path
) -> None:
    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "profile")
    path = exported(toy_translator, tmp_path)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    description = toy_translator.description
    begun = description.targets.ids("BABAB")
    asked = Asked(
        sources=np.full((4, 2), description.sources.ids("a")[0]),
        lengths=np.full(4, 2),
        conditions=np.zeros(4, np.int64),
        copies=None,
        limits=np.array([1, 6, 2, 2]),
        prefixes=[begun[:1], begun, begun[:2], begun[:2]],
        numbers=np.zeros(4, np.int64),
    )
    answers = OnnxEngine(session, description, threads=1).answers(asked, DecodingConfig(), None)
    assert [len(best.ids) for best, *_ in answers][0::2] == [1, 2]
    events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    chosen = [event["args"] for event in events if event["name"].endswith("_kernel_time")]
    rows = [
        args["input_type_shape"][0]["float"][0]
        for args in chosen
        if args["op_name"] == "ArgMax" and len(args["input_type_shape"][0]["float"]) == 2
    ]
    # The last such node reads all that was written, (places, batch).
    assert rows[:6] == [4, 3, 1, 1, 1, 1]


def test_an_export_is_computed_on_the_cpu_alone(toy_translator: Translator, tmp_path: Path) -> None:
    path = exported(toy_translator, tmp_path)
    for device in ("auto", "cpu"):
        assert str(charseq.load(path, device=device).translate("ab")) == "BA"
    with pytest.raises(UsageError, match="an export runs on the CPU, not on cuda"):
        charseq.load(path, device="cuda")


# The file


def test_equal_models_are_equal_exports(toy_translator: Translator, tmp_path: Path) -> None:
    contents = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        contents.add(exported(toy_translator, tmp_path / name).read_bytes())
    assert len(contents) == 1


def all_nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from all_nodes(attribute.g)


def test_an_export_is_valid_onnx_of_standard_operators_alone(both: Both, tmp_path: Path) -> None:
    model = onnx.load(exported(both.own, tmp_path))
    onnx.checker.check_model(model, full_check=True)
    assert [(each.domain, each.version) for each in model.opset_import] == [("", 20)]
    nodes = list(all_nodes(model.graph))
    assert len(nodes) > 100
    assert {node.domain for node in nodes} == {""}
    assert {node.op_type for node in nodes} <= runtime.inspection.OPERATORS


@pytest.fixture(scope="module")
def wide(spoken_pairs, tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """A model of 256 units, which has learnt a little."""
    return charseq.train(
        spoken_pairs,
        run=tmp_path_factory.mktemp("runs") / "wide",
        target_separator=" ",
        units=256,
        symbol_dropout=0,
        epochs=4,
        refit=False,
        patience=None,
    )


@pytest.mark.parametrize(
    ("precision", "share", "most_apart"), [("int8", 1 / 3, 0.5), ("half", 0.52, 0.05)]
)
def test_rounded_exports_are_smaller_and_say_what_that_changes(
    wide: Translator, tmp_path: Path, precision, share: float, most_apart: float
) -> None:
    path = exported(wide, tmp_path, precision)
    size = (tmp_path / "model.safetensors").stat().st_size
    assert path.stat().st_size <= share * size
    _, facts, _ = read_export(path)
    assert facts["precision"] == precision
    assert facts["contributed_operators"] == ("MatMulNBits" if precision == "int8" else "none")
    found = agreement(wide, runtime.load(path))
    assert facts["agreement"] == found.as_dict()
    assert (found.texts, found.exact_match) == (200, None)
    assert CLOSE < found.farthest < most_apart


def test_agreement_counts_right_answers_on_a_corpus(
    toy_translator: Translator, toy_pairs, tmp_path: Path
) -> None:
    toy_translator.save(tmp_path / "m.safetensors")
    pairs = [Pair(*each) for each in toy_pairs[::4]]
    made = export(tmp_path / "m.safetensors", pairs=pairs)
    answers = toy_translator.translate([each.source for each in pairs])
    right = np.mean([str(a) == each.target for a, each in zip(answers, pairs, strict=True)])
    assert made.agreement.exact_match == made.agreement.exported_exact_match == right
    metadata = {each.key: each.value for each in onnx.load_from_string(made.content).metadata_props}
    assert json.loads(metadata["charseq"])["export"]["agreement"] == made.agreement.as_dict()


def coarse(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round to three numbers in place of 255."""
    packed, scale = blocks_of(array)
    return (np.rint((packed.astype(np.float32) - 128) / 127) + 128).astype(np.uint8), 127 * scale


def test_rounding_that_costs_right_answers_is_refused_unless_forced(
    wide: Translator, spoken_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide.save(tmp_path / "m.safetensors")
    pairs = [Pair(*each) for each in spoken_pairs]
    monkeypatch.setattr("charseq.interop.onnx.weights.blocks_of", coarse)
    with pytest.raises(UsageError, match=r"rounding the weights costs .* points .*--force"):
        export(tmp_path / "m.safetensors", precision="int8", pairs=pairs)
    made = export(tmp_path / "m.safetensors", precision="int8", pairs=pairs, force=True)
    assert made.agreement.lost > checking.MOST_LOST
    assert made.agreement.different > 0


@pytest.mark.parametrize(("preference", "different"), [(1e-6, False), (0.01, True)])
def test_answers_that_part_at_equally_probable_symbols_agree(
    toy_translator: Translator, preference: float, different: bool
) -> None:
    """After a tie, whatever follows may be of another probability."""
    twins = []
    for favoured in ("A", "B"):
        model = copy.deepcopy(toy_translator.model)
        description = toy_translator.description
        first, second, own = (
            description.targets.symbols.index(each) for each in ("A", "B", favoured)
        )
        with torch.no_grad():
            model.decoder.output.weight[second] = model.decoder.output.weight[first]
            model.decoder.output.bias[second] = model.decoder.output.bias[first]
            model.decoder.output.bias[own] += preference
        twins.append(Translator(model, description))
    texts = [each.source for each in checking.made_up_inputs(toy_translator.description)]
    answers = [[str(each) for each in twin.translate(texts)] for twin in twins]
    assert sum(a != b for a, b in zip(*answers, strict=True)) > 20
    assert (agreement(*twins).different > 0) == different


def test_the_log_probabilities_of_symbols_add_up_to_those_of_answers(both: Both) -> None:
    engine = both.exported.engine
    captured = []

    class Session:
        def run(self, outputs, fed):
            more = engine_session.run([*outputs, "symbol_log_probabilities"], fed)
            captured.append((dict(zip(outputs, more, strict=False)), more[-1]))
            return more[:-1]

    engine_session, engine.session = engine.session, Session()
    try:
        for search in (GREEDY, BEAM):
            both.exported.translate(both.texts, **both.conditions, **search)
    finally:
        engine.session = engine_session
    assert captured
    for found, symbols in captured:
        assert symbols.shape == (*found["ids"].shape[:2], found["ids"].shape[2] + 1)
        possible = np.isfinite(found["log_probabilities"])
        sums = symbols.sum(2)[possible]
        np.testing.assert_allclose(sums, found["log_probabilities"][possible], atol=CLOSE)
        past = np.arange(symbols.shape[2]) > found["lengths"][:, :, None]
        assert not symbols[past & possible[:, :, None]].any()


def test_one_hot_symbols_take_no_memory_for_each_pair_of_them(toy_pairs, tmp_path: Path) -> None:
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 1_500)]
    pairs = [*toy_pairs[:20], *((letter, "a") for letter in letters)]
    settings = {"preset": "keras-example", "units": 8, "epochs": 1, "held_out_share": 0.01}
    model = charseq.train(pairs, run=tmp_path / "run", **settings)
    path = exported(model, tmp_path)
    nodes = list(all_nodes(onnx.load(path).graph))
    assert not any(node.op_type in ("EyeLike", "ConstantOfShape") for node in nodes)
    assert path.stat().st_size < 1_500**2
    texts = ["".join(letters[:20]), "abc", "☃"]
    answers = model.translate(texts)
    for one, other in zip(answers, runtime.load(path).translate(texts), strict=True):
        assert_same_answer(one, other)


def test_a_graph_with_one_wrong_weight_is_never_returned(
    toy_translator: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_translator.save(tmp_path / "m.safetensors")
    sound = Weights.tensor

    def spoilt(self, graph, array, name):
        if name == "decoder.output.weight":
            array = array.copy()
            array[3, 5] += 1
        return sound(self, graph, array, name)

    monkeypatch.setattr(Weights, "tensor", spoilt)
    with pytest.raises(CharseqError, match="the export does not answer as PyTorch does"):
        export(tmp_path / "m.safetensors", force=True)
    assert [each.name for each in tmp_path.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize(("different", "farthest"), [(1, 0.0), (0, 2e-4)])
def test_an_export_that_answers_otherwise_is_not_written(different: int, farthest: float) -> None:
    checking.Agreement(texts=10, different=0, farthest=5e-5).refuse_faulty()
    with pytest.raises(CharseqError, match="Nothing was written"):
        checking.Agreement(texts=10, different=different, farthest=farthest).refuse_faulty()


def test_an_export_computes_as_many_batches_at_once_as_asked(
    toy_translator: Translator, tmp_path: Path
) -> None:
    path = exported(toy_translator, tmp_path)
    with runtime.load(path, threads=3).engine.at_once() as most:
        assert most == 3
    for wrong in (0, 1.5, "2"):
        with pytest.raises(UsageError, match="threads must be a whole number of at least 1"):
            runtime.load(path, threads=wrong)  # type: ignore[arg-type]
