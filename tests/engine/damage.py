"""What becomes of reading a run whose files are damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RecordingError
from engine.recording import Recording


def everything(path: Path) -> str:
    """All that can be read from a run, as one text."""
    run = Recording(path)
    arrays = [run.parameters(epoch) for epoch in run] + [run.parameters(step=step) for step in run.steps]
    arrays += [run.data.x, run.data.y, *run.metrics.values()]
    arrays += [np.asarray(value) for value in run.checkpoint().values()]
    known = [run.state, run.message, run.training, run.network_config, run.versions, run.epochs, run.steps, run.digest]
    return repr(known + [run.data.name, run.data.class_names, run.experiment]) + repr([a.tobytes() for a in arrays])


def sentence(path: Path, read: Callable[[Path], object] = everything) -> str:
    """The one sentence that reading raises."""
    with pytest.raises(RecordingError) as caught:
        read(path)
    text = str(caught.value)
    assert text and "\n" not in text and not text.endswith("."), text
    return text
