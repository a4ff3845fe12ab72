"""A sheet that hangs anywhere in space, as lit facets."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenes.mobjects.surface import Surface
from scenes.mobjects.view import View
from scenes.theme import DARK, Theme


class Sheet(Surface):
    """A lattice of places in space, which may lie over one another, as facets lit from one side.

    Parameters
    ----------
    places : array (R, C, 3)
        Neighbours in the lattice are joined.
    colours : str or array (R - 1, C - 1, 3)
        One colour for all facets, or of each.
    mesh : int
        Every how many rows and columns a line is drawn; 0 is none.
    view : View, optional
        For flat scenes. After it has changed call `look`.
    """

    def __init__(
        self,
        places: np.ndarray,
        colours: Any,
        mesh: int = 0,
        view: View | None = None,
        theme: Theme = DARK,
        opacity: float = 1.0,
        **kwargs: Any,
    ) -> None:
        places = np.asarray(places, dtype=np.float64)
        super().__init__(places[..., 2], colours=colours, mesh=mesh, view=view, theme=theme, opacity=opacity, **kwargs)
        self.set_places(places)

    def set_places(self, places: np.ndarray) -> Sheet:
        """Move the whole lattice, to (R, C, 3) as before."""
        places = np.asarray(places, dtype=np.float64)
        if places.shape != (*self.shape, 3):
            raise ValueError(f"places of shape {places.shape} do not fit a sheet of {self.shape}")
        self.grid = places.copy()
        self._light()
        self.look()
        return self
