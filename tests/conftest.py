import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data that is too large to live beside the code."""
    folder = os.environ.get("CHARSEQ_TEST_DATA")
    if not folder:
        pytest.skip("CHARSEQ_TEST_DATA does not name the folder of the shared data")
    return Path(folder)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the user's cache, and none reaches the network by accident."""
    monkeypatch.setenv("CHARSEQ_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("CHARSEQ_CORPUS_MIRROR", "http://127.0.0.1:9")
