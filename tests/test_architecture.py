"""Imports go one way, cli -> scenes -> engine, and scenes show recordings without ever training."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = {
    "engine": {"manim", "click", "rich", "scenes", "cli", "tests", "benchmarks"},
    "scenes": {"click", "rich", "cli", "tests", "benchmarks"},
    "cli": {"manim", "tests", "benchmarks"},
}
# What trains a network: modules and names that scenes must not import, and a keyword that every training needs
TRAINING_MODULES = {"engine.training", "engine.trainer", "engine.run"}
TRAINING_NAMES = {"fit", "resume", "run_experiment", "Recorder", "Trainer"}
TRAINING_KEYWORDS = {"loss", None}  # None is that of **settings


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no sources in {package}"
    return found


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that is imported anywhere in the file, functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def trainings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of everything that trains: net.fit(..., loss=...), and what is imported to train with."""
    yield from ((line, name) for line, name in imported(tree) if name in TRAINING_MODULES)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "engine":
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in TRAINING_NAMES)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "fit":
            yield from ((node.lineno, "fit") for keyword in node.keywords if keyword.arg in TRAINING_KEYWORDS)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_go_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(package)
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name.partition(".")[0] in FORBIDDEN[package]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_are_absolute(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources(package)
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name.startswith(".")
    ]
    assert not wrong, "\n".join(wrong)


def test_scenes_never_train() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line} uses {name}"
        for path in sources("scenes")
        for line, name in trainings(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f():\n    import manim.mobject", [(2, "manim.mobject")]),
        ("from cli.main import main", [(1, "cli.main")]),
        ("from . import x", [(1, ".")]),
    ],
)
def test_the_check_of_imports_sees_them(code: str, expected: list[tuple[int, str]]) -> None:
    assert list(imported(ast.parse(code))) == expected


@pytest.mark.parametrize(
    "code", ["net.fit(x, y, loss=loss)", "net.fit(**settings)", "from engine import fit", "import engine.training"]
)
def test_the_check_of_training_sees_it(code: str) -> None:
    assert list(trainings(ast.parse(code)))


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("engine", {"manim", "click", "rich", "sklearn", "pooch"}),
        ("scenes", {"manim", "numba"}),
        ("cli.main", {"manim", "numba", "numpy", "rich", "scipy"}),
    ],
)
def test_importing_is_light(module: str, unwanted: set[str]) -> None:
    code = f"import sys, {module}; print(*(set({sorted(unwanted)}) & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
