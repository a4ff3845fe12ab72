"""Colours stay apart, for colour-blind viewers too."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ConfigurationError
from scenes.theme import (
    CAPTION,
    DARK,
    FRAME_HEIGHT,
    FRAME_WIDTH,
    HEADING,
    PICTURE,
    READOUTS,
    SAFE,
    THEMES,
    Theme,
    find_theme,
    rgb,
)

# Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009,
# severity 1.0, on linear RGB
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson's Oklab, in which equal distances look about equally different; 2 or so is just seen
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colours: list[str]) -> np.ndarray:
    shares = np.array([rgb(colour) for colour in colours])
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def differences(colours: list[str], vision: str) -> np.ndarray:
    """How different the colours look to each other, float64 (n, n), infinite on the diagonal."""
    seen = np.clip(linear(colours) @ VISION[vision].T, 0, 1)
    lab = 100 * np.cbrt(seen @ TO_LMS.T) @ TO_LAB.T
    return np.linalg.norm(lab[:, None] - lab[None], axis=-1) + np.diag(np.full(len(colours), np.inf))


def contrast(first: str, second: str) -> float:
    """The contrast ratio of the web accessibility guidelines, 1 to 21."""
    high, low = sorted((float(linear([c])[0] @ (0.2126, 0.7152, 0.0722)) for c in (first, second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("vision", VISION)
def test_classes_stay_apart(vision: str, theme: Theme) -> None:
    classes = list(theme.classes)
    assert differences(classes[:2], vision).min() > 20
    assert differences(classes[:4], vision).min() > 15
    assert differences(classes[:6], vision).min() > 11
    assert differences(classes, vision).min() > 7
    assert differences([*classes, theme.background], vision)[-1].min() > 22


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("vision", VISION)
def test_colours_with_meanings_stay_apart(vision: str, theme: Theme) -> None:
    assert differences([theme.positive, theme.negative, theme.background], vision).min() > 20
    # curves and read-outs that stand beside each other
    assert differences([theme.loss, theme.accuracy, theme.background], vision).min() > 9
    assert differences([theme.highlight, theme.background, theme.muted], vision)[0].min() > 8
    assert differences(list(theme.grid), vision).min() > 5


def test_colours_that_look_alike_are_noticed() -> None:
    assert (
        differences(["#ff0000", "#967300"], "deuteranopia").min()
        < 15
        < differences(["#ff0000", "#967300"], "normal").min()
    )


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
def test_what_is_drawn_is_readable(theme: Theme) -> None:
    assert contrast(theme.text, theme.background) > 12
    assert contrast(theme.muted, theme.background) > 4.5
    assert contrast(theme.activation, theme.background) > 15
    signs = (theme.positive, theme.negative, theme.loss, theme.accuracy, theme.highlight)
    assert all(contrast(colour, theme.background) > 3 for colour in (*theme.classes[:3], *signs))
    assert all(contrast(colour, theme.background) > 2.2 for colour in theme.classes)
    # quieter than data, but there
    assert all(1.4 < contrast(colour, theme.background) < 7 for colour in (theme.faint, *theme.grid))


def test_zones_lie_in_the_frame_and_leave_the_picture_alone() -> None:
    for zone in (SAFE, HEADING, READOUTS, CAPTION, PICTURE):
        assert zone.width > 0 and zone.height > 0
        assert -FRAME_WIDTH / 2 < zone.left < zone.right < FRAME_WIDTH / 2
        assert -FRAME_HEIGHT / 2 < zone.bottom < zone.top < FRAME_HEIGHT / 2
    assert CAPTION.top < PICTURE.bottom and PICTURE.top < HEADING.bottom and HEADING.right < READOUTS.left


def test_labels_and_weights_have_their_colours() -> None:
    assert DARK.class_colour(0) == DARK.classes[0] and DARK.class_colour(10) == DARK.classes[0]
    assert np.allclose(DARK.class_colours(np.array([1, 0, 11])), [rgb(DARK.classes[k]) for k in (1, 0, 1)])
    colours = DARK.weight_colours(np.array([[2.0, -1.0], [0.0, -8.0]]), 4.0)
    assert np.allclose(colours[0, 0], (*rgb(DARK.positive), 0.5))
    assert np.allclose(colours[0, 1], (*rgb(DARK.negative), 0.25))
    assert colours[1, 0, 3] == 0 and colours[1, 1, 3] == 1


def test_an_unknown_theme_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="known: dark, light"):
        find_theme("sepia")
