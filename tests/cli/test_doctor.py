"""`neurofilm doctor`, on this machine and on broken ones."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import doctor
from cli.doctor import CHECKS, Finding
from cli.main import FAILURE, main


def test_this_machine_is_well() -> None:
    """The tests would not run on one that isn't."""
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    lines = {line[8:22].strip(): line for line in result.stdout.splitlines()}
    for name in ("python", "numba", "manim", "compiler", "kernel cache", "pictures", "text", "encoder", "gpu"):
        assert lines[name].startswith("ok"), lines[name]
    assert importlib.metadata.version("numba") in lines["numba"]
    assert "\x1b" not in result.stdout


def test_every_requirement_is_looked_at() -> None:
    names = {finding.name for finding in CHECKS["packages"]()}
    assert {"numba", "numpy", "scipy", "manim", "pillow", "click"} <= names
    assert "pytest" not in names


def test_a_version_that_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda name: ["numpy<1", "no-such-package>=2", "rich; extra == 'x'"]
    )
    old, missing = CHECKS["packages"]()
    assert old.remedy == "pip install 'numpy<1'"
    assert missing.detail == "not installed"
    assert missing.remedy == "pip install 'no-such-package>=2'"


def test_what_fails_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Finding]:
        raise OSError("libcairo.so.2: cannot open shared object file")

    monkeypatch.setattr(doctor, "CHECKS", {"pictures": broken, "python": CHECKS["python"]})
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == FAILURE
    assert "fails   pictures      OSError: libcairo.so.2" in result.stdout
    assert "→ install cairo and pango" in result.stdout
    assert "ok      python" in result.stdout
    assert result.stderr.startswith("Error: pictures: ")


def test_what_is_not_required_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("folder", "read-only", "go elsewhere", required=False)
    monkeypatch.setattr(doctor, "CHECKS", {"folder": lambda: [finding]})
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith("missing folder")
    assert "go elsewhere" in result.stdout


def test_the_cache_that_is_named_is_the_one_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "a.nbi").write_bytes(bytes(2_500_000))
    (finding,) = CHECKS["kernel cache"]()
    assert finding.detail == f"{tmp_path / 'kernels'} (2.5 MB)"
    assert not finding.remedy
