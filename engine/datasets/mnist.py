"""MNIST and Fashion-MNIST: from a folder that is given, or downloaded once and checked.

MNIST is by Y. LeCun, C. Cortes and C. Burges (CC BY-SA 3.0), Fashion-MNIST by Zalando Research (MIT).
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from engine.datasets.arrays import read_only
from engine.datasets.dataset import Dataset
from engine.datasets.idx import read_idx
from engine.errors import DataError
from engine.validation import check_whole

DATA_DIR = "NEUROFILM_DATA_DIR"  # the environment variable that names the folder

PARTS = ("train", "test")
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@dataclass(frozen=True)
class Source:
    """Where a data set in MNIST's format comes from: addresses, SHA-256 of the gzipped files, names of the classes."""

    title: str
    addresses: tuple[str, ...]
    digests: dict[str, str]
    class_names: tuple[str, ...]


SOURCES = {
    "mnist": Source(
        "MNIST",
        (
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
        ),
        {
            "train-images-idx3-ubyte": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "train-labels-idx1-ubyte": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "t10k-images-idx3-ubyte": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "t10k-labels-idx1-ubyte": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        },
        tuple("0123456789"),
    ),
    "fashion_mnist": Source(
        "Fashion-MNIST",
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        {
            "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        },
        ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"),
    ),
}


def load_mnist(
    name: str, part: str, n: int = 0, folder: str | Path | None = None, *, progress: bool | None = None
) -> Dataset:
    """Read one part of MNIST or Fashion-MNIST.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist"}
    part : {"train", "test"}
        60,000 images, or 10,000 that no training has seen.
    n : int
        How many images are taken, from the first on; 0 takes all.
    folder : path, optional
        Holds the IDX files, gzipped or not, itself or in a folder of the data set's name. By default the one that the
        environment variable NEUROFILM_DATA_DIR names; where there is none, the files are downloaded once.
    progress : bool, optional
        Whether a download shows a bar; by default where there is a terminal to show it on.

    Returns
    -------
    Dataset
        ``x`` (N, 784) float32 in [0, 1], row by row from the top left; ``image_shape`` (28, 28).

    Raises
    ------
    DataError
        When a file is missing in the folder, damaged, or cannot be downloaded, or has fewer images than `n`.
    """
    source = SOURCES[name]
    check_whole(f"dataset {name!r}: n", n, 0)
    chosen = folder if folder is not None else os.environ.get(DATA_DIR)
    progress = sys.stderr.isatty() if progress is None else progress
    images_path, labels_path = (
        _find(Path(chosen), name, file) if chosen else _download(name, file, progress) for file in FILES[part]
    )
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(
            f"{images_path} holds {images.shape} and {labels_path} {labels.shape}: images and labels differ"
        )
    if n > len(images):
        raise DataError(f"{images_path} holds {len(images):,} images: n={n} cannot be taken")
    taken = images[: n or None]
    x = taken.reshape(len(taken), -1).astype(np.float32)
    x /= np.float32(255)
    return Dataset(
        name,
        read_only(x),
        labels[: n or None].astype(np.int64),
        "classification",
        class_names=source.class_names,
        parameters={"part": part, "n": n},
        image_shape=images.shape[1:],
    )


def is_at_hand(name: str, folder: str | Path | None = None) -> bool:
    """Whether the data set can be read without a download."""
    chosen = folder if folder is not None else os.environ.get(DATA_DIR)
    files = [file for part in PARTS for file in FILES[part]]
    if chosen:
        return all(_candidates(Path(chosen), name, file) for file in files)
    return all((_cache(name) / f"{file}.gz").is_file() for file in files)


def _cache(name: str) -> Path:
    return user_cache_path("neurofilm") / "data" / name


def _candidates(folder: Path, name: str, file: str) -> list[Path]:
    paths = [place / f"{file}{suffix}" for place in (folder, folder / name) for suffix in (".gz", "")]
    return [path for path in paths if path.is_file()]


def _find(folder: Path, name: str, file: str) -> Path:
    found = _candidates(folder, name, file)
    if not found:
        raise DataError(
            f"{folder} holds no {file}.gz: give the folder with the four IDX files of {SOURCES[name].title}"
        )
    return found[0]


def _download(name: str, file: str, progress: bool) -> Path:
    import pooch  # here, since most programs never download

    pooch.get_logger().setLevel("WARNING")
    source, failure = SOURCES[name], ""
    for address in source.addresses:
        try:
            return Path(
                pooch.retrieve(
                    address + file + ".gz",
                    f"sha256:{source.digests[file]}",
                    fname=f"{file}.gz",
                    path=_cache(name),
                    progressbar=progress,
                )
            )
        except (OSError, ValueError) as error:  # no connection, or a checksum that is another
            failure = " ".join(str(error).split())[:160]
    raise DataError(
        f"{source.title} could not be downloaded ({failure}): give a folder that holds its files with --data-dir or "
        f"{DATA_DIR}"
    )
