"""`neurofilm bench results`: a table on stdout, what happens on stderr, status 1 where a result is not reached."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cli.main import FAILURE, WRONG_USAGE
from cli.options import DATA_DIR
from engine.results import RESULTS, KnownResult, Measured

Run = Callable[..., Result]


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch, workplace: Path) -> list[bool]:
    """Two results, one that is reached and one that is not; notes whether MNIST was to be used."""
    used: list[bool] = []
    monkeypatch.setenv(DATA_DIR, str(workplace))  # which holds no MNIST, whatever this machine does

    def measure(mnist: bool) -> Measured:
        used.append(mnist)
        return Measured("12%", True)

    made = {
        "true": KnownResult("{inputs} inputs", "10%", measure),
        "false": KnownResult("nothing", "99%", lambda mnist: Measured("1%", False)),
    }
    for name in list(RESULTS):
        monkeypatch.delitem(RESULTS, name)
    for name, result in made.items():
        monkeypatch.setitem(RESULTS, name, result)
    return used


def test_a_table_is_made(claims: list[bool], succeeds: Run) -> None:
    result = succeeds("bench", "results", "true", "-o", "table.md")
    lines = result.stdout.splitlines()
    assert lines == [
        "| network (digits: 8×8 digits) | known | measured |",
        "|---|---|---|",
        "| 64 inputs | 10% | 12% |",
    ]
    assert Path("table.md").read_text(encoding="utf-8").splitlines() == lines
    assert "true: 64 inputs\n  known: 10%\n  measured: 12% (0 s)\n" in result.stderr
    assert claims == [False]


def test_mnist_is_used_where_it_is_given(claims: list[bool], mnist_folder: Path, succeeds: Run) -> None:
    assert "| 784 inputs |" in succeeds("bench", "results", "true", "--data-dir", mnist_folder).stdout
    assert claims == [True]


def test_what_is_not_reached_is_a_failure(claims: list[bool], neurofilm: Run) -> None:
    result = neurofilm("bench", "results")
    assert result.exit_code == FAILURE
    assert result.stderr.endswith("Error: not reached: false\n")
    assert "| nothing | 99% | 1% (does not agree) |" in result.stdout


def test_bad_usage_is_one_sentence(claims: list[bool], neurofilm: Run) -> None:
    result = neurofilm("bench", "results", "ture")
    assert result.exit_code == WRONG_USAGE and "unknown result 'ture': did you mean 'true'?" in result.stderr
    Path("table.md").write_text("mine")
    result = neurofilm("bench", "results", "true", "-o", "table.md")
    assert result.exit_code == FAILURE and "table.md exists already" in result.stderr and claims == []
    assert Path("table.md").read_text() == "mine"
