"""The short form of `make soak`."""

import sys
from pathlib import Path

import pytest

from soak import soak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a process is watched as Linux shows it")
def test_a_minute_of_hard_use_changes_nothing(tmp_path: Path) -> None:
    killed, translated = soak(tmp_path, seconds=60)
    assert "same weights" in killed
    assert "those of one call" in translated
