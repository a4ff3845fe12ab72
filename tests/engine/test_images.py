"""Folders of images: what becomes of an image, and what is refused in one sentence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.datasets.images import read_image, read_images
from engine.errors import ConfigurationError, DataError


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def bomb(path: Path, side: int) -> Path:
    """A PNG of a few hundred bytes that states side × side pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes: three dark images, two bright ones, of different sizes; and things that are no images."""
    for index in range(3):
        save(tmp_path / "pets" / "cats" / f"{index}.png", np.full((10 + index, 10, 3), 10 * index, np.uint8))
    for index in range(2):
        save(tmp_path / "pets" / "dogs" / f"{index}.jpg", np.full((9, 16, 3), 250, np.uint8))
    (tmp_path / "pets" / "cats" / "notes.txt").write_text("mine")
    (tmp_path / "pets" / "cats" / ".hidden.png").write_text("no image")
    (tmp_path / "pets" / ".thumbnails").mkdir()
    (tmp_path / "pets" / "README.md").write_text("mine")
    return tmp_path / "pets"


def test_folders_are_classes(folder: Path) -> None:
    data = read_images(folder, size=8)
    assert data.name == "pets" and data.class_names == ("cats", "dogs") and data.class_counts == (3, 2)
    assert data.x.shape == (5, 64) and data.image_shape == (8, 8) and data.x.dtype == np.float32
    np.testing.assert_allclose(data.x[:, 0], np.array([0, 10, 20, 250, 250]) / 255, atol=0.01)
    in_colour = read_images(folder, size=(4, 6), colour=True)
    assert in_colour.x.shape == (5, 72) and in_colour.image_shape == (4, 6, 3)


def test_an_image_is_cropped_around_its_centre(tmp_path: Path) -> None:
    pixels = np.zeros((4, 12), np.uint8)
    pixels[:, 4:8] = 200
    path = save(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(read_image(path, (4, 4)), np.full((4, 4), 200))
    assert read_image(path, (4, 12)).tolist() == pixels.tolist()


def test_colours_stay_or_become_brightness(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.broadcast_to(np.uint8([255, 0, 0]), (6, 6, 3)).copy())
    assert read_image(path, (2, 2), colour=True)[0, 0].tolist() == [255, 0, 0]
    assert read_image(path, (2, 2))[0, 0] == 76  # 0.299 * 255, ITU-R 601


def test_an_image_is_laid_on_white_and_turned_as_its_camera_noted(tmp_path: Path) -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[..., 3] = [0, 0, 255, 255]
    assert read_image(save(tmp_path / "a.png", clear), (4, 4))[0].tolist() == [255, 255, 0, 0]
    image = Image.fromarray(np.repeat(np.uint8([[0, 255]]), 4, axis=0).repeat(2, axis=1))  # left dark, right bright
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    image.save(tmp_path / "b.png", exif=exif)
    assert read_image(tmp_path / "b.png", (4, 4))[:, 0].tolist() == [0, 0, 255, 255]


def test_images_of_16_bits_keep_their_range(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.repeat(np.uint16([[0, 257 * 100], [257 * 200, 65535]]), 2, axis=1))
    assert read_image(path, (2, 4))[:, ::2].tolist() == [[0, 100], [200, 255]]


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".gif", ".webp", ".tif", ".ppm"])
def test_a_damaged_file_is_named(ending: str, folder: Path) -> None:
    path = folder / "cats" / f"damaged{ending}"
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 20, 3)).astype(np.uint8)
    data = save(path, pixels).read_bytes()
    assert read_image(path, (8, 8)).shape == (8, 8)
    for damaged in (data[: len(data) // 2], b"text", b"", data[:20]):
        path.write_bytes(damaged)
        with pytest.raises(DataError) as error:
            read_images(folder)
        assert str(error.value).startswith(f"{path} is damaged or no image that can be read: ")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("side", [9_000, 20_000, 2**31 - 1])
def test_a_decompression_bomb_is_not_unpacked(side: int, folder: Path) -> None:
    path = bomb(folder / "dogs" / "bomb.png", side)
    with pytest.raises(DataError) as error:
        read_images(folder)
    assert str(error.value).startswith(str(path)) and "damaged" not in str(error.value)


def test_what_is_no_folder_of_classes_gets_one_sentence(tmp_path: Path, folder: Path) -> None:
    def sentence(path: Path) -> str:
        with pytest.raises(DataError) as error:
            read_images(path)
        return str(error.value)

    needed = "and a folder of images for each of at least two classes is needed"
    assert sentence(tmp_path / "gone") == f"{tmp_path}/gone does not exist"
    assert sentence(folder / "README.md") == f"{folder}/README.md is not a folder"
    assert sentence(folder / "cats") == f"{folder}/cats holds no folders, {needed}"
    assert sentence(tmp_path) == f"{tmp_path} holds only the folder 'pets', {needed}"
    (folder / "birds").mkdir()
    assert sentence(folder).startswith(f"{folder}/birds holds no images (.png, .jpg, ")


@pytest.mark.parametrize("size", [0, 2.5, (3,), True, 5000])
def test_a_size_is_one_number_or_two(size: object, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^size=.* must be a whole number from 1 to 1024$"):
        read_images(folder, size=size)  # type: ignore[arg-type]


def test_memory_is_asked_for_only_when_there_is_enough(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.datasets.images.LARGEST", 1 << 20)
    with pytest.raises(DataError, match=r"5 images of 512×512 would take 0\.0 GiB"):
        read_images(folder, size=512)
