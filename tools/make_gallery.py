"""Draw the storyboards of docs/gallery.md again: python tools/make_gallery.py [SCENE ...]

What each scene is told with is trained first, with what stands in for it where its data would have to be downloaded
and no folder is given (NEUROFILM_DATA_DIR). Recordings are kept in runs/.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cli.recordings import recordings_of_scene  # noqa: E402
from scenes import storyboard  # noqa: E402
from scenes.registry import SCENES  # noqa: E402

FOLDER = ROOT / "docs" / "gallery"
STILLS = 6
WIDTH = 1200  # pixels of a sheet
QUALITY = 72  # of JPEG


def draw(name: str) -> None:
    """Leave the storyboard of a scene as docs/gallery/NAME.jpg."""
    recordings = recordings_of_scene(name, [])
    with tempfile.TemporaryDirectory() as folder:
        sheet = Path(folder) / "sheet.png"
        storyboard(name, recordings, sheet, frames=STILLS, quality="l")
        with Image.open(sheet) as image:
            height = round(image.height * WIDTH / image.width)
            small = image.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.save(FOLDER / f"{name}.jpg", quality=QUALITY, optimize=True)


def page() -> str:
    """The page with all of them."""
    parts = [
        "# Scenes\n\nSix stills of each scene, at even times, with the recordings that it is told with. "
        "`make gallery` draws them again.\n"
    ]
    for name, entry in SCENES.items():
        experiments = ", ".join(f"`{experiment}`" for experiment in entry.experiments)
        others = f", or with any others, at most {entry.any_runs}" if entry.any_runs else ""
        parts.append(
            f"## {name}\n\n{entry.summary}: `neurofilm render {name}`, told with {experiments}{others}.\n\n"
            f"![Six stills of the scene {name}](gallery/{name}.jpg)\n"
        )
    return "\n".join(parts)


def main() -> None:
    unknown = [name for name in sys.argv[1:] if name not in SCENES]
    if unknown:
        sys.exit(f"there is no scene {unknown[0]!r}: choose from {', '.join(SCENES)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or SCENES:
        draw(name)
        print(FOLDER / f"{name}.jpg", flush=True)
    (FOLDER.parent / "gallery.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
