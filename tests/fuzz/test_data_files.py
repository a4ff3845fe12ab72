"""Files of data that were damaged, or made to do harm: a sentence, or numbers that can be trained on."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.datasets import Dataset, read_table
from engine.datasets.idx import read_idx
from engine.datasets.images import read_image
from engine.experiment import Experiment
from engine.network import Network
from tests.fuzz.mutations import changes, mutate, sentence_or

CSV = 'length,width,"the species"\n' + "".join(f"{k / 7:.3f},{k % 4},{'xyz'[k % 3]}\n" for k in range(12))
TOML = """\
name = "small"
seed = 3
[dataset]
name = "moons"
n = 60
noise = 0.1
validation = 0.2
[network]
dtype = "float32"
layers = [
    { type = "dense", units = 4, activation = "tanh" },
    { type = "dropout", rate = 0.5 },
    { type = "dense", units = 1, activation = "sigmoid" },
]
[training]
loss = "binary_crossentropy"
optimizer = { name = "adam", learning_rate = 0.02 }
schedule = { name = "cosine" }
early_stopping = { patience = 3 }
epochs = 12
batch_size = 16
[recording]
snapshot_every = 5
snapshot_steps = [1, 6]
"""


def check_data(data: Dataset | None) -> None:
    """What is read is finite, and its labels are of its classes."""
    if data is not None:
        assert np.isfinite(data.x).all() and np.isfinite(data.y).all() and len(data.x) == len(data.y) >= 2
        assert data.task == "regression" or data.y.max() < len(data.class_names)


@given(changes)
def test_csv(tmp_path: Path, made: Any) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(mutate(CSV.encode(), made))
    check_data(sentence_or(lambda: read_table(path)))


@given(st.text(max_size=60))
def test_any_text_as_csv(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    check_data(sentence_or(lambda: read_table(path)))


@given(changes)
def test_toml(made: Any) -> None:
    text = mutate(TOML.encode(), made).decode("utf-8", "replace")

    def read() -> tuple[Experiment, Network] | None:
        experiment = Experiment.from_toml(text + "\n")
        if experiment.dataset.parameters.get("n", 0) > 1000:
            return None
        train, *_ = experiment.dataset_parts()
        complete = experiment.resolved(train)
        return complete, complete.build_network(train)

    made_of = sentence_or(read)
    if made_of is not None:
        assert Experiment.from_toml(made_of[0].to_toml()) == made_of[0]


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def archive(x: bytes, y: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", x)
        file.writestr("y.npy", y)
    return buffer.getvalue()


X, Y = npy(np.arange(24.0).reshape(12, 2)), npy(np.arange(12) % 2)


@given(changes)
def test_npz(tmp_path: Path, made: Any) -> None:
    """The archive as a whole: its members carry checksums, so what is read is what was saved."""
    path = tmp_path / "data.npz"
    path.write_bytes(mutate(archive(X, Y), made))
    data = sentence_or(lambda: read_table(path))
    if data is not None:
        path.write_bytes(archive(X, Y))
        assert data.digest == read_table(path).digest


@given(changes, st.booleans())
def test_arrays_within_npz(tmp_path: Path, made: Any, both: bool) -> None:
    """Members that somebody made, with right checksums."""
    path = tmp_path / "data.npz"
    path.write_bytes(archive(mutate(X, made), mutate(Y, made) if both else Y))
    check_data(sentence_or(lambda: read_table(path)))


IDX = struct.pack(">BBBB3I", 0, 0, 8, 3, 5, 4, 4) + bytes(range(80))


@given(changes)
def test_idx(tmp_path: Path, made: Any) -> None:
    path = tmp_path / "images-idx3-ubyte"
    contents = mutate(IDX, made)
    path.write_bytes(contents)
    values = sentence_or(lambda: read_idx(path))
    if values is not None:
        assert values.tobytes() == contents[4 + 4 * contents[3] :]


@given(changes, st.booleans())
def test_gzipped_idx(tmp_path: Path, made: Any, inside: bool) -> None:
    path = tmp_path / "images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(mutate(IDX, made), mtime=0) if inside else mutate(gzip.compress(IDX, mtime=0), made))
    values = sentence_or(lambda: read_idx(path))
    if values is not None and not inside:
        assert values.tobytes() == IDX[16:]


def picture(format: str, **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3)).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format, **options)
        return buffer.getvalue()

    return make


PICTURES = {
    "png": picture("PNG"), "jpg": picture("JPEG"), "bmp": picture("BMP"), "gif": picture("GIF"),
    "webp": picture("WEBP"), "tif": picture("TIFF", compression="tiff_lzw"), "ppm": picture("PPM"),
}  # fmt: skip


@pytest.mark.parametrize("ending", PICTURES)
@given(made=changes)
def test_images(tmp_path: Path, ending: str, made: Any) -> None:
    path = tmp_path / f"picture.{ending}"
    path.write_bytes(mutate(PICTURES[ending](), made))
    pixels = sentence_or(lambda: read_image(path, (4, 4), colour=True))
    assert pixels is None or (pixels.shape == (4, 4, 3) and pixels.dtype == np.uint8)
