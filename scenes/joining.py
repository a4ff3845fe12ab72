"""Pieces of a film into one file, packet by packet: nothing is decoded or encoded again."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from engine.errors import RenderError
from scenes.encoding import FORMATS, Chapter, set_chapters
from scenes.segments import Size


def join(
    pieces: Sequence[Path],
    lengths: Sequence[int],
    output: Path,
    format_name: str,
    rate: int,
    chapters: Sequence[Chapter],
) -> None:
    """Put pieces one after the other.

    Parameters
    ----------
    pieces : sequence of Path
        Encoded by the same codec with the same settings; each begins with a picture that needs no other.
    lengths : sequence of int
        How many frames each has.
    output : Path
        Written to directly.
    format_name : str
        A key of `FORMATS`, in which the pieces are too.
    rate : int
        Frames per second.
    chapters : sequence of (title, first frame, frame after the last)

    Raises
    ------
    RenderError
        When a piece cannot be read, has another number of frames, or was encoded in another way.
    """
    starts = [sum(lengths[:k]) for k in range(len(lengths))]
    orders = [[show for show, _ in _packets(piece, rate)] for piece in pieces]
    for piece, length, order in zip(pieces, lengths, orders, strict=True):
        if sorted(order) != list(range(length)):
            raise RenderError(f"{piece} does not have the {length} frames that it should: remove it, and render again")
    shown = [start + show for start, order in zip(starts, orders, strict=True) for show in order]
    # a picture is decoded before it is shown; by as much as the one that needs it most
    delay = max(position - show for position, show in enumerate(shown))
    container_options = dict(FORMATS[format_name].container_options)
    with av.open(str(output), "w", format=format_name, container_options=container_options) as container:
        stream: Any = None
        position = 0
        for piece, start in zip(pieces, starts, strict=True):
            for show, packet in _packets(piece, rate):
                if stream is None:
                    stream = container.add_stream_from_template(packet.stream)
                    stream.time_base = 1 / Fraction(rate)
                    settings = packet.stream.codec_context.extradata
                    set_chapters(container, format_name, chapters, rate)
                elif packet.stream.codec_context.extradata != settings:
                    raise RenderError(f"{piece} was encoded in another way than {pieces[0]}: remove both")
                packet.stream = stream
                packet.time_base = 1 / Fraction(rate)
                packet.pts, packet.dts, packet.duration = start + show, position - delay, 1
                container.mux(packet)
                position += 1


def check_piece(content: bytes, format_name: str, size: Size, frames: int) -> None:
    """Hold a file that came from elsewhere to being a film of our codec, with so many frames of this size."""
    container: Any
    try:
        with av.open(io.BytesIO(content), format=format_name) as container:
            (stream,) = container.streams
            context = stream.codec_context
            shape = (context.name, context.width, context.height)
            shown = [_frame_number(packet, size.rate) for packet in container.demux(stream) if packet.size]
    except (av.error.FFmpegError, ValueError, AttributeError, TypeError) as error:
        raise RenderError(f"a worker sent back what is no film: {error}") from None
    decoder = av.Codec(FORMATS[format_name].codec, "w").id
    if av.Codec(shape[0], "r").id != decoder or shape[1:] != (size.width, size.height):
        raise RenderError(f"a worker sent back a film of another kind: {shape}")
    if sorted(shown) != list(range(frames)):
        raise RenderError(f"a worker sent back {len(shown)} frames, and {frames} were asked for")


def _packets(piece: Path, rate: int) -> Iterator[tuple[int, Any]]:
    """The packets of a file in the order of decoding, with the number of the frame that each holds."""
    try:
        with av.open(str(piece)) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    yield _frame_number(packet, rate), packet
    except av.error.FFmpegError as error:
        raise RenderError(f"{piece} cannot be read: {error.strerror}: remove it, and render again") from None


def _frame_number(timed: Any, rate: int) -> int:
    """The number of a frame or packet, from the time at which it is shown."""
    return round(timed.pts * timed.time_base * rate)


def still_of(piece: Path, frame: int, rate: int) -> Any:
    """One frame of a file, as a Pillow image."""
    with av.open(str(piece)) as container:
        stream = container.streams.video[0]
        for decoded in container.decode(stream):
            if _frame_number(decoded, rate) == frame:
                return decoded.to_image()
    raise RenderError(f"{piece} has no frame {frame}")
