"""docs/reliability.md names tests, and they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.findall(r"^  - `(tests/[\w/]+\.py)::(test_\w+)`$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_the_test_that_keeps_a_promise_exists(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert test in functions
    assert any(isinstance(node, (ast.Assert, ast.With, ast.Call)) for node in ast.walk(functions[test]))


def test_every_promise_has_a_test() -> None:
    kept, _, not_promised = PAGE.partition("## What is not promised")
    promises = re.split(r"^- ", kept, flags=re.MULTILINE)[1:]
    assert len(promises) > 15 and not_promised
    for promise in promises:
        assert re.search(r"^  - `tests/", promise, re.MULTILINE), promise
    assert len(NAMED) == kept.count("::test_")
