"""What stands between the scenes of a film: its title, a thought, and what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from manim import LEFT, UP, linear, smooth

from engine.errors import RenderError
from engine.experiment import list_experiments
from scenes.films.end_card import facts
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label, Typeset, escape
from scenes.stage import Stage
from scenes.theme import SAFE, TEXT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.recording import Recording

TITLE_SIZE, WORDS_SIZE = 84.0, 60.0
READING = 15.0  # characters a second
SHORTEST = 2.2  # seconds
ENTERING = 0.9
WIDTH = SAFE.width - 1.5
MOST_RUNS = 8  # in the table of an end card
COLUMNS = ("network", "parameters", "epochs", "accuracy", "held out")


class Card(Stage):
    """Words alone.

    Options: ``title`` and ``text``, the large and the small words; ``seconds``, how long they stay.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ("title", "text", "seconds", "film_title", "command")
    size = WORDS_SIZE

    @property
    def words(self) -> tuple[str, str]:
        """The large words and the small ones."""
        return str(self.options.get("title", "")), str(self.options.get("text", ""))

    def construct(self) -> None:
        title, text = self.words
        if not (title.strip() or text.strip()):
            raise RenderError("a card without title and text has nothing to say")
        theme = self.theme
        large = block(title, self.size, theme.text, bold=True) if title.strip() else None
        small = block(text, TEXT.heading, theme.muted) if text.strip() else None
        if large is not None and small is not None:
            small.next_to(large, -UP, buff=0.85, aligned_edge=LEFT)
        stills = [Still(label) for label in (large, small) if label is not None]
        low, high = min(s.points[:, 1].min() for s in stills), max(s.points[:, 1].max() for s in stills)
        left = -max(float(np.ptp(s.points[:, 0])) for s in stills) / 2
        for still in stills:
            still.shift([left - still.points[:, 0].min(), 0.2 - (low + high) / 2, 0])
            still.set_opacity(0)
        rule = None
        if large is not None and small is not None:
            y = (stills[0].points[:, 1].min() + stills[1].points[:, 1].max()) / 2
            rule = Polylines([np.array([[left, y], [left + 0.01, y]])], theme.highlight, 3.0, opacity=0.0)
            self.add(rule)
        self.add(*stills)

        def enter(share: float) -> None:
            for k, still in enumerate(stills):
                still.set_opacity(smooth(float(np.clip(2 * share - k * 0.8, 0, 1))))
            if rule is not None:
                drawn = smooth(float(np.clip(1.6 * share, 0, 1)))
                rule.points[-1, 0] = left + 0.01 + 1.4 * drawn
                rule.set_opacity(drawn)

        self.play_clock(ENTERING, enter, rate_func=linear)
        seconds = float(self.options.get("seconds", max(SHORTEST, len(title + text) / READING + 0.8)))
        self.wait(max(seconds - ENTERING, 0.1))


class TitleCard(Card):
    """The film's title, with a line under it."""

    size = TITLE_SIZE

    @property
    def words(self) -> tuple[str, str]:
        title, text = super().words
        return title or str(self.options.get("film_title", "")), text


class WordsCard(Card):
    """A thought, large, with a smaller one under it."""


class EndCard(Stage):
    """What was trained, in numbers of the recordings, and the command that makes the film again.

    Options: ``title``, above the table, by default the film's; ``text``, in place of the command; ``seconds``.
    """

    OPTIONS = ("title", "text", "seconds", "film_title", "command")

    def construct(self) -> None:
        title = str(self.options.get("title") or self.options.get("film_title", ""))
        command = str(self.options.get("command", ""))
        card = Still(end_table(title, self.recordings, self.options.get("text"), command, self.theme))
        card.set_opacity(0)
        self.add(card)
        self.play_clock(ENTERING, card.set_opacity, card)
        self.wait(max(float(self.options.get("seconds", 6.0)) - ENTERING, 0.1))


