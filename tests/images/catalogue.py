"""All test images by name."""

from __future__ import annotations

from pathlib import Path

from images.defects import DEFECTS
from images.definition import Definition, from_folder
from images.serving import SERVING
from images.strange import STRANGE

HERE = Path(__file__).resolve().parent
DEBIAN = "debian"
"""The system everything starts from: by mmdebstrap where that can be had, otherwise from its Dockerfile."""
FOLDERS = [from_folder(path.parent) for path in sorted(HERE.glob("*/Dockerfile"))]

DEFINITIONS: dict[str, Definition] = {
    definition.name: definition for definition in (*FOLDERS, *DEFECTS, *STRANGE, *SERVING)
}
"""Parents come from the same table: an image is built after what it starts from."""
