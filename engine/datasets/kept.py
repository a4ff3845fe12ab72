"""What scikit-learn makes, kept in the user's cache folder: to import it takes longer than many a training."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from engine.datasets.archives import read_npz
from engine.errors import DataError

LARGEST = 2**22  # bytes of a data set that is kept
MOST = 64  # data sets that are kept: those that were read last


def made_by_sklearn(function: str, **arguments: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """What a function of ``sklearn.datasets`` gives for these arguments, which JSON must be able to hold.

    Read from the user's cache folder where the same versions of scikit-learn and NumPy have made it before. A file
    there that is damaged, or that cannot be written, counts for nothing.

    Returns
    -------
    x, y : ndarray
        As scikit-learn gives them.
    """
    made = [function, arguments, version("scikit-learn"), version("numpy")]
    key = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:16]
    path = user_cache_path("neurofilm") / "data" / "scikit-learn" / f"{function}-{key}.npz"
    with contextlib.suppress(DataError, OSError):
        kept = read_npz(path)
        os.utime(path)
        return kept["x"], kept["y"]

    import sklearn.datasets

    x, y = getattr(sklearn.datasets, function)(**arguments)
    if x.nbytes + y.nbytes <= LARGEST:
        with contextlib.suppress(OSError):
            _keep(path, x, y)
    return x, y


def _keep(path: Path, x: NDArray[Any], y: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)[MOST - 1 :]:
        old.unlink()
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with open(descriptor, "wb") as file:
            np.savez(file, x=x, y=y)
        os.replace(temporary, path)  # another process that reads sees a whole file, or none
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
