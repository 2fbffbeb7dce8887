"""All settings of a run: from presets, files and arguments."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from charseq.config.corpus import CorpusConfig
from charseq.config.model import ModelConfig, ModelSettings
from charseq.config.settings import Settings, refuse_unknown
from charseq.config.training import TrainingConfig, TrainingSettings
from charseq.errors import UsageError
from charseq.files import read_bounded

# The size of the largest TOML file that is read, in bytes.
LARGEST = 1 << 20

SECTIONS: Mapping[str, type[Settings]] = {
    "corpus": CorpusConfig,
    "model": ModelSettings,
    "training": TrainingSettings,
}


class RunSettings(Settings):
    """All settings of one training run, as requested."""

    corpus: CorpusConfig = CorpusConfig()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()

    def changed(self, **settings: object) -> Self:
        """Return this configuration with some settings changed, each by its own name.

        Raises:
            UsageError: if a setting is unknown or its value is not allowed.
        """
        return self.merged(_by_section(settings))

    def merged(self, sections: Mapping[str, Mapping[str, object]]) -> Self:
        """Return this configuration with the settings of `sections` in place of its own.

        Raises:
            UsageError: if a section or setting is unknown or a value is not allowed.
        """
        refuse_unknown(sections, SECTIONS)
        values = self.model_dump()
        for part, changes in sections.items():
            if not isinstance(changes, Mapping):
                raise UsageError(f"{part} must be a section, [{part}], not a single value")
            values[part] |= changes
        return type(self)(**values)

    def to_toml(self) -> str:
        """Return all settings as TOML, each with its description."""
        lines: list[str] = []
        for part, kind in SECTIONS.items():
            section = getattr(self, part)
            lines += [f"[{part}]"]
            for name, field in kind.model_fields.items():
                value = getattr(section, name)
                # JSON's strings, numbers and booleans are valid TOML, but for pairs of surrogates
                # and for DEL.
                written = json.dumps("none" if value is None else value, ensure_ascii=False)
                written = written.replace("\x7f", "\\u007f")
                lines += [f"# {field.description}", f"{name} = {written}"]
            lines += [""]
        return "\n".join(lines)


class RunConfig(RunSettings):
    """All settings of one training run, with every automatic one resolved."""

    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()


PRESETS: Mapping[str, RunSettings] = {
    "default": RunSettings(),
    "keras-example": RunSettings(
        corpus=CorpusConfig(limit=10_000),
        model=ModelSettings(
            units=256,
            embedding=None,
            bidirectional=False,
            attention="none",
            attention_layers=1,
            attention_size=None,
            location_aware=False,
            residual=False,
            relative_positions=False,
            copying=False,
            dropout=0,
            source_dropout=None,
            symbol_dropout=0,
            normalise="none",
            unknown_symbol=False,
            pad_source_to="longest",
            maximum_output_length="longest",
        ),
        training=TrainingSettings(
            epochs=100,
            batch_size=64,
            optimiser="keras-rmsprop",
            learning_rate=0.001,
            schedule="constant",
            label_smoothing=0,
            average=None,
            gradient_clip=None,
            refit=False,
            precision="float32",
            count_padding=True,
            unknown_rate=0,
            split="last",
            held_out_share=0.2,
            held_out_maximum=None,
            vocabulary_from="corpus",
            patience=None,
            keep="last",
        ),
    ),
}


def configure(
    preset: str = "default",
    file: str | Path | None = None,
    sections: dict[str, dict[str, Any]] | None = None,
    **settings: object,
) -> RunSettings:
    """Build a configuration: the preset, overridden by a TOML file, overridden by `settings`.

    Args:
        preset: the name of a preset.
        file: the file.
        sections: what `sections_of` has read from it, if it was read already.
        **settings: settings by name.

    Raises:
        UsageError: if there is no such preset or file, or a file or setting is not valid.
        DataError: if the file is too large.
        MachineError: if it cannot be read.
    """
    refuse_unknown([preset], PRESETS, what="preset")
    config = PRESETS[preset]
    if file is None:
        return _without_waste(config.changed(**settings))
    of_file = sections_of(file) if sections is None else sections
    given = _by_section(settings)
    both = {
        part: values | given.get(part, {}) if isinstance(values, dict) else values
        for part, values in of_file.items()
    }
    try:
        # Together: what the file says need not be valid alone.
        return _without_waste(config.merged({**given, **both}))
    except UsageError as error:
        try:
            config.merged(of_file)
        except UsageError as its_own:
            if str(its_own) in str(error):
                raise UsageError(f"{file}: {its_own}") from None
        raise


def _without_waste(settings: RunSettings) -> RunSettings:
    """Return settings, or raise a `UsageError` if one of them would have no effect.

    Those of an earlier run, which cannot be changed, are not asked.
    """
    training = settings.training
    if training.weight_decay and training.optimiser == "keras-rmsprop":
        raise UsageError("weight_decay is AdamW's: omit it, or choose the optimiser adamw")
    if training.split == "last" and training.split_by == "input":
        raise UsageError(
            "split_by has no effect where the last pairs are held out: omit it, or choose the split"
            " 'source'"
        )
    return settings


def _by_section(settings: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return settings in the sections that they belong to.

    Raises:
        UsageError: if a setting is unknown.
    """
    homes = {name: part for part, kind in SECTIONS.items() for name in kind.model_fields}
    refuse_unknown(settings, homes)
    return {
        part: {name: value for name, value in settings.items() if homes[name] == part}
        for part in SECTIONS
    }


def sections_of(file: str | Path) -> dict[str, dict[str, Any]]:
    """Return the settings in a TOML file, by section.

    Raises:
        UsageError: if there is no such file, or it is not valid.
        DataError: if it is too large.
        MachineError: if it cannot be read.
    """
    try:
        return tomllib.loads(read_bounded(Path(file), LARGEST).decode("utf-8-sig"))
    # Numbers of thousands of digits are a ValueError too.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not valid TOML: {error}") from None
