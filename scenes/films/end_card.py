"""The last picture of a film: what was trained, and the command that makes the film again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from manim import LEFT, Typst

from scenes.mobjects.text import PREAMBLE, escape
from scenes.theme import DARK, TEXT, Theme

if TYPE_CHECKING:
    from engine.recording import Recording

EDGE = 1.2  # where the card's left edge is


def facts(recording: Recording) -> list[tuple[str, str]]:
    """What there is to say about a training, by name, all of it from the recording."""
    network = recording.network()
    sizes = [*network.input_shape, *(shape[-1] for shape in network.layer_shapes)]
    epoch = recording.epochs[-1]
    said = [
        ("network", "–".join(map(str, sizes))),
        ("parameters", f"{network.parameter_count:,}"),
        ("epochs", f"{epoch:,}"),
    ]
    measured = recording.evaluate(epoch)
    said.append(
        ("accuracy", f"{measured['accuracy']:.1%}") if "accuracy" in measured else ("loss", f"{measured['loss']:.3g}")
    )
    return [*said, ("seed", str(recording.network_config["seed"]))]


def end_card(title: str, recording: Recording, command: str, theme: Theme = DARK) -> Typst:
    """A title, the facts as a table, and a command, in the right half of the frame."""
    muted, bright = f'rgb("{theme.muted}")', f'rgb("{theme.highlight}")'
    rows = "".join(f"text(fill: {muted})[{escape(name)}], [{escape(value)}], " for name, value in facts(recording))
    source = (
        f'#text(size: 1.35em, weight: "bold")[{escape(title)}]\n'
        f"#v(0.9em)\n#grid(columns: 2, column-gutter: 1.4em, row-gutter: 0.75em, {rows})\n"
        f"#v(1.1em)\n#text(fill: {muted}, size: 0.85em)[To make this film yourself:]\n#v(0.1em)\n"
        f'#text(fill: {bright}, size: 0.95em)[#raw("{command}")]'
    )
    card = Typst(source, font_size=TEXT.readout, color=theme.text, typst_preamble=PREAMBLE)
    return card.move_to([EDGE, 0.0, 0.0], aligned_edge=LEFT)
