"""Frames into films: conversion to the colours of HD video, and the encoders that PyAV brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from engine.vectors import FEATURES
from scenes.painting.conversion import convert_to_yuv420


@dataclass(frozen=True)
class Format:
    """How one file format is encoded.

    Attributes
    ----------
    codec, pixel_format : str
    options : dict
        For the codec.
    container_options : dict
    highest_rate : float or None
        Frames per second that players of this format can keep up with.
    """

    codec: str
    pixel_format: str
    options: Mapping[str, str] = field(default_factory=dict)
    container_options: Mapping[str, str] = field(default_factory=dict)
    highest_rate: float | None = None


# Our chroma samples lie in the middle of their four pixels. Where a row is not a multiple of 16 macroblocks (of 854
# pixels, say), x264's code for AVX-512 reads numbers that were not set: now and then the same frames get other bytes.
X264 = "chromaloc=1:asm=avx2" if FEATURES.get("avx512f") else "chromaloc=1"

FORMATS: dict[str, Format] = {
    "mp4": Format(
        "libx264",
        "yuv420p",
        {"preset": "veryfast", "crf": "20", "x264-params": X264},
        {"movflags": "+faststart"},
    ),
    "webm": Format(
        "libvpx-vp9",
        "yuv420p",
        {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
    ),
    "mov": Format("prores_ks", "yuv422p10le", {"profile": "hq", "vendor": "apl0"}, {"movflags": "+faststart"}),
    "gif": Format("gif", "pal8", highest_rate=30),
}


Chapter = tuple[str, int, int]  # title, first frame, the frame after the last


def set_chapters(container: Any, format_name: str, chapters: Sequence[Chapter], rate: Fraction | int) -> None:
    """Say in a file, before anything is written to it, where its chapters are, if its format has them."""
    if not chapters or format_name not in ("mp4", "mov"):
        return
    container.set_chapters(
        [
            {"id": k, "start": a, "end": b, "time_base": 1 / Fraction(rate), "metadata": {"title": title}}
            for k, (title, a, b) in enumerate(chapters)
        ]
    )


class Encoder:
    """Encodes frames into one file, in the calling thread.

    Parameters
    ----------
    path : Path
        Written to directly.
    width, height : int
    rate : Fraction or int
        Frames per second.
    format_name : str
        A key of `FORMATS`.
    palette : ndarray, uint8 (256, 3), optional
        The colours of a GIF.
    chapters : sequence of (title, first frame, last frame)
        For the formats that have them.
    threads : int
        How many threads encode; 0 for as many as the codec sees fit. The bytes depend on it.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        rate: Fraction | int,
        format_name: str = "mp4",
        palette: np.ndarray | None = None,
        chapters: Sequence[Chapter] = (),
        threads: int = 0,
    ) -> None:
        self.format = FORMATS[format_name]
        self.width, self.height = width, height
        self.frames = 0
        self._container = av.open(
            str(path), "w", format=format_name, container_options=dict(self.format.container_options)
        )
        stream: Any = self._container.add_stream(self.format.codec, rate=rate, options=dict(self.format.options))
        stream.width, stream.height, stream.pix_fmt = width, height, self.format.pixel_format
        self._stream = stream
        context = stream.codec_context
        context.time_base = 1 / Fraction(rate)
        context.thread_count = threads
        set_chapters(self._container, format_name, chapters, rate)
        self._convert: Callable[[np.ndarray], Any]
        if self.format.pixel_format == "pal8":
            from scenes.palettes import PaletteMap

            assert palette is not None
            self._convert = PaletteMap(palette).frame
        else:
            # 1 is BT.709 in all three tables of the standard (ITU-T H.273); range 1 is limited
            context.color_primaries = context.color_trc = context.colorspace = 1
            context.color_range = 1
            self._convert = self._to_yuv420 if self.format.pixel_format == "yuv420p" else self._reformat

    def _to_yuv420(self, pixels: np.ndarray) -> av.VideoFrame:
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        planes = [
            np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size) for plane in frame.planes
        ]
        convert_to_yuv420(pixels.view(np.uint32)[..., 0], *planes)
        return frame

    def _reformat(self, pixels: np.ndarray) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
            format=self.format.pixel_format, dst_colorspace="itu709", src_color_range="JPEG", dst_color_range="MPEG"
        )

    def write(self, pixels: np.ndarray, repeat: int = 1) -> None:
        """Encode a frame uint8 (H, W, 4), shown `repeat` times."""
        frame = self._convert(pixels)
        if self.format.pixel_format != "pal8":
            frame.color_primaries = frame.color_trc = frame.colorspace = 1
            frame.color_range = 1
        for _ in range(repeat):
            frame.pts = self.frames
            frame.time_base = self._stream.codec_context.time_base
            self.frames += 1
            self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Encode what is held back and close the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abort(self) -> None:
        """Close without finishing."""
        self._container.close()
