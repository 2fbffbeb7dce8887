"""Services of models that were really trained."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from services import Running, Service, running

import charseq
from charseq import Translator
from charseq.config import ServeConfig
from charseq.interop.onnx import export
from charseq.serve import ServedModel, create_application


@pytest.fixture
def serving() -> Callable[..., Service]:
    """Makes a service of translators by their names, with settings."""

    def make(translators: dict[str, Any], **settings: Any) -> Service:
        models = [ServedModel(name, each) for name, each in translators.items()]
        return Service(create_application(models, ServeConfig(**settings)))

    return make


@pytest.fixture
def service(serving: Callable[..., Service], toy_translator: Translator) -> Service:
    """A service of one model."""
    return serving({"toy": toy_translator})


@pytest.fixture(scope="session")
def conjugator(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    """A translator that reads features and languages."""
    words = ["ab", "ba", "aab", "bab", "abb", "b", "a"]
    endings = {("SG", "x"): "", ("PL", "x"): "s", ("SG", "y"): "t", ("PL", "y"): "i"}
    lines = [
        f"{word}\t{word}{ending}\tN;{number}\t{language}\n"
        for word in words
        for (number, language), ending in endings.items()
    ]
    folder = tmp_path_factory.mktemp("conjugator")
    (folder / "pairs.tsv").write_text("".join(lines), encoding="utf-8")
    return charseq.train(
        folder / "pairs.tsv",
        run=folder / "run",
        features_column=3,
        language_column=4,
        units=32,
        epochs=15,
        batch_size=4,
        learning_rate=0.01,
    )


@pytest.fixture(scope="session")
def short_spoken(
    toy_pairs: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Translator:
    """A translator whose answers are cut after two symbols, whatever they are."""
    run = tmp_path_factory.mktemp("short_spoken") / "run"
    return charseq.train(toy_pairs, run=run, units=8, epochs=1, maximum_output_length=2)


@pytest.fixture(scope="session")
def model_file(toy_translator: Translator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an exported model, with which a process starts without PyTorch, and so soon."""
    path = tmp_path_factory.mktemp("served") / "toy.safetensors"
    toy_translator.save(path)
    exported = path.with_suffix(".onnx")
    exported.write_bytes(export(path).content)
    return exported


@pytest.fixture(scope="session")
def running_service(model_file: Path) -> Iterator[Running]:
    """A service in a process of its own, for tests that leave it as it was."""
    with running(model_file) as service:
        yield service


@pytest.fixture(scope="session")
def service_of_all_tests(toy_translator: Translator) -> Service:
    """A service of one model, which no test changes."""
    return Service(create_application([ServedModel("toy", toy_translator)]))
