"""What an example is, and what the network says that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from manim import Mobject, VGroup

from scenes.images import image_fault
from scenes.mobjects.field import Field
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.plane_panel import PlanePanel
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.rectangles import arranged, outlines
from scenes.mobjects.writing import LEFT, written
from scenes.theme import DARK, TEXT, Theme, Zone, rgb

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.journey.course import Course

WORDS = 1.25  # room under the picture for what it is and what is said
SAYS = 0.95  # from the left edge to the names of classes
LINE = 0.5
MOST_POINTS = 400
POINT, CHOSEN, RIM = 0.035, 0.085, 0.06  # radii, and how far the highlight reaches beyond

IMAGE, POINT_OF_PLANE, NUMBER = "image", "point", "example"


def kind_of(recording: Recording) -> str:
    """What an example is called: an image, a point of the plane, or just an example."""
    data = recording.data
    if image_fault("journey", recording) is None or (data.image_shape is not None and data.image_shape[-1] == 3):
        return IMAGE
    return POINT_OF_PLANE if data.x.shape[1:] == (2,) else NUMBER


def picture_of(course: Course, number: int, zone: Zone, theme: Theme = DARK) -> VGroup:
    """An image in a frame; of other data its number in one."""
    data = course.recording.data
    if kind_of(course.recording) != IMAGE:
        box = arranged(1, zone)
        frame = Polylines(outlines(box), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
        middle = (float(box[0, :2].mean()), float(box[0, 2:].mean()))
        text = written(f"No. {course.numbers[number] + 1:,}", middle, size=TEXT.heading, color=theme.text,
                       widest=0.9 * float(box[0, 1] - box[0, 0]))  # fmt: skip
        return VGroup(frame, text)
    assert data.image_shape is not None
    low, high = min(0.0, float(data.x.min())), float(data.x.max())
    image = np.asarray(course.x[number], dtype=np.float64).reshape(data.image_shape)
    if image.ndim == 2 or image.shape[2] == 1:
        return ImagePanel(image.reshape(image.shape[:2]), zone, low, high, theme)
    box = arranged(1, zone, image.shape[1] / image.shape[0])
    shares = np.clip((image - low) / max(high - low, 1e-12), 0.0, 1.0)
    frame = Polylines(outlines(box), np.array([[*rgb(theme.muted), 0.8]]), 1.5)
    return VGroup(Field(shares, Zone(*box[0]), smooth=False), frame)


class Portrait(VGroup):
    """The example as it is, with its class, and under it what the network takes it for at a moment.

    A point of the plane is shown among the other examples, over the regions of the network of the moment.

    Parameters
    ----------
    course : Course
    number : int
        Of the example.
    zone : Zone
        Of the picture and the words.

    Attributes
    ----------
    picture : VGroup
    said : dict of int to Still
        The names of the classes that it is ever taken for; only that of the moment is to be seen.
    """

    def __init__(self, course: Course, number: int, zone: Zone, theme: Theme = DARK) -> None:
        self.course, self.number, self.theme = course, number, theme
        self.answers, self.label = course.answers[:, number], int(course.y[number])
        above = Zone(zone.left, zone.right, zone.bottom + WORDS, zone.top)
        self.panel: PlanePanel | None = None
        plane = kind_of(course.recording) == POINT_OF_PLANE
        self.picture: VGroup = self._in_plane(above) if plane else picture_of(course, number, above, theme)
        left = zone.left
        rows = (zone.bottom + WORDS - 0.4, zone.bottom + WORDS - 0.4 - LINE)
        room, names = zone.right - left - SAYS, course.names
        self.named = VGroup(
            written("is", (left, rows[0]), LEFT, TEXT.readout, theme.muted),
            written(names[self.label], (left + SAYS, rows[0]), LEFT, TEXT.readout, theme.text, widest=room),
        )
        self.says = written("says", (left, rows[1]), LEFT, TEXT.readout, theme.muted)
        self.said = {
            int(k): written(names[k], (left + SAYS, rows[1]), LEFT, TEXT.readout,
                            theme.accuracy if k == self.label else theme.loss, widest=room)
            for k in np.unique(self.answers)
        }  # fmt: skip
        self.verdict = VGroup(self.says, *self.said.values())
        self.strength, self.answer = 0.0, int(self.answers[0])
        super().__init__(self.picture, self.named, self.verdict)
        self.show_verdict(0.0)

    def _in_plane(self, zone: Zone) -> VGroup:
        course, theme = self.course, self.theme
        box = arranged(1, zone)[0]
        square = Zone(*box)
        shown = np.unique(np.linspace(0, len(course.x) - 1, min(len(course.x), MOST_POINTS)).round().astype(int))
        start = course.network(course.moments[0])
        examples = (course.x[shown], course.y[shown])
        self.panel = PlanePanel(course.recording, square, start, radius=POINT, examples=examples, theme=theme)
        at = self.panel.look(course.x[self.number : self.number + 1])
        rim = PointCloud(at, theme.text, CHOSEN + RIM)
        self.point = PointCloud(at, theme.class_colours(np.array([self.label])), CHOSEN, theme.background)
        return VGroup(self.panel, rim, self.point)

    @property
    def moving(self) -> list[Mobject]:
        """What changes with the moment."""
        return [self.verdict, *([] if self.panel is None or self.panel.regions is None else [self.panel.regions])]

    def show_verdict(self, strength: float) -> Portrait:
        """Set how visible it is what the network says."""
        self.strength = strength
        return self._show()

    def set_opacity(self, opacity: float, family: bool = True) -> Portrait:
        self.picture.set_opacity(opacity)
        if self.panel is not None:
            self.panel.rings.set_opacity(0.0)
        self.named.set_opacity(opacity)
        return self.show_verdict(min(opacity, self.strength))

    def _show(self) -> Portrait:
        self.says.set_opacity(self.strength)
        if self.panel is not None and self.panel.regions is not None:
            self.panel.regions.set_opacity(self.strength)
        for k, name in self.said.items():
            name.set_opacity(self.strength if k == self.answer else 0.0)
        return self

    def set_share(self, share: float) -> Portrait:
        """Show what is said when a part of the playing time has passed."""
        self.answer = int(self.answers[self.course.nearest(share)])
        if self.panel is not None:
            self.panel.set_network(self.course.replay.network_at(self.course.pace.moment(share)))
        return self._show()
