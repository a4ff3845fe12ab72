"""tools/setup.sh on machines that are not this one: everything that it calls is a stand-in that notes the call."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ("bash", "cat", "env", "mkdir", "chmod", "touch", "dirname")

PYTHON = """\
#!/usr/bin/env bash
case "$*" in
    *"-m venv"*) echo "python $*" >>"$CALLS"; mkdir -p "${@: -1}/bin"; cp "$0" "${@: -1}/bin/python" ;;
    *"-m pip --version"*) ;;
    *"-m pip"*) echo "pip $*" >>"$CALLS" ;;
    *"-V"*) echo "Python $VERSION" ;;
    *Python.h*) [ -e "$MACHINE/python-headers" ] ;;
    *ensurepip*) [ -e "$MACHINE/venv-module" ] ;;
    *"python%d.%d"*) echo "python${VERSION%.*}" ;;
    *"version_info < (3, 11)"*) [ "${VERSION%%.*}" -eq 3 ] && minor=${VERSION#*.} && [ "${minor%%.*}" -ge 11 ] ;;
    *) echo "unexpected: python $*" >&2; exit 99 ;;
esac
"""
PKG_CONFIG = '#!/usr/bin/env bash\n[ -e "$MACHINE/cairo-headers" ]\n'
INSTALLER = """\
#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$CALLS"
case "$*" in
    *install*)
        touch "$MACHINE/cairo-headers" "$MACHINE/python-headers" "$MACHINE/venv-module"
        for name in cc pkg-config; do [ -e "$BIN/$name" ] || cp "$MACHINE/$name" "$BIN/$name"; done ;;
