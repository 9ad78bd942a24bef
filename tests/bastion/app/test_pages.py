"""`bastion help`: every page by name, the nearest one for a wrong name."""

import pytest

from bastion.app.config import ConfigError
from bastion.app.pages import FOLDER, page_text


def test_the_list_names_every_page_and_each_can_be_read():
    listed = page_text(None)
    pages = list(FOLDER.glob("*/*.md"))
    assert pages
    for page in pages:
        assert f"  {page.stem} " in listed
        assert page_text(page.stem) == page.read_text()


@pytest.mark.parametrize("name", ["target", "../reference/targets", "x" * 50])
def test_a_page_that_is_not_there_is_named(name):
    with pytest.raises(ConfigError, match="there is no page"):
        page_text(name)


def test_the_nearest_name_is_offered():
    with pytest.raises(ConfigError, match="'targets'"):
        page_text("target")