def end_table(title: str, recordings: Mapping[str, Recording], text: Any, command: str, theme: Theme) -> Typeset:
    """A title, a row for each recording, and the command (or other words), in the middle of the frame."""
    muted, bright = f'rgb("{theme.muted}")', f'rgb("{theme.highlight}")'
    body = f'#text(size: 1.6em, weight: "bold")[{escape(title)}]\n'
    trained = each_once(recordings)
    shown = trained[:MOST_RUNS]
    if shown:
        rows = [
            {**dict(facts(recording)), "network": layers_of(recording), **held_out(recording)} for _, recording in shown
        ]
        names = [name for name, _ in shown]
        columns = [name for name in COLUMNS if any(name in row for row in rows)]
        if not all("accuracy" in row for row in rows):
            columns.insert(3, "loss")
        columns = [name for name in columns if any(name in row for row in rows)]
        head = "".join(f"text(fill: {muted})[{escape(name)}], " for name in ("recording", *columns))
        cells = "".join(
            f"[{escape(name)}], " + "".join(f"[{escape(row.get(column, '–'))}], " for column in columns)
            for name, row in zip(names, rows, strict=True)
        )
        body += (
            f"#v(0.9em)\n#text(size: 0.9em)[#table(columns: {len(columns) + 1}, stroke: none, column-gutter: 1.3em, "
            f"inset: (x: 0pt, y: 0.34em), align: (left, left, ..range({len(columns) - 1}).map(_ => right)), "
            f"{head}{cells})]\n"
        )
        if len(trained) > len(shown):
            body += f"#text(fill: {muted}, size: 0.85em)[{escape(f'and {len(trained) - len(shown)} more')}]\n"
    if text:
        body += f"#v(0.8em)\n#text(fill: {muted}, size: 0.95em)[{escape(str(text))}]\n"
    if not text:
        body += f"#v(1.0em)\n#text(fill: {muted}, size: 0.9em)[To make this film yourself:]\n"
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    body += f'#v(0.2em)\n#text(fill: {bright}, size: 1em)[#raw("{quoted}")]'
    card = Typeset(body, TEXT.heading, theme.text)
    share = min(SAFE.width / card.width, SAFE.height / card.height)
    if share < 1:
        card.scale(share)
    return card.move_to([0.0, 0.0, 0.0])


def each_once(recordings: Mapping[str, Recording]) -> list[tuple[str, Recording]]:
    """What is told of recordings, with their names; a run that stands in for several experiments once."""
    found: dict[tuple[str, Path], tuple[str, Recording]] = {}
    for key, recording in recordings.items():
        name = told_as(key, recording)
        found.setdefault((name, recording.path.resolve()), (name, recording))
    return list(found.values())


def told_as(key: str, recording: Recording) -> str:
    """What a recording is called: the experiment that it is of, where another one may stand in for the film's."""
    of = recording.experiment
    return of.name if of is not None and key in list_experiments() else key


def held_out(recording: Recording) -> dict[str, str]:
    """How many answers are right on data that were held out from training, where there are any."""
    measured = recording.metrics.get("val_accuracy")
    return {} if measured is None else {"held out": f"{measured[-1]:.1%}"}


def layers_of(recording: Recording) -> str:
    """A network in a few letters: the units of dense layers, or what goes in and how many layers there are."""
    network = recording.network_config
    layers = [layer for layer in network["layers"] if layer["type"] != "dropout"]
    if len(network["input_shape"]) == 1 and all(layer["type"] == "dense" for layer in layers):
        return "–".join(str(size) for size in (*network["input_shape"], *(layer["units"] for layer in layers)))
    return f"{'×'.join(map(str, network['input_shape']))}, {len(layers)} layers"


def block(text: str, size: float, color: str, **kwargs: Any) -> Label:
    """Lines of text that are at most as wide as a card, smaller than `size` if they must be."""
    label = Label(text, size=size, color=color, **kwargs)
    if label.width > WIDTH:
        label = Label(text, size=size * WIDTH / label.width, color=color, **kwargs)
    return label
