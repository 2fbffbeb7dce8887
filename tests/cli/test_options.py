from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from charseq.cli.options import settings_options
from charseq.config import (
    SECTIONS,
    CorpusConfig,
    DecodingConfig,
    ModelSettings,
    TrainingSettings,
    configure,
)
from charseq.errors import UsageError

given: dict[str, Any] = {}
app = typer.Typer()


@app.command()
@settings_options(CorpusConfig, ModelSettings, TrainingSettings)
def command(text: str, *, loud: bool = False, settings: dict[str, Any]) -> None:
    """Do nothing but take note."""
    given.clear()
    given.update(settings, text=text, loud=loud)


def settings_of(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["some text", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert given.pop("text") == "some text"
    return dict(given)


def test_only_the_options_that_were_given_are_passed_on() -> None:
    assert settings_of() == {"loud": False}
    assert settings_of("--epochs", "3", "--loud") == {"loud": True, "epochs": 3}


def test_every_setting_has_an_option_of_its_name_with_its_description() -> None:
    parameters = {parameter.name: parameter for parameter in typer.main.get_command(app).params}
    for kind in SECTIONS.values():
        for name, field in kind.model_fields.items():
            option = parameters[name]
            assert option.opts == [f"--{name.replace('_', '-')}"]
            assert option.help[1:].startswith(f"{field.description} (default: "[1:])


def test_some_settings_alone_may_be_options_in_a_dictionary_of_their_own() -> None:
    found: dict[str, Any] = {}

    @settings_options(CorpusConfig)
    @settings_options(DecodingConfig, only={"beam"}, parameter="decoding")
    def both(*, settings: dict[str, Any], decoding: dict[str, Any]) -> None:
        found.update(settings=settings, decoding=decoding)

    app = typer.Typer()
    app.command()(both)
    run = CliRunner().invoke(app, ["--limit", "3", "--beam", "5"], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    assert found == {"settings": {"limit": 3}, "decoding": {"beam": 5}}
    assert CliRunner().invoke(app, ["--n-best", "2"]).exit_code == 2


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("learning_rate", "auto"),
        ("weight_decay", "0.0"),
        ("source_column", "1"),
        ("gradient_clip", "1.0"),
        ("limit", "none"),
        ("unknown_symbol", "on"),
        ("reverse", "off"),
    ],
)
def test_a_default_is_shown_as_one_would_type_it(name: str, default: str) -> None:
    parameters = {parameter.name: parameter for parameter in typer.main.get_command(app).params}
    assert parameters[name].help.endswith(f" (default: {default})")


@pytest.mark.parametrize(
    ("arguments", "name", "value"),
    [
        (["--units", "64"], "units", 64),
        (["--learning-rate", "1e-3"], "learning_rate", 0.001),
        (["--device", "cpu"], "device", "cpu"),
        (["--split", "last"], "split", "last"),
        (["--pad-character", " "], "pad_character", " "),
        (["--limit", "5"], "limit", 5),
        (["--limit", "none"], "limit", None),
        (["--gradient-clip", "none"], "gradient_clip", None),
        (["--pad-source-to", "16"], "pad_source_to", 16),
        (["--pad-source-to", "longest"], "pad_source_to", "longest"),
        (["--pad-source-to", "none"], "pad_source_to", None),
        (["--source-column", "3"], "source_column", 3),
        (["--source-column", "english"], "source_column", "english"),
        (["--source-column", "none"], "source_column", "none"),
        (["--header"], "header", True),
        (["--no-unknown-symbol"], "unknown_symbol", False),
    ],
)
def test_what_is_typed_becomes_the_settings_value(
    arguments: list[str], name: str, value: object
) -> None:
    settings = settings_of(*arguments)
    del settings["loud"]
    config = configure(**settings)
    section = next(part for part, kind in SECTIONS.items() if name in kind.model_fields)
    found = getattr(getattr(config, section), name)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--units", "many"], "units must be a whole number or 'auto', not 'many'"),
        (["--units", "0"], "units must be at least 1 or 'auto', not '?0"),
        (["--units", "none"], "units must be a whole number or 'auto', not 'none'"),
        (["--split", "first"], "'source' or 'last'"),
        (["--limit", "2.5"], "limit must be a whole number, not '2.5'"),
    ],
)
def test_what_a_setting_cannot_be_is_said_in_one_sentence(
    arguments: list[str], message: str
) -> None:
    settings = settings_of(*arguments)
    del settings["loud"]
    with pytest.raises(UsageError, match=message) as caught:
        configure(**settings)
    assert "\n" not in str(caught.value)


def test_an_option_that_is_no_setting_is_refused() -> None:
    result = CliRunner().invoke(app, ["text", "--epoch", "3"])
    assert result.exit_code == 2
    assert "--epochs" in result.output
