import pytest
from pydantic import ValidationError

from charseq.config import PRESETS, SECTIONS, DecodingConfig, ModelSettings, configure
from charseq.errors import UsageError


def test_every_setting_has_one_name_and_a_description() -> None:
    names = [name for kind in SECTIONS.values() for name in kind.model_fields]
    assert len(names) == len(set(names))
    for kind in SECTIONS.values():
        assert all(field.description for field in kind.model_fields.values())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"unit": 3}, "unknown setting 'unit'; did you mean 'units'?"),
        ({"batchsize": 3}, "unknown setting 'batchsize'; did you mean 'batch_size'?"),
        (
            {"units": 0},
            "units must be at least 1 or 'auto', not 0",
        ),
        ({"epochs": True}, "epochs must be a whole number or 'auto', not True"),
        ({"dropout": False}, "dropout must be a number or 'auto', not False"),
        ({"gradient_clip": True}, "gradient_clip must be a number, not True"),
        ({"split": "random"}, "split must be 'source' or 'last', not 'random'"),
        (
            {"pad_character": "ab"},
            "pad_character must be a text of at most 1 character(s), not 'ab'",
        ),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(
    wrong: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        configure(**wrong)
    assert str(refused.value) == sentence


def test_a_group_of_settings_names_the_nearest_too() -> None:
    with pytest.raises(UsageError, match="did you mean 'units'"):
        ModelSettings(unitz=3)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown preset 'keras'; did you mean 'keras-example'"):
        configure("keras")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        configure().model.units = 3


def test_printed_settings_may_hold_any_character(tmp_path) -> None:
    config = configure(source_separator="😀", target_separator='\x7f"\\')
    (tmp_path / "run.toml").write_text(config.to_toml(), encoding="utf-8")
    assert configure("default", tmp_path / "run.toml") == config


@pytest.mark.parametrize("preset", PRESETS)
def test_printed_settings_read_back_the_same(preset, tmp_path) -> None:
    config = configure(preset)
    (tmp_path / "run.toml").write_text(config.to_toml(), encoding="utf-8")
    # Whatever they are read over: unset settings are written too.
    assert configure(preset, tmp_path / "run.toml") == config
    assert configure("default", tmp_path / "run.toml") == config


def test_settings_given_by_name_win_over_the_file_and_the_file_over_the_preset(tmp_path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("[model]\nunits = 32\n[training]\nepochs = 7\n", encoding="utf-8")
    config = configure("keras-example", file, epochs=3)
    assert (config.model.units, config.training.epochs, config.corpus.limit) == (32, 3, 10_000)


def test_a_file_need_only_be_valid_with_what_is_given_beside_it(tmp_path) -> None:
    file = tmp_path / "odd.toml"
    file.write_text("[model]\nunits = 9\n")
    assert configure(file=file, bidirectional=False).model.units == 9
    with pytest.raises(UsageError, match=r"odd\.toml: units is 9: a bidirectional model"):
        configure(file=file)
    with pytest.raises(UsageError, match=r"^layers must be"):
        configure(file=file, bidirectional=False, layers=0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("units = 3", "unknown setting 'units'; valid: corpus, model, training"),
        ("[model]\nunit = 3", "unknown setting 'unit'; did you mean 'units'?"),
        ("model = 3", "model must be a section"),
        ("[model", "is not valid TOML"),
    ],
)
def test_a_wrong_file_of_settings_says_what_and_where(content, sentence, tmp_path) -> None:
    file = tmp_path / "run.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        configure(file=file)
    assert str(file) in str(refused.value)
    assert sentence in str(refused.value)


def test_the_keras_preset_is_the_examples() -> None:
    config = PRESETS["keras-example"]
    assert config.corpus.limit == 10_000
    assert config.model.units == 256
    assert (config.training.batch_size, config.training.epochs) == (64, 100)
    assert (config.training.split, config.training.held_out_share) == ("last", 0.2)
    assert (config.training.optimiser, config.training.learning_rate) == ("keras-rmsprop", 0.001)


@pytest.mark.parametrize(
    ("clash", "sentence"),
    [
        (
            {"n_best": 3},
            "n_best is 3, but a beam of 1 finds at most 1: widen it with --beam 3 (beam=3)",
        ),
        (
            {"beam": 2, "n_best": 3},
            "n_best is 3, but a beam of 2 finds at most 2: widen it with --beam 3 (beam=3)",
        ),
        (
            {"beam": 2, "sample": True},
            "sample and a beam of 2 cannot be combined: choose one",
        ),
        (
            {"n_best": 3, "sample": True},
            "sample and n_best cannot be combined: sampling draws a single answer",
        ),
        ({"seed": 2}, "seed is for sampling: add --sample (sample=True), or omit it"),
        (
            {"temperature": 0.5},
            "temperature is for sampling: add --sample (sample=True), or omit it",
        ),
        (
            {"top_k": 5, "beam": 3},
            "top_k is for sampling: add --sample (sample=True), or omit it",
        ),
        ({"top_p": "0.5"}, "top_p is for sampling: add --sample (sample=True), or omit it"),
        (
            {"sample": True, "temperature": 0},
            "temperature must be more than 0, not 0",
        ),
        ({"beems": 2}, "unknown setting 'beems'; did you mean 'beam'?"),
    ],
)
def test_searches_that_make_no_sense_are_refused_in_one_sentence(
    clash: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError) as refused:
        DecodingConfig(**clash)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("written", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5_400), (7, 7)]
)
def test_a_duration_is_in_seconds_or_says_its_unit(written, seconds) -> None:
    assert configure(time_limit=written).training.time_limit == seconds


@pytest.mark.parametrize("written", ["m", "10 minutes", "-3m", "0s", True])
def test_what_is_no_duration_is_refused(written) -> None:
    with pytest.raises(UsageError, match="time_limit must be"):
        configure(time_limit=written)


def test_tied_embeddings_are_of_the_same_symbols() -> None:
    with pytest.raises(UsageError, match="tied_embeddings needs the same separator"):
        configure(tied_embeddings=True, embedding=8, target_separator=" ")
    separators = {"source_separator": " ", "target_separator": " "}
    assert configure(tied_embeddings=True, embedding=8, **separators).model.tied_embeddings
