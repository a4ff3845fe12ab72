"""What is said where there is no GPU, or something is missing to use it."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from cli.doctor import CHECKS
from engine import Dense, Network, devices
from engine.errors import ConfigurationError

PACKAGE = "the package numba-cuda, which the GPU needs, is not installed: install it with: pip install"
DRIVER = "no NVIDIA driver is installed: get the one for your GPU from"


@pytest.fixture
def no_simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(devices, "simulated", lambda: False)
    devices.what_is_missing.cache_clear()
    yield
    devices.what_is_missing.cache_clear()


@pytest.fixture
def no_package(no_simulator: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: None)


@pytest.fixture
def no_driver(no_simulator: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "find_spec", lambda name: object())
    monkeypatch.setattr(devices, "DRIVERS", ("libno-such-driver.so",))


def test_a_missing_package_is_said(no_package: None) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"device 'cuda' cannot be used: {PACKAGE}")):
        Network([Dense(1)], (2,), device="cuda")


def test_a_missing_driver_is_said(no_driver: None) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"device 'cuda' cannot be used: {DRIVER}")):
        Network([Dense(1)], (2,), device="cuda")


def test_auto_takes_the_cpu_and_says_so(no_package: None) -> None:
    with pytest.warns(UserWarning, match=f"the CPU computes, because {PACKAGE}"):
        network = Network([Dense(1)], (2,), device="auto")
    assert network.device == "cpu"
    assert network.predict(np.ones((1, 2))).shape == (1, 1)


def test_the_cpu_is_taken_without_a_word(no_package: None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Network([Dense(1)], (2,)).device == "cpu"
        assert copy.deepcopy(Network([Dense(1)], (2,), device="cpu")).device == "cpu"


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="device='tpu' must be one of cpu, cuda, auto"):
        Network([Dense(1)], (2,), device="tpu")


def test_the_doctor_tells(no_driver: None) -> None:
    (finding,) = CHECKS["gpu"]()
    assert finding.mark == "ok"
    assert finding.detail.startswith(f"none is used, and nothing needs one: {DRIVER}")
