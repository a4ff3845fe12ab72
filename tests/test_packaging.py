"""The wheel works outside the repository, and what the documents promise is there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from scenes.registry import SCENES

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what the wheel installs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=True)
    (wheel,) = folder.glob("neurofilm-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run_installed(installed: Path, elsewhere: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=elsewhere, env=environment, capture_output=True, text=True, check=True
    )


def test_the_wheel_has_every_module_and_nothing_else(installed: Path) -> None:
    packages = ("engine", "scenes", "cli")
    sources = {str(path.relative_to(ROOT)) for package in packages for path in (ROOT / package).rglob("*.py")}
    modules = {str(path.relative_to(installed)) for path in installed.rglob("*.py")}
    assert modules == sources
    top = {path.name for path in installed.iterdir()}
    assert top == {*packages, f"neurofilm-{PROJECT['version']}.dist-info"}


@pytest.mark.parametrize("package", ["engine", "scenes", "cli"])
def test_the_wheel_is_marked_as_typed(installed: Path, package: str) -> None:
    assert (installed / package / "py.typed").is_file()


def test_presets_are_in_the_wheel(installed: Path) -> None:
    presets = {path.name for path in (ROOT / "engine" / "experiments").glob("*.toml")}
    assert "spirals.toml" in presets
    assert {path.name for path in (installed / "engine" / "experiments").iterdir()} >= presets


def test_the_wheel_works_outside_the_repository(installed: Path, tmp_path: Path) -> None:
    code = "import engine; print(engine.__file__)"
    assert Path(run_installed(installed, tmp_path, "-c", code).stdout.strip()).is_relative_to(installed)
    listed = run_installed(installed, tmp_path, "-m", "cli.main", "list", "experiments").stdout
    assert "spirals\t" in listed


def test_the_command_is_declared() -> None:
    assert PROJECT["scripts"] == {"neurofilm": "cli.main:main"}


# What is imported under another name than it is installed by, and what comes along with a requirement
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "tomli_w": "tomli-w"}
COMES_WITH = {"llvmlite": "numba", "cairo": "manim", "manimpango": "manim", "typst": "manim"}


def test_what_is_imported_is_required_and_nothing_else() -> None:
    imported = {"scipy"}  # no module imports it, but numba's np.dot does
    for package in ("engine", "scenes", "cli"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    imported.add(node.module.partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"engine", "scenes", "cli"}
    needed = {canonicalize_name(DISTRIBUTIONS.get(name, COMES_WITH.get(name, name))) for name in foreign}
    # imported when it is asked for, with a sentence where it is missing
    optional = PROJECT["optional-dependencies"]["cluster"]
    required = [*PROJECT["dependencies"], *optional]
    assert needed == {canonicalize_name(Requirement(text).name) for text in required}


def pinned_lines() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {f"{canonicalize_name(name)}=={version}" for name, version in pairs}


def test_constraints_pin_what_is_required_and_fit_it() -> None:
    pins = dict(line.split("==") for line in pinned_lines())
    assert all(re.fullmatch(r"[0-9][0-9A-Za-z.]*", version) for version in pins.values())
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]:
        requirement = Requirement(text)
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{text} against {version}"
        assert any(part.operator in (">=", "==") for part in requirement.specifier), f"{text} has no floor"


def test_pinned_versions_run_on_the_oldest_python() -> None:
    oldest = PROJECT["requires-python"].removeprefix(">=") + ".0"
    refusing = [
        f"{installed.name} {installed.version} needs Python {installed.metadata['Requires-Python']}"
        for installed in distributions()
        if f"{canonicalize_name(installed.name)}=={installed.version}" in pinned_lines()
        and not SpecifierSet(installed.metadata.get("Requires-Python") or "").contains(oldest)
    ]
    assert not refusing


@pytest.mark.parametrize(
    "target", ["film", "test", "setup", "lint", "format", "bench", "bench-render", "gallery", "clean", "help"]
)
def test_make_has_the_target(target: str) -> None:
    dry = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert dry.returncode == 0, dry.stderr
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target} ", listed, re.MULTILINE)


def test_make_targets_named_in_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document} names make {target}"


def test_continuous_integration_calls_make() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    called = [line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("make ")]
    assert called == ["make lint", "make test"]


def test_the_gallery_shows_every_scene() -> None:
    text = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    for name, entry in SCENES.items():
        assert f"](gallery/{name}.jpg)" in text and entry.summary in text
        assert (ROOT / f"docs/gallery/{name}.jpg").stat().st_size > 10_000
    assert len(list((ROOT / "docs/gallery").iterdir())) == len(SCENES)
