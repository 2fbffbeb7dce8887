"""The files that pages share, beside those of each page."""

import re
from pathlib import Path

import pytest

from charseq import page
from charseq.interop.onnx.web import site
from charseq.serve import application


@pytest.mark.parametrize("own", [application.PAGE, site.PAGE], ids=["service", "site"])
def test_no_file_of_a_page_hides_a_shared_one(own: Path) -> None:
    names = [{path.name for path in folder.iterdir()} for folder in (page.STATIC, own)]
    assert not names[0] & names[1]


@pytest.mark.parametrize("own", [application.PAGE, site.PAGE], ids=["service", "site"])
def test_every_element_that_the_shared_scripts_look_for_is_in_a_page(own: Path) -> None:
    document = page.document(own)
    scripts = "".join(path.read_text(encoding="utf-8") for path in page.STATIC.glob("*.js"))
    wanted = set(re.findall(r'byId\("([^"]+)"\)', scripts))
    assert len(wanted) > 10
    ids = re.findall(r'id="([^"]+)"', document)
    assert wanted <= set(ids)
    assert len(ids) == len(set(ids))
    assert "<!--" not in document
