"""`neurofilm doctor`: what works on this machine, and what to do about what doesn't."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from cli.options import SETTINGS, example
from engine.errors import NeurofilmError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    name, detail : str
        What it is and how it was found.
    remedy : str
        What to do about it; empty when it works.
    required : bool
        Whether neurofilm is of no use without it.
    """

    name: str
    detail: str
    remedy: str = ""
    required: bool = True

    @property
    def mark(self) -> str:
        if not self.remedy:
            return "ok"
        return "fails" if self.required else "missing"


class Problems(NeurofilmError):
    """Something that is required does not work."""


@click.command(context_settings=SETTINGS, epilog=example("neurofilm doctor"))
def doctor() -> None:
    """Look at what neurofilm needs on this machine.

    Says what works (libraries, compiler, encoder, text setting, cache, GPU) and what to do about the rest.
    The exit status is 1 when something that is required does not work.
    """
    failed = []
    for name, check in CHECKS.items():
        try:
            findings = list(check())
        except Exception as error:  # a library that is broken may raise anything; saying so is what this is for
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            findings = [Finding(name, reason, REMEDIES.get(name, REINSTALL))]
        for finding in findings:
            _show(finding)
        failed += [finding.name for finding in findings if finding.remedy and finding.required]
    if failed:
        raise Problems(f"{', '.join(failed)}: see above for what to do")


REINSTALL = "install neurofilm again: pip install --force-reinstall neurofilm (or make setup in the repository)"
REMEDIES = {
    "pictures": "install cairo and pango, then neurofilm again (make setup does both)",
}


def _show(finding: Finding) -> None:
    colour = {"ok": "green", "missing": "yellow", "fails": "red"}[finding.mark]
    click.echo(f"{click.style(f'{finding.mark:<8}', fg=colour)}{finding.name:<14}{finding.detail}")
    if finding.remedy:
        click.echo(f"{'':<22}→ {finding.remedy}")


def check_python() -> Iterator[Finding]:
    from importlib.metadata import metadata

    wanted = metadata("neurofilm")["Requires-Python"]
    version = ".".join(map(str, sys.version_info[:3]))
    right = _fits(version, wanted)
    yield Finding("python", f"{version} ({sys.executable})", "" if right else f"neurofilm needs Python {wanted}")


def check_packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, requires, version

    from packaging.requirements import Requirement

    for line in requires("neurofilm") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        remedy = f"pip install '{requirement.name}{requirement.specifier}'"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            yield Finding(requirement.name, "not installed", remedy)
            continue
        right = requirement.specifier.contains(found, prereleases=True)
        yield Finding(requirement.name, found, "" if right else remedy)


def check_compiler() -> Iterator[Finding]:
    """The engine's own kernels against NumPy."""
    import numpy as np

    from cli.train import announce_compilation
    from engine.layers import Dense
    from engine.network import Network

    announce_compilation()
    network = Network([Dense(64)], (256,), dtype="float64")
    x = np.random.default_rng(0).normal(size=(32, 256))
    expected = x @ network.weights["0.weight"] + network.weights["0.bias"]
    right = np.allclose(network.predict(x), expected)
    yield Finding("compiler", "kernels agree with NumPy" if right else "wrong numbers", "" if right else REINSTALL)


def check_cache() -> Iterator[Finding]:
    from engine.jit import cache_root

    root = cache_root()
    files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else []
    size = sum(path.stat().st_size for path in files) / 1e6
    nearest = next(folder for folder in (root, *root.parents) if folder.is_dir())
    writable = os.access(nearest, os.W_OK)
    remedy = "" if writable else "kernels are compiled again every time: set NUMBA_CACHE_DIR to a folder you may write"
    yield Finding("kernel cache", f"{root} ({size:.1f} MB)", remedy, required=False)


def check_pictures() -> Iterator[Finding]:
    """Cairo and Pango, through the libraries that manim draws with."""
    import cairo
    import manimpango

    yield Finding("pictures", f"cairo {cairo.cairo_version_string()}, pango {manimpango.pango_version()}")


def check_text() -> Iterator[Finding]:
    """A formula, set with the fonts that Typst brings along."""
    import typst

    svg = typst.compile(b"#set page(width: auto, height: auto)\n$sum_i w_i x_i$", format="svg")
    yield Finding("text", f"Typst sets a formula ({len(svg or b'')} bytes)", "" if svg else REINSTALL)


def check_encoder() -> Iterator[Finding]:
    """Two frames through x264, in memory."""
    import io

    import av
    import numpy as np

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for level in (0, 255):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    yield Finding("encoder", f"PyAV {av.__version__} writes x264 ({len(buffer.getvalue())} bytes)")


def check_disk() -> Iterator[Finding]:
    import shutil

    here = Path.cwd()
    free = shutil.disk_usage(here).free / 1e9
    writable = os.access(here, os.W_OK)
    remedy = "" if writable else "go to a folder that you may write, or give -o"
    yield Finding("folder", f"{here} ({free:.0f} GB free)", remedy, required=False)


def check_gpu() -> Iterator[Finding]:
    """A training step on the GPU against the CPU's, where there is one."""
    from engine.devices import describe_gpu, what_is_missing

    missing = what_is_missing()
    if missing:
        yield Finding("gpu", f"none is used, and nothing needs one: {missing}", required=False)
        return
    import numpy as np

    from engine.layers import Dense
    from engine.network import Network

    layers, rng = [Dense(8, "tanh"), Dense(1)], np.random.default_rng(0)
    x, y = rng.normal(size=(16, 4)), rng.normal(size=(16, 1))
    found, expected = (Network(layers, (4,), device=device).gradient(x, y, "mse")[1] for device in ("cuda", "cpu"))
    right = np.allclose(found, expected, rtol=1e-4, atol=1e-5)
    remedy = "" if right else "its numbers are not the CPU's: train with --device cpu, and report this"
    yield Finding("gpu", describe_gpu(), remedy, required=False)


def _fits(version: str, specifier: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version, prereleases=True)


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "python": check_python,
    "packages": check_packages,
    "compiler": check_compiler,
    "kernel cache": check_cache,
    "pictures": check_pictures,
    "text": check_text,
    "encoder": check_encoder,
    "folder": check_disk,
    "gpu": check_gpu,
}
