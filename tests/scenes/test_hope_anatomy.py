"""Images are taken apart into what they were drawn from, and nothing is lost or added."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from engine import load_dataset
from scenes.hope.anatomy import Anatomy
from scenes.hope.skeleton import branches, neighbours, pruned, rings, thin

SIZE = 28
GRID = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE), indexing="ij"), axis=-1).astype(float)


def line(start: tuple[float, float], end: tuple[float, float], half: float = 1.3) -> np.ndarray:
    """A stroke from one (row, column) to another, soft at its edges."""
    a, b = np.array(start), np.array(end)
    along = np.clip(((GRID - a) @ (b - a)) / max(float((b - a) @ (b - a)), 1e-9), 0, 1)
    far = np.linalg.norm(GRID - (a + along[..., None] * (b - a)), axis=-1)
    return np.clip(half + 0.5 - far, 0, 1)


def ring(middle: tuple[float, float], radius: float, half: float = 1.3) -> np.ndarray:
    """A circle, soft at its edges."""
    far = np.abs(np.linalg.norm(GRID - np.array(middle), axis=-1) - radius)
    return np.clip(half + 0.5 - far, 0, 1)


def together(*shapes: np.ndarray) -> np.ndarray:
    return np.asarray(np.max(shapes, axis=0))


DRAWN = {
    "a line": (line((4, 14), (24, 14)), 0, 1),
    "a slanted line": (line((4, 20), (24, 8)), 0, 1),
    "a ring": (ring((14, 14), 8), 1, 0),
    "a ring with a tail": (together(ring((9, 14), 5), line((9, 19), (25, 19))), 1, 1),
    "two rings": (together(ring((8, 14), 5), ring((19, 14), 5.5)), 2, 0),
    "a corner": (together(line((4, 8), (23, 8)), line((23, 8), (23, 22))), 0, 2),
    "a cross": (together(line((4, 14), (24, 14)), line((14, 4), (14, 24))), 0, 2),
    "two lines": (together(line((4, 6), (24, 6)), line((4, 20), (24, 20))), 0, 2),
    "a dot": (line((14, 14), (14, 14)), 0, 1),
}


@pytest.mark.parametrize("name", DRAWN)
def test_what_was_drawn_is_found(name: str) -> None:
    image, loops, strokes = DRAWN[name]
    anatomy = Anatomy(image)
    assert (anatomy.loops, anatomy.strokes) == (loops, strokes)
    assert [part.kind for part in anatomy.parts] == ["loop"] * loops + ["stroke"] * strokes


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_images_of_one_pixel(size: float) -> None:
    anatomy = Anatomy(np.full((1, 1), size))
    assert len(anatomy.parts) == (size > 0)
    assert anatomy.pieces.sum() == size


def test_an_empty_image_has_no_parts() -> None:
    anatomy = Anatomy(np.zeros((8, 8)))
    assert anatomy.parts == [] and anatomy.pieces.shape == (0, 8, 8) and len(anatomy.edges().masks) == 0


def test_middle_lines_lie_in_the_middle() -> None:
    stroke = Anatomy(line((4, 11), (24, 11))).parts[0]
    assert stroke.line[:, 1] == pytest.approx(11, abs=0.3)
    assert (stroke.line[:, 0].min(), stroke.line[:, 0].max()) == pytest.approx((4, 24), abs=1.6)
    loop = Anatomy(ring((14, 13), 8)).parts[0]
    assert np.linalg.norm(loop.line - [14, 13], axis=1) == pytest.approx(8, abs=0.5)


@pytest.mark.parametrize("half", [1.3, 2.5])
def test_thickness_is_that_of_the_pen(half: float) -> None:
    assert Anatomy(line((5, 14), (23, 14), half)).thickness == pytest.approx(2 * half, abs=0.6)


def test_each_pixel_belongs_to_the_part_it_was_drawn_with() -> None:
    circle, tail = ring((9, 12), 5), line((14, 12), (26, 12))
    pieces = Anatomy(together(circle, tail)).pieces
    only_circle, only_tail = (circle > 0.5) & (tail == 0), (tail > 0.5) & (circle == 0)
    assert pieces[0][only_circle].all() and not pieces[1][only_circle].any()
    lower = only_tail & (GRID[..., 0] > 17)
    assert pieces[1][lower].all() and not pieces[0][lower].any()


@pytest.fixture(scope="module")
def digits() -> list[np.ndarray]:
    return list(load_dataset("digits").x[:60].reshape(-1, 8, 8))


def test_pieces_add_up_to_the_image(digits: list[np.ndarray]) -> None:
    for image in digits:
        anatomy = Anatomy(image)
        assert anatomy.parts
        assert anatomy.pieces.sum(axis=0) == pytest.approx(image)
        assert np.count_nonzero(anatomy.pieces, axis=0).max() == 1
        assert 0 <= anatomy.coverage <= 1 and anatomy.seam >= 0


def test_there_are_as_many_loops_as_holes(digits: list[np.ndarray]) -> None:
    for image in digits:
        anatomy = Anatomy(image)
        holes = ndimage.label(np.pad(~anatomy._shape(), 1, constant_values=True))[1] - 1
        assert anatomy.loops == holes


def test_thin_lines_are_as_connected_as_their_shape(digits: list[np.ndarray]) -> None:
    square = np.ones((3, 3))
    for image in digits[:20]:
        shape = Anatomy(image)._shape()
        lines = thin(shape)
        assert (lines <= shape).all()
        assert ndimage.label(lines, square)[1] == ndimage.label(shape, square)[1]
        assert ndimage.label(~np.pad(lines, 1))[1] == ndimage.label(~np.pad(shape, 1))[1]
        # no square of four pixels is left
        assert not (lines[1:, 1:] & lines[1:, :-1] & lines[:-1, 1:] & lines[:-1, :-1]).any()


def test_no_piece_is_lost() -> None:
    shape = np.zeros((9, 9), bool)
    shape[1:3, 1:3] = shape[5:7, 4:8] = True  # thinning alone takes away small squares whole
    assert ndimage.label(thin(shape), np.ones((3, 3)))[1] == 2


def test_branches_hold_every_pixel_and_follow_neighbours() -> None:
    lines = thin(together(ring((10, 14), 6), line((16, 14), (26, 14))) > 0.5)
    chains, near = branches(lines), neighbours(lines)
    assert {pixel for chain in chains for pixel in chain} == set(near)
    for chain in chains:
        assert all(after in near[before] for before, after in zip(chain, chain[1:], strict=False))


def test_spurs_go_and_strokes_stay() -> None:
    lines = np.zeros((20, 20), bool)
    lines[10, 2:18] = True
    lines[8:10, 9] = True  # a spur of two pixels
    reach = np.full((20, 20), 4.0)
    kept = pruned(lines, reach)
    assert not kept[8, 9] and kept[10, 2:18].all()
    lines[2:10, 9] = True  # now it is a branch of eight
    assert (pruned(lines, reach) == lines).all()


def test_rings_are_what_encloses_a_hole() -> None:
    lines = np.zeros((12, 12), bool)
    lines[2, 2:8] = lines[7, 2:8] = lines[2:8, 2] = lines[2:8, 7] = True
    closed = lines.copy()
    lines[7, 7:12] = True  # a tail
    (found,) = rings(lines)
    assert (found == closed).sum() >= 144 - 1 and not found[7, 9:].any()


def test_edges_are_steep_and_of_one_direction() -> None:
    anatomy = Anatomy(DRAWN["a ring with a tail"][0])
    edges = anatomy.edges(directions=8)
    down, across = np.gradient(anatomy.enlarged)
    assert len(edges.masks) > 8 and (np.sum(edges.masks, axis=0) <= 1).all()
    for mask, owner in zip(edges.masks, edges.owners, strict=True):
        assert edges.slope[mask].min() >= 0.25
        angles = np.exp(1j * np.arctan2(down, across)[mask])
        assert np.abs(np.angle(angles / angles.mean())).max() < np.pi / 4
        assert ndimage.label(mask)[1] == 1
        # it lies by the line of the part that it is said to belong to
        places = anatomy._in_image(np.argwhere(mask))
        far = [np.linalg.norm(places[:, None] - part.line[None], axis=-1).min(axis=1) for part in anatomy.parts]
        assert (np.argmin(far, axis=0) == owner).all()
