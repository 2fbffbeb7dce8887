"""Whatever bytes our parsers are given, they take them or refuse them in charseq's own words."""

from pathlib import Path

import pytest
from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS, feed
from hypothesis import given, settings
from hypothesis import strategies as st

FILES = sorted(path for path in SEEDS.rglob("*") if path.is_file())
EACH_SEED = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}"
)


def test_every_target_has_seeds() -> None:
    assert {path.parent.name for path in FILES} == TARGETS.keys()


@EACH_SEED
def test_what_fuzzing_starts_from_is_sound(path: Path) -> None:
    assert feed(path.parent.name, path.read_bytes())


@EACH_SEED
def test_a_file_that_is_cut_anywhere_is_taken_or_refused(path: Path) -> None:
    whole = path.read_bytes()
    for keep in range(0, len(whole), max(1, len(whole) // 50)):
        feed(path.parent.name, whole[:keep])


@EACH_SEED
@settings(max_examples=50, deadline=1_000)
@given(data=st.data())
def test_a_file_with_changed_bytes_is_taken_or_refused(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    feed(path.parent.name, bytes(content))


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=100, deadline=1_000)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(target: str, data: bytes) -> None:
    feed(target, data)
