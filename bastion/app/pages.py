"""The pages of the documentation, as `bastion help` shows them."""

from __future__ import annotations

import difflib
from pathlib import Path

import bastion
from bastion.app.config import ConfigError

FOLDER = Path(bastion.__file__).parent / "docs"


def page_text(name: str | None) -> str:
    """A page by name, or the list of pages; raises ConfigError naming the nearest one."""
    pages = {path.stem: path for path in sorted(FOLDER.glob("*/*.md"))}
    if name is None:
        rows = [f"  {stem:<24}{path.parent.name}" for stem, path in pages.items()]
        return "Pages (bastion help PAGE):\n\n" + "\n".join(rows) + "\n"
    if name not in pages:
        near = difflib.get_close_matches(name, pages, 1)
        raise ConfigError(f"there is no page {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return pages[name].read_text("utf-8")
