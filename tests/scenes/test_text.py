"""Text set by our own way to Typst: against manim's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from manim import ORIGIN, RIGHT, MathTypst, Mobject, Typst

from engine.errors import RenderError
from scenes.mobjects.text import PREAMBLE, Formula, Label, Typeset, escape
from scenes.mobjects.typesetting import split_parts
from scenes.theme import DARK

Picture = Callable[..., np.ndarray]

TEXTS = [
    "The network bends the plane, layer by layer.",
    '\'; #panic("no")',
    "*not bold* _nor_ `raw` $x$ // no comment",
    "C:\\new\\table",
    "100 % <a> @b #c ~ [d] {e}",
    "Äpfel, naïve café, Ελλάδα, Москва, ½ ≤ π",
]
FORMULAS = [
    "h_1 = tanh(W x + b)",
    "W = mat(2.60, -2.11; -0.68, 0.99), quad b = vec(0.01, -0.02)",
    "sum_(k=1)^n x_k^2 arrow(v)",
]


def assert_alike(picture: Picture, ours: Mobject, manims: Mobject) -> None:
    assert ours.width == pytest.approx(manims.width, abs=0.012)
    assert ours.height == pytest.approx(manims.height, abs=0.012)
    one, other = (picture(mobject.scale(2).move_to(ORIGIN))[..., 0] for mobject in (ours, manims))
    assert (one > 200).sum() > 100
    assert np.abs(one - other).mean() < 0.02 * np.abs(other - other[0, 0]).mean() + 0.12
    assert (np.abs(one - other) > 100).sum() < 0.02 * (one > 100).sum()


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_set_as_it_is(picture: Picture, text: str) -> None:
    # manim's glyphs are the reference; what is verbatim to Typst is a string literal
    literal = text.replace("'", "’").replace("\\", "\\\\").replace('"', '\\"')
    if text.startswith("'"):
        literal = "‘" + literal[1:]
    reference = Typst(f'#"{literal}"', font_size=40, color=DARK.text, typst_preamble=PREAMBLE)
    assert_alike(picture, Label(text, size=40), reference)


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_look_as_manims(picture: Picture, formula: str) -> None:
    reference = MathTypst(formula, font_size=40, color=DARK.text, typst_preamble=PREAMBLE)
    assert_alike(picture, Formula(formula, size=40), reference)


def test_rules_of_a_formula_are_as_thick_as_typst_has_them(picture: Picture) -> None:
    formula = Formula("frac(x, y)", size=96)
    reference = MathTypst("frac(x, y)", font_size=96, typst_preamble=PREAMBLE)
    assert formula.width == pytest.approx(reference.width, abs=0.01)
    # the rule is a filled rectangle and grows with the rest; Typst makes it 0.048 em thick
    for scale in (1, 3):
        # just within the left end, where there is nothing but the rule
        column = picture(formula.copy().scale(scale))[:, 427 - int(29.5 * formula.width * scale), 0] > 130
        assert column.sum() == pytest.approx(0.048 * 60 * scale, abs=1)


def test_lines_break_where_they_are_told(manim_settings: None) -> None:
    one, two = Label("one"), Label("one\ntwo")
    assert two.height > 1.5 * one.height
    left, right = Label("a longer line\nx"), Label("a longer line\nx", align="right")
    assert left.width == pytest.approx(right.width, abs=0.02) and not np.allclose(left[0].points, right[0].points)


def test_quotes_become_typographic() -> None:
    assert escape("it's 'so' (\"x\")") == '#"it’s ‘so’ (\\"x\\")"'


@pytest.mark.parametrize("text", ["x", "gap", "Layer", "Ähj", "--"])
def test_text_stands_on_its_baseline(manim_settings: None, text: str) -> None:
    label = Label(text, size=48).stand_on(1.5, -2.0)
    assert label.get_left()[0] == pytest.approx(1.5)
    assert label.baseline == pytest.approx(-2.0)
    # beside an H, whose top is the highest, the text is as high above the feet of the H
    pair = Label("H" + text, size=48).stand_on(0, -2.0)
    assert pair.get_top()[1] >= label.get_top()[1] - 1e-6
    assert pair.get_bottom()[1] == pytest.approx(min(label.get_bottom()[1], -2.0), abs=0.012)
    assert Label("x", size=48).stand_on(0, -2.0).get_bottom()[1] == pytest.approx(-2.0, abs=0.012)
    label.scale(2, about_point=ORIGIN).shift(RIGHT)
    assert label.baseline == pytest.approx(-4.0)


def test_parts_of_a_formula_can_be_selected(picture: Picture) -> None:
    plain = Formula("y = tanh(W x + b)", size=40)
    formula = Formula("y = tanh({{ {{ W : weight }} x : product }} + {{ b }})", size=40)
    assert formula.width == pytest.approx(plain.width)
    # edges that two paths share are blended twice
    assert np.abs(picture(formula) - picture(plain)).max() < 40
    weight, product, bias = formula.select("weight"), formula.select("product"), formula.select(0)
    assert product.width > weight.width and weight.get_left()[0] == pytest.approx(product.get_left()[0])
    assert bias.get_left()[0] > product.get_right()[0]
    weight.set_color("#ff0000")
    reds = (np.abs(picture(formula)[..., :3] - [255, 0, 0]).max(axis=-1) < 60).sum()
    assert reds > 20
    with pytest.raises(KeyError, match="no part is called nothing; there are product, weight"):
        formula.select("nothing")


def test_colours_in_markup_are_kept(picture: Picture) -> None:
    shown = picture(Typeset('one #text(fill: rgb("#ff0000"))[two] three', size=60, color="#00ff00"))[..., :3]
    assert (np.abs(shown - [255, 0, 0]).max(axis=-1) < 40).sum() > 20
    assert (np.abs(shown - [0, 255, 0]).max(axis=-1) < 40).sum() > 40


def test_empty_text_is_nothing(manim_settings: None) -> None:
    assert len(Label("").submobjects) == 0 and Label("").baseline == 0


def test_markup_that_is_wrong_is_named(manim_settings: None) -> None:
    with pytest.raises(RenderError, match="cannot be set"):
        Typeset("#nonsense(")
    with pytest.raises(RenderError, match="without a"):
        split_parts("a {{ b")
