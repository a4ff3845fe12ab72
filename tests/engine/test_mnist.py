"""MNIST's files: read as they are, from a folder that is given; what is wrong with them gets one sentence."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.datasets import DATASETS, load_dataset
from engine.datasets.idx import read_idx
from engine.datasets.mnist import FILES, is_at_hand, load_mnist
from engine.errors import ConfigurationError, DataError

WriteIdx = Callable[[Path, np.ndarray], None]


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_images_are_rows_of_brightness(name: str, mnist_folder: Path) -> None:
    data, test = load_dataset(name), DATASETS[name].test
    assert test is not None and len(test()) == 10
    raw = read_idx(mnist_folder / f"{FILES['train'][0]}.gz")
    np.testing.assert_array_equal(data.x, (raw.reshape(30, 784) / 255).astype(np.float32))
    np.testing.assert_array_equal(data.y, np.arange(30) % 10)
    assert data.image_shape == (28, 28) and len(data.class_names) == 10 and data.name == name
    assert not data.x.flags.writeable


def test_the_first_n_are_taken(mnist_folder: Path) -> None:
    np.testing.assert_array_equal(load_dataset("mnist", n=7).x, load_dataset("mnist").x[:7])
    with pytest.raises(DataError, match=r"holds 30 images: n=31 cannot be taken$"):
        load_dataset("mnist", n=31)
    with pytest.raises(ConfigurationError, match=r"^dataset 'mnist': n=-1 must be a whole number of at least 0$"):
        load_dataset("mnist", n=-1)


def test_files_may_be_unpacked_and_lie_in_a_folder_of_the_name(mnist_folder: Path) -> None:
    inner = mnist_folder / "mnist"
    inner.mkdir()
    for file in (file for part in FILES.values() for file in part):
        (inner / file).write_bytes(gzip.decompress((mnist_folder / f"{file}.gz").read_bytes()))
        (mnist_folder / f"{file}.gz").unlink()
    assert len(load_dataset("mnist")) == 30 and is_at_hand("mnist") and not is_at_hand("fashion_mnist")


def test_the_folder_that_is_given_comes_before_the_environment(mnist_folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError) as error:
        load_mnist("mnist", "test", folder=empty)
    expected = f"{empty} holds no t10k-images-idx3-ubyte.gz: give the folder with the four IDX files of MNIST"
    assert str(error.value) == expected


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) // 2], "is damaged"),
        (lambda data: b"not gzip", "is damaged"),
        (
            lambda data: gzip.compress(b"\1\2\3\4" + b"x" * 50),
            "is not an IDX file of bytes: it starts with 01 02 03 04",
        ),
        (lambda data: gzip.compress(gzip.decompress(data)[:-1]), "states 23,520 values and holds 23,519"),
        (lambda data: gzip.compress(gzip.decompress(data) + b"x"), "states 23,520 values and holds more"),
        (lambda data: gzip.compress(struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31, 28, 28)), "are not read"),
        (lambda data: gzip.compress(struct.pack(">BBBBI", 0, 0, 8, 3, 2)), "ends before its sizes do"),
    ],
)
def test_a_damaged_file_is_named(damage: object, words: str, mnist_folder: Path) -> None:
    path = mnist_folder / f"{FILES['train'][0]}.gz"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(DataError) as error:
        load_dataset("mnist")
    assert str(error.value).startswith(str(path)) and words in str(error.value)


def test_gzipped_files_may_have_several_parts_and_padding(mnist_folder: Path) -> None:
    path = mnist_folder / f"{FILES['train'][0]}.gz"
    whole, contents = read_idx(path), gzip.decompress(path.read_bytes())
    path.write_bytes(
        gzip.compress(contents[:9]) + bytes(5) + gzip.compress(contents[9:700]) + gzip.compress(contents[700:])
    )
    np.testing.assert_array_equal(read_idx(path), whole)
    path.write_bytes(gzip.compress(contents) + b"more")
    with pytest.raises(DataError, match="is damaged"):
        read_idx(path)


def test_images_and_labels_must_belong_together(mnist_folder: Path, write_idx: WriteIdx) -> None:
    write_idx(mnist_folder / f"{FILES['train'][1]}.gz", np.zeros(29, np.uint8))
    with pytest.raises(DataError, match="images and labels differ$"):
        load_dataset("mnist")


def test_memory_is_asked_for_only_when_the_bytes_are_there(tmp_path: Path) -> None:
    """A file of a few bytes states two thousand million; a gzipped one really holds 200 million zeros."""
    plain, packed = tmp_path / "images", tmp_path / "images.gz"
    plain.write_bytes(struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31 // 784, 28, 28) + b"x" * 10)
    head = struct.pack(">BBBB3I", 0, 0, 8, 3, 255_102, 28, 28)
    with gzip.open(packed, "wb", compresslevel=1) as file:
        file.write(head)
        for _ in range(200):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=r"images states 2,147,483,408 values and holds 10$"):
            read_idx(plain)
        with pytest.raises(DataError, match="would unpack to 199,999,968 bytes, far more than images do"):
            read_idx(packed)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
