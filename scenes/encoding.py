"""Frames into films: conversion to the colours of HD video, and the encoders that PyAV brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from engine.jit import kernel

# BT.709, limited range, in 16-bit fixed point: Y' = 16 + 219 (0.2126 R' + 0.7152 G' + 0.0722 B') / 255, and so on.
_ONE = 1 << 16


def _fixed(value: float) -> int:
    return round(value * _ONE)


Y_R, Y_G, Y_B = (_fixed(w * 219 / 255) for w in (0.2126, 0.7152, 0.0722))
U_R, U_G, U_B = (_fixed(w * 224 / 255) for w in (-0.2126 / 1.8556, -0.7152 / 1.8556, 0.5))
V_R, V_G, V_B = (_fixed(w * 224 / 255) for w in (0.5, -0.7152 / 1.5748, -0.0722 / 1.5748))


@kernel
def convert_to_yuv420(pixels, luma, blue, red):  # type: ignore[no-untyped-def]
    """Convert a frame to BT.709 limited-range Y'CbCr with one chroma sample for two by two pixels.

    Parameters
    ----------
    pixels : uint8 (H, W, 4)
        H and W even; alpha is left out.
    luma : uint8 (H, >= W)
    blue, red : uint8 (H / 2, >= W / 2)
    """
    height, width = pixels.shape[0], pixels.shape[1]
    for y in range(height):
        row, out = pixels[y], luma[y]
        for x in range(width):
            r, g, b = np.int32(row[x, 0]), np.int32(row[x, 1]), np.int32(row[x, 2])
            out[x] = np.uint8((r * np.int32(Y_R) + g * np.int32(Y_G) + b * np.int32(Y_B) + np.int32(1081344)) >> 16)
    for y in range(height // 2):
        top, bottom, out_blue, out_red = pixels[2 * y], pixels[2 * y + 1], blue[y], red[y]
        for x in range(width // 2):
            r = np.int32(top[2 * x, 0]) + top[2 * x + 1, 0] + bottom[2 * x, 0] + bottom[2 * x + 1, 0]
            g = np.int32(top[2 * x, 1]) + top[2 * x + 1, 1] + bottom[2 * x, 1] + bottom[2 * x + 1, 1]
            b = np.int32(top[2 * x, 2]) + top[2 * x + 1, 2] + bottom[2 * x, 2] + bottom[2 * x + 1, 2]
            half = np.int32((128 << 18) + (1 << 17))
            out_blue[x] = np.uint8((r * np.int32(U_R) + g * np.int32(U_G) + b * np.int32(U_B) + half) >> 18)
            out_red[x] = np.uint8((r * np.int32(V_R) + g * np.int32(V_G) + b * np.int32(V_B) + half) >> 18)


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


FORMATS: dict[str, Format] = {
    "mp4": Format(
        "libx264",
        "yuv420p",
        # our chroma samples lie in the middle of their four pixels
        {"preset": "veryfast", "crf": "20", "x264-params": "chromaloc=1"},
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
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        rate: Fraction | int,
        format_name: str = "mp4",
        palette: np.ndarray | None = None,
        chapters: Sequence[tuple[str, int, int]] = (),
    ) -> None:
        self.format = FORMATS[format_name]
        self.width, self.height = width, height
        self.frames = 0
        self._container = av.open(
            str(path), "w", format=format_name, container_options=dict(self.format.container_options)
        )
        stream = self._container.add_stream(self.format.codec, rate=rate, options=dict(self.format.options))
        stream.width, stream.height, stream.pix_fmt = width, height, self.format.pixel_format
        self._stream = stream
        context = stream.codec_context
        context.time_base = 1 / Fraction(rate)
        if chapters and format_name in ("mp4", "mov"):
            self._container.set_chapters(
                [
                    {"id": k, "start": a, "end": b, "time_base": 1 / Fraction(rate), "metadata": {"title": title}}
                    for k, (title, a, b) in enumerate(chapters)
                ]
            )
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
            np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)  # type: ignore[call-overload]
            for plane in frame.planes
        ]
        convert_to_yuv420(pixels, *planes)
        return frame

    def _reformat(self, pixels: np.ndarray) -> av.VideoFrame:
        return av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(
            format=self.format.pixel_format, dst_colorspace="itu709", src_color_range="jpeg", dst_color_range="mpeg"
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
