"""Folders of images, one folder a class: read with Pillow, cropped to one size, grey or in colour."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.datasets.arrays import read_only
from engine.datasets.dataset import Dataset
from engine.errors import DataError
from engine.validation import check_whole

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")

LARGEST_IMAGE = 64_000_000  # pixels that one image may unpack to; a phone's picture has 12 to 50 million
LARGEST = 4 * 2**30  # bytes of all images once they have been brought to one size
MOST_PIXELS = 1024  # of a side


def read_images(folder: str | Path, *, size: int | Sequence[int] = 28, colour: bool = False) -> Dataset:
    """Read a folder of images as a data set: each folder in it is a class, and the images in that are its samples.

    An image is turned as its camera noted, laid on white where it is transparent, cropped around its centre to the
    shape that is wanted, and resized. Of a moving one, the first picture is taken. Hidden files, and files that are no
    images by their names, are left alone.

    Parameters
    ----------
    folder : str or Path
    size : int or (int, int)
        Pixels of a side, or height and width.
    colour : bool
        Whether red, green and blue are kept; otherwise brightness.

    Returns
    -------
    Dataset
        ``x`` (N, height * width) or (N, height * width * 3) float32 in [0, 1], row by row from the top left;
        ``image_shape`` (height, width) or (height, width, 3); the classes are named by the folders, in their order.

    Raises
    ------
    DataError
        When there are no two classes, a class has no images, or an image is damaged or too large; with the file.
    """
    folder = Path(folder)
    height, width = check_size("size", size)
    classes = _classes(folder)
    files = [(path, label) for label, paths in enumerate(classes.values()) for path in paths]
    channels = 3 if colour else 1
    needed = len(files) * height * width * channels * 4
    if needed > LARGEST:
        raise DataError(
            f"{folder}: {len(files):,} images of {height}×{width} would take {needed / 2**30:.1f} GiB of memory, and "
            f"{LARGEST // 2**30} GiB is the most that is read: choose a smaller size"
        )
    x = np.empty((len(files), height * width * channels), np.float32)
    for row, (path, _) in enumerate(files):
        x[row] = read_image(path, (height, width), colour).reshape(-1)
    x /= np.float32(255)
    return Dataset(
        folder.resolve().name,
        read_only(x),
        np.array([label for _, label in files]),
        "classification",
        class_names=tuple(classes),
        parameters={"size": [height, width], "colour": colour},
        image_shape=(height, width, 3) if colour else (height, width),
    )


def read_image(path: Path, size: tuple[int, int], colour: bool = False) -> NDArray[np.uint8]:
    """Read one image, cropped and resized.

    Returns
    -------
    ndarray of uint8, shape (height, width) or (height, width, 3)

    Raises
    ------
    DataError
        When the file cannot be read, is damaged, or would unpack to more than 64 million pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of sizes, which are checked here, and of odd metadata
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height > LARGEST_IMAGE:
                    raise DataError(
                        f"{path} has {image.width}×{image.height} pixels, and {LARGEST_IMAGE:,} is the most that is "
                        "unpacked: make it smaller"
                    )
                image.draft("RGB" if colour else "L", (2 * size[1], 2 * size[0]))  # JPEGs unpack to what is needed
                plain = _plain(ImageOps.exif_transpose(image), colour)
        return np.asarray(ImageOps.fit(plain, (size[1], size[0]), Image.Resampling.LANCZOS))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{path} states a size that no image has: it is not unpacked") from None
    except Exception as error:  # Pillow's decoders raise whatever the damage makes them stumble over
        reason = " ".join(str(error).replace(str(path), "it").split()) or type(error).__name__
        raise DataError(f"{path} is damaged or no image that can be read: {reason}") from None


def check_size(key: str, size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width of images, from one number or two; ConfigurationError where they are none."""
    sides = list(size) if isinstance(size, (list, tuple)) and len(size) == 2 else [size, size]
    height, width = (check_whole(key, side, 1, MOST_PIXELS) for side in sides)
    return height, width


def image_files(folder: str | Path) -> list[Path]:
    """The images that `read_images` would read, class by class."""
    return [path for paths in _classes(Path(folder)).values() for path in paths]


def _classes(folder: Path) -> dict[str, list[Path]]:
    """The images of each class; names of folders and of files in their order."""
    if not folder.is_dir():
        raise DataError(f"{folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    try:
        folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = {path.name: [file for file in sorted(path.iterdir()) if _is_image(file)] for path in folders}
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {error.strerror}") from None
    if len(found) < 2:
        holds = f"only the folder {next(iter(found))!r}" if found else "no folders"
        raise DataError(f"{folder} holds {holds}, and a folder of images for each of at least two classes is needed")
    for name, files in found.items():
        if not files:
            raise DataError(f"{folder / name} holds no images ({', '.join(SUFFIXES)}), and every class needs some")
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _plain(image: Image.Image, colour: bool) -> Image.Image:
    """Without transparency, 8 bits, grey or red, green and blue."""
    if image.mode.startswith("I"):  # 16 bits: Pillow would cut the values off at 255
        return Image.fromarray((np.asarray(image, np.float64) / 257).clip(0, 255).round().astype(np.uint8)).convert(
            "RGB" if colour else "L"
        )
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB" if colour else "L")
