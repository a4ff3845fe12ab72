"""`neurofilm list`, in a pipe and on a terminal."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from cli.list import KINDS, _print_tables
from cli.main import main
from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.experiment import list_experiments, load_experiment
from engine.initializers import INITIALIZERS
from engine.layers import LAYERS
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS
from engine.schedules import SCHEDULES
from scenes import FILMS, SCENES

REGISTRIES = {
    "experiments": list_experiments(),
    "datasets": list(DATASETS),
    "scenes": list(SCENES),
    "films": list(FILMS),
    "layers": list(LAYERS),
    "activations": list(ACTIVATIONS),
    "initializers": list(INITIALIZERS),
    "losses": list(LOSSES),
    "optimizers": list(OPTIMIZERS),
    "schedules": list(SCHEDULES),
}


def test_the_kinds() -> None:
    assert list(KINDS) == list(REGISTRIES)


@pytest.mark.parametrize("kind", REGISTRIES)
def test_a_kind_in_a_pipe(kind: str) -> None:
    result = CliRunner().invoke(main, ["list", kind])
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [name for name, _ in rows] == REGISTRIES[kind]
    assert all(summary.strip() for _, summary in rows)


def test_everything_in_a_pipe() -> None:
    rows = [line.split("\t") for line in CliRunner().invoke(main, ["list"]).stdout.splitlines()]
    assert [(kind, name) for kind, name, _ in rows] == [
        (kind, name) for kind, names in REGISTRIES.items() for name in names
    ]


def test_datasets_show_their_parameters() -> None:
    result = CliRunner().invoke(main, ["list", "datasets"])
    (moons,) = (line for line in result.stdout.splitlines() if line.startswith("moons\t"))
    for name, value in DATASETS["moons"].defaults.items():
        assert f"{name}={value}" in moons


def test_experiments_show_their_descriptions() -> None:
    result = CliRunner().invoke(main, ["list", "experiments"])
    for line in result.stdout.splitlines():
        name, description = line.split("\t")
        assert description == load_experiment(name).description


def test_tables_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    _print_tables(["losses", "optimizers"])
    text = capsys.readouterr().out
    assert text.index("losses") < text.index("mse") < text.index("optimizers") < text.index("adam")
    assert "\t" not in text


def test_a_terminal_gets_tables(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    main(["list", "losses"], standalone_mode=False)
    assert "\t" not in capsys.readouterr().out