esac
"""
SUDO = '#!/usr/bin/env bash\necho "sudo" >>"$CALLS"\nexec "$@"\n'


@dataclass
class Machine:
    """A folder that is the whole PATH of a make-believe machine."""

    folder: Path
    version: str = "3.12.4"
    system: str = "Linux"
    user: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin = self.folder / "bin"
        self.bin.mkdir(parents=True)
        for tool in (*TOOLS, "basename", "cp"):
            path = shutil.which(tool)
            assert path is not None, tool
            (self.bin / tool).symlink_to(path)
        self.write(self.bin / "python3", PYTHON)
        self.write(self.bin / "cc", "#!/usr/bin/env bash\n")
        self.write(self.bin / "pkg-config", PKG_CONFIG)
        self.write(self.bin / "uname", f"#!/usr/bin/env bash\necho {self.system}\n")
        self.write(self.bin / "id", f"#!/usr/bin/env bash\necho {self.user}\n")
        for name in ("cc", "pkg-config"):
            shutil.copy(self.bin / name, self.folder / name)
        for name in ("cairo-headers", "python-headers", "venv-module"):
            (self.folder / name).touch()
        for name, text in self.extra.items():
            self.write(self.bin / name, text)

    @staticmethod
    def write(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def lack(self, *names: str) -> Machine:
        for name in names:
            (self.bin / name if (self.bin / name).exists() else self.folder / name).unlink()
        return self

    def set_up(self, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.bin),
            "BIN": str(self.bin),
            "MACHINE": str(self.folder),
            "CALLS": str(self.folder / "calls"),
            "VERSION": self.version,
            "HOME": str(self.folder),
            **variables,
        }
        script = str(ROOT / "tools" / "setup.sh")
        command = [str(self.bin / "bash"), script, str(self.folder / "venv")]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Machine]:
    return lambda **settings: Machine(tmp_path / "machine", **settings)


def test_installs_only_the_package_where_nothing_else_is_missing(machine: Callable[..., Machine]) -> None:
    complete = machine(extra={"apt-get": INSTALLER})
    result = complete.set_up()
    assert result.returncode == 0, result.stderr
    venv, pip = complete.calls
    assert venv.startswith("python -m venv")
    assert "-c constraints.txt" in pip
    assert pip.endswith("-e .[dev]")
    assert (complete.folder / "venv" / ".ready").exists()


def test_keeps_an_environment_that_works(machine: Callable[..., Machine]) -> None:
    complete = machine()
    complete.set_up()
    complete.set_up()
    assert [call.split()[0] for call in complete.calls] == ["python", "pip", "pip"]


@pytest.mark.parametrize(
    ("lacking", "packages"),
    [
        (["cairo-headers"], "libcairo2-dev libpango1.0-dev"),
        (["pkg-config"], "pkg-config libcairo2-dev libpango1.0-dev"),
        (["cc"], "gcc libc6-dev"),
        (["python-headers"], "python3.12-dev"),
        (["venv-module"], "python3.12-venv"),
    ],
)
def test_apt_installs_what_is_missing_and_no_more(
    machine: Callable[..., Machine], lacking: list[str], packages: str
) -> None:
    debian = machine(extra={"apt-get": INSTALLER, "sudo": SUDO}).lack(*lacking)
    result = debian.set_up()
    assert result.returncode == 0, result.stderr
    assert debian.calls[:2] == ["apt-get update -qq", f"apt-get install -y -qq --no-install-recommends {packages}"]


def test_sudo_only_for_those_who_are_not_root(machine: Callable[..., Machine]) -> None:
    user = machine(user=1000, extra={"apt-get": INSTALLER, "sudo": SUDO}).lack("cairo-headers")
    assert user.set_up().returncode == 0
    assert user.calls[0] == "sudo"


def test_without_sudo_it_says_what_root_has_to_run(machine: Callable[..., Machine]) -> None:
    user = machine(user=1000, extra={"apt-get": INSTALLER}).lack("cairo-headers")
    result = user.set_up()
    assert result.returncode == 1
    assert "run this as root: apt-get update" in result.stderr
    assert user.calls == []


def test_brew_installs_the_libraries(machine: Callable[..., Machine]) -> None:
    mac = machine(system="Darwin", extra={"brew": INSTALLER, "xcode-select": "#!/usr/bin/env bash\n"})
    result = mac.lack("cairo-headers").set_up()
    assert result.returncode == 0, result.stderr
    assert mac.calls[0] == "brew install cairo pango pkg-config"


def test_a_mac_without_a_compiler_is_told_how_to_get_one(machine: Callable[..., Machine]) -> None:
    mac = machine(system="Darwin", extra={"brew": INSTALLER, "xcode-select": "#!/usr/bin/env bash\nexit 2\n"})
    result = mac.set_up()
    assert result.returncode == 1
    assert "xcode-select --install" in result.stderr


def test_another_system_gets_one_sentence_that_names_them(machine: Callable[..., Machine]) -> None:
    other = machine().lack("cairo-headers", "cc")
    result = other.set_up()
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert "missing: a C compiler, the headers of cairo and pango" in last
    assert "cairo-devel" in last
    assert other.calls == []


def test_an_installation_that_did_not_help_is_a_failure(machine: Callable[..., Machine]) -> None:
    broken = machine(extra={"apt-get": "#!/usr/bin/env bash\n"}).lack("python-headers")
    result = broken.set_up()
    assert result.returncode == 1
    assert "still missing" in result.stderr
    assert broken.calls == []


@pytest.mark.parametrize("version", ["3.10.12", "2.7.18"])
def test_an_old_python_is_refused(machine: Callable[..., Machine], version: str) -> None:
    result = machine(version=version).set_up()
    assert result.returncode == 1
    assert f"needs Python 3.11 or newer and found Python {version}" in result.stderr


def test_a_newer_python_beside_an_old_one_is_found(machine: Callable[..., Machine]) -> None:
    both = machine(version="3.9.2", extra={"python3.13": PYTHON.replace("VERSION", "NEWER")})
    result = both.set_up(NEWER="3.13.1")
    assert result.returncode == 0, result.stderr
    assert "Python 3.13.1" in result.stderr


def test_no_python_at_all(machine: Callable[..., Machine]) -> None:
    result = machine().lack("python3").set_up()
    assert result.returncode == 1
    assert "found no python3" in result.stderr


def test_make_skips_an_environment_that_is_up_to_date(tmp_path: Path) -> None:
    ready = tmp_path / "venv" / ".ready"
    command = ["make", "-n", "setup", f"VENV={tmp_path / 'venv'}"]
    before = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "tools/setup.sh" in before.stdout
    ready.parent.mkdir()
    ready.touch()
    after = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "tools/setup.sh" not in after.stdout
    os.utime(ready, (0, 0))  # older than pyproject.toml
    stale = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "tools/setup.sh" in stale.stdout
