"""Whether there is a GPU to train on, and if not, what is missing and how to get it."""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

from engine.errors import ConfigurationError

DEVICES = ("cpu", "cuda", "auto")

INSTALL = "install it with: pip install 'neurofilm[cuda]'"
DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1", "libcuda.so")
LEAST_CAPABILITY = (6, 0)  # Pascal, 2016: the first GPUs whose blocks can all wait for each other


def choose_device(device: str, say: Callable[[str], None] | None = None) -> str:
    """Choose "cpu" or "cuda"; "auto" takes the GPU where there is one.

    Parameters
    ----------
    device : {"cpu", "cuda", "auto"}
    say : callable, optional
        Told in a sentence why "auto" takes the CPU; a warning says so by default.

    Raises
    ------
    ConfigurationError
        When there is no such device, or no GPU that can be used.
    """
    if device not in DEVICES:
        raise ConfigurationError(f"device={device!r} must be one of {', '.join(DEVICES)}")
    if device == "cpu":
        return "cpu"
    missing = what_is_missing()
    if not missing:
        return "cuda"
    if device == "cuda":
        raise ConfigurationError(f"device 'cuda' cannot be used: {missing}")
    sentence = f"the CPU computes, because {missing}"
    if say is None:
        warnings.warn(sentence, stacklevel=3)
    else:
        say(sentence)
    return "cpu"


def simulated() -> bool:
    """Whether Numba's simulator stands in for a GPU."""
    from numba import config

    settings: Any = config
    return bool(settings.ENABLE_CUDASIM)


@cache
def what_is_missing() -> str:
    """One sentence that says what keeps the GPU from being used and what to do about it; "" where nothing does."""
    if simulated():
        return ""
    if find_spec("numba_cuda") is None:
        return f"the package numba-cuda, which the GPU needs, is not installed: {INSTALL}"
    if not any(_loads(name) for name in DRIVERS):
        return "no NVIDIA driver is installed: get the one for your GPU from https://www.nvidia.com/drivers"
    from numba import cuda

    try:
        device = cuda.get_current_device()
    except Exception as error:  # a driver that is broken may raise anything; what it says is what there is to know
        reason = " ".join(str(error).split())
        return f"the NVIDIA driver finds no GPU that it can use ({reason}): nvidia-smi shows what it finds"
    if device.compute_capability < LEAST_CAPABILITY:
        found, least = (".".join(map(str, each)) for each in (device.compute_capability, LEAST_CAPABILITY))
        return f"the GPU has the compute capability {found}, and {least} is the least: train on the CPU"
    if not cuda.is_available():
        return f"numba-cuda finds no CUDA compiler (NVVM): {INSTALL}"
    return ""


def describe_gpu() -> str:
    """The name of the GPU, its memory and its driver."""
    from numba import cuda

    if simulated():
        return "Numba's simulator (NUMBA_ENABLE_CUDASIM is set), which is slow"
    device, context = cuda.get_current_device(), cuda.current_context()
    name = device.name.decode() if isinstance(device.name, bytes) else str(device.name)
    version = ".".join(map(str, cuda.cudadrv.driver.get_version()))
    return (
        f"{name} ({device.MULTIPROCESSOR_COUNT} multiprocessors, {context.get_memory_info().total / 2**30:.0f} GiB), "
        f"driver for CUDA {version}"
    )


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
