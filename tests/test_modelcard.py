"""The model card: what it says, and that it says it of any texts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.config import ModelConfig, RunConfig
from charseq.modelcard import HeldOutAnswers, TrainingFacts, model_card
from charseq.modelfile import ModelDescription, OutputLimit
from charseq.scoring import are_right, nearest_references, reliability_of, score
from charseq.text import Input, Vocabulary

REFERENCES = {
    Input("Go."): ["Va !", "Vas-y !"],
    Input("Hi."): ["Salut."],
    Input("Run!"): ["Cours !"],
}
DESCRIPTION = ModelDescription(
    config=ModelConfig(units=32, normalise="none"),
    sources=Vocabulary.of_sources(each.source for each in REFERENCES),
    targets=Vocabulary.of_targets(["Va !", "Salut."]),
    output_limit=OutputLimit(1.5, 7),
    corpus={
        "name": "tiny",
        "digest": "0123abcd",
        "training_pairs": 12_345,
        "held_out_pairs": 4,
        "attribution": "somebody, CC BY 2.0",
    },
)
FACTS = TrainingFacts(
    epochs=12,
    kept=9,
    seconds=65.4,
    pairs_per_second=1234.5,
    device="cpu",
    shortest_source=3,
    longest_source=17,
)


def card_of(hypotheses=("Va !", "Salut", "Cours !"), references=REFERENCES, **changes):
    fields = {"description": DESCRIPTION, "config": RunConfig(), "training": FACTS, **changes}
    right = list(references.values())
    report = score(hypotheses, right, bootstrap=20)
    reliability = reliability_of([0.75] * len(right), are_right(hypotheses, right))
    answers = HeldOutAnswers(list(references), nearest_references(hypotheses, right), 0.5)
    return model_card(report=report, reliability=reliability, answers=answers, **fields)


def rows_of(card):
    return [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]


def test_a_card_says_which_held_out_inputs_were_trained_on_too() -> None:
    own = replace(FACTS, held_out_name="others")
    assert "were also trained on" not in card_of(training=own)
    card = card_of(training=replace(own, repeated_inputs=40))
    assert "a corpus of their own: others; 40 of its inputs were also trained on" in card


def test_a_card_names_the_corpus_its_attribution_and_the_split():
    card = card_of()
    assert card.startswith("# Model card: tiny\n")
    rows = rows_of(card)
    assert ["attribution and licence", "somebody, CC BY 2.0"] in rows
    assert ["training pairs", "12,345"] in rows
    assert ["digest of the pairs (SHA-256)", "0123abcd"] in rows
    split = dict(row for row in rows if len(row) == 2)["split"]
    assert "10% of the sources, at most 2,000, drawn with seed 1 are held out" in split


def test_a_card_says_where_the_texts_were_in_the_corpus():
    assert not any(row[0] == "read with" for row in rows_of(card_of()))
    other = replace(DESCRIPTION, columns={"source_column": 2, "reverse": True})
    assert ["read with", "source\\_column: 2, reverse: True"] in rows_of(card_of(description=other))


def test_a_cards_command_reads_nothing_from_standard_input():
    card = card_of(references={Input("-"): ["a"], Input("Hi."): ["b"]}, hypotheses=("a", "b"))
    assert "charseq translate model.safetensors Hi.\n" in card


def test_a_card_says_whether_the_held_out_sources_chose_the_weights():
    assert "chosen by these scores, which makes the scores a little too good" in card_of()
    by_loss = RunConfig().changed(select="loss")
    assert "chosen by the loss on them, which makes the scores" in card_of(config=by_loss)
    untouched = RunConfig().changed(keep="last", patience=None)
    assert "a little too good" not in card_of(config=untouched)


def test_a_card_says_what_a_model_that_was_trained_once_more_was_scored_without():
    alone, again = card_of(), card_of(training=replace(FACTS, refitted=True))
    assert "on all pairs, including those held out" in again
    assert "on all pairs, including those held out" not in alone
    (seconds,) = (row[1] for row in rows_of(alone) if row[0] == "training")
    assert ["training, without the refit", seconds] in rows_of(again)


@pytest.mark.parametrize(
    ("changes", "split"),
    [
        ({"config": RunConfig().changed(split="last")}, "the last 10% of the pairs are held out"),
        ({"config": RunConfig().changed(seed=7)}, "drawn with seed 7"),
        ({"config": RunConfig().changed(split_by="input")}, "10% of the inputs, at most 2,000"),
        ({"training": replace(FACTS, held_out_name="dev")}, "a corpus of their own: dev"),
    ],
)
def test_a_card_says_how_pairs_were_held_out(changes, split):
    assert split in card_of(**changes)


def test_a_card_has_the_scores_with_their_intervals_and_signatures():
    card = card_of()
    report = score(["Va !", "Salut", "Cours !"], list(REFERENCES.values()), bootstrap=20)
    interval = f"{report.chrf.low:.1f} to {report.chrf.high:.1f}"
    assert ["chrF", f"{report.chrf.value:.1f}", interval] in rows_of(card)
    assert f"`{report.bleu.signature}`" in card


def test_a_card_says_how_far_confidences_can_be_relied_on():
    card = card_of()
    assert ["0.75", "66.7%", "3"] in rows_of(card.split("## Confidence")[1])
    assert "the expected calibration error is 0.083 and the Brier score 0.229" in card


def test_a_card_shows_answers_that_are_right_and_answers_that_are_wrong():
    card = card_of()
    right, wrong = card.split("Right: ")[1].split("Wrong: ")
    assert right.startswith("2 of 3")
    assert ["Go.", "Va !", "Va !"] in rows_of(right)
    assert wrong.startswith("1 of 3")
    assert ["Hi.", "Salut", "Salut."] in rows_of(wrong)


def test_a_card_tells_settings_that_are_not_the_defaults_and_those_that_matter():
    settings = dict(
        row for row in rows_of(card_of(config=RunConfig().changed(patience=3))) if len(row) == 2
    )
    assert settings["`units`"] == "32"
    assert settings["`patience`"] == "3"
    assert settings["`seed`"] == "1"
    assert "`gradient_clip`" not in settings


def test_a_card_does_not_tell_how_to_split_what_was_not_split():
    config = RunConfig().changed(held_out_share=0.3, split="last", patience=3)
    for own, told in (("", True), ("others", False)):
        card = card_of(config=config, training=replace(FACTS, held_out_name=own))
        assert ("`held_out_share`" in card) is ("`split`" in card) is told
        assert "`patience`" in card


def test_a_card_tells_how_fast_training_and_translating_were():
    rows = rows_of(card_of())
    assert ["training", "65.4 seconds"] in rows
    assert ["pairs per second in training", "1,234"] in rows
    assert ["translations per second, in batches", "6"] in rows


def test_a_card_says_where_the_model_ends():
    card = card_of()
    assert "It reads 9 symbols: ! . G H R i n o u\n" in card
    assert "It writes 9 symbols: ␣ ! . S V a l t u\n" in card
    assert "Sources in training had 3 to 17 symbols." in card
    assert "read as the unknown symbol, with a warning, and cannot be copied" in card
    copying = replace(DESCRIPTION, config=ModelConfig(attention="dot", copying=True))
    assert "and can be copied unchanged" in card_of(description=copying)
    bare = replace(
        DESCRIPTION,
        sources=Vocabulary.of_sources((each.source for each in REFERENCES), unknown=False),
    )
    assert "read as zeros" in card_of(description=bare)


def test_a_card_shows_commands_that_a_shell_takes_as_they_stand():
    assert "charseq translate model.safetensors Go.\n" in card_of()
    odd = {Input("-$x"): ["a"], Input("long source"): ["b"]}
    assert "charseq translate model.safetensors -- '-$x'\n" in card_of(["a", "b"], odd)


def test_texts_are_no_markup():
    odd = {Input("a|b*c*"): ["`x` <b>"]}
    card = card_of(["[x](y)"], odd)
    assert r"| a\|b\*c\* | \[x\](y) | \`x\` \<b\> |" in card


inputs = st.text(min_size=1).map(Input)


@given(st.dictionaries(inputs, st.lists(st.text(min_size=1), min_size=1), min_size=1))
def test_a_card_can_be_made_of_any_texts(references):
    card = card_of([right[0] for right in references.values()], references)
    assert "\x1b" not in card
    tables = [block for block in card.split("\n\n") if block.startswith("| source")]
    assert len(tables) == 1
    assert all(line.count(" | ") >= 2 for line in tables[0].splitlines()[2:])


def test_a_card_names_features_and_languages_and_asks_for_them():
    references = {Input("Haus", ("N", "PL"), "deu"): ["Häuser"], Input("a", ("V",), "x"): ["b"]}
    sources = DESCRIPTION.sources.conditioned(references)
    card = card_of(["Häuser", "c"], references, description=replace(DESCRIPTION, sources=sources))
    assert "- It knows 3 features: N PL V\n- It knows 2 languages: deu x\n" in card
    assert "charseq translate model.safetensors --features V --language x a\n" in card
    assert ["Haus · N;PL · deu", "Häuser", "Häuser"] in rows_of(card)
