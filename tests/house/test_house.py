"""The habits of the house, held by tests: sizes, names, doors, reasons, mirrors."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("bastion", "recorder", "tui")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "base", "manager", "handlers", "misc", "util", "helper"}


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_no_source_file_is_longer_than_300_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_every_module_says_what_lives_here_in_90_characters(path):
    doc = ast.get_docstring(tree_of(path))
    assert doc, "a module docstring is missing"
    assert len(doc.splitlines()[0]) <= 100 if path.name == "__init__.py" else len(doc.splitlines()[0]) <= 120


def test_no_module_has_a_name_that_says_nothing():
    assert not [
        str(path) for path in SOURCES if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_init_files_hold_a_docstring_only(room):
    for path in (ROOT / room).rglob("__init__.py"):
        body = tree_of(path).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


@pytest.mark.parametrize("path", SOURCES, ids=names(SOURCES))
def test_broad_excepts_live_in_the_relay_loop_only(path):
    if path == ROOT / "bastion/relay/loop.py":
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = (
                [each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)]
                if node.type
                else ["bare"]
            )
            assert not {"Exception", "BaseException", "bare"} & set(caught), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=names(SOURCES + TESTS))
def test_every_ignore_carries_its_reason(path):
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if (
            re.search(r"#\s*(noqa|type:\s*ignore)", line)
            and "test_every_ignore" not in line
            and "re.search" not in line
        ):
            assert re.search(r"#\s*noqa: [A-Z0-9, ]+ - \S|#\s*type: ignore\[[a-z-, ]+\]\s+# \S", line), (
                f"line {number}"
            )


def test_core_and_model_read_no_clock_and_open_nothing():
    wrong = []
    for path in (*(ROOT / "bastion/core").rglob("*.py"), *(ROOT / "bastion/model").rglob("*.py")):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in {"open", "datetime.now", "time.time", "time.monotonic", "input", "print"}:
                    wrong.append(f"{path}:{node.lineno} {called}")
    assert not wrong


def test_grants_are_minted_by_the_session_core_only():
    minted = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Grant"
    }
    assert minted <= {"bastion/core/work.py", "bastion/core/opening.py"}
    assert minted


def parts_of(path, seen):
    """The modules of the same folder that import `path`, and those that import these."""
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for other in path.parent.glob("*.py"):
        if other not in seen and f"from {dotted} import" in other.read_text("utf-8"):
            seen.add(other)
            parts_of(other, seen)
    return seen


def decides(path):
    """Whether a module has behaviour of its own: nouns have none."""
    functions = [
        node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return any(not node.name.startswith("__") for node in functions)


def test_every_module_that_decides_has_a_mirror_or_is_a_part_of_a_module_that_has_one():
    missing = []
    for path in SOURCES:
        relative = path.relative_to(ROOT)
        if path.name.startswith("__") or not decides(path):
            continue
        folder = ROOT / "tests" / relative.parent
        if any(path.stem in test.read_text("utf-8") for test in folder.glob("*.py")):
            continue
        if not any((folder / f"test_{other.stem}.py").exists() for other in parts_of(path, {path})):
            missing.append(str(relative))
    assert not missing


def test_the_repository_names_no_workplace():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pattern = re.compile("/wo" + r"rk/|pypi\." + "org|registry\\.npm" + r"js|deb\.deb" + "ian", re.IGNORECASE)
    wrong = []
    for name in listed.splitlines():
        path = ROOT / name
        if path.is_file() and not path.is_symlink() and path.suffix not in {".png", ".svg", ".gif"}:
            if pattern.search(path.read_text("utf-8", "replace")):
                wrong.append(name)
    assert not wrong
