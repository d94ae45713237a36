"""What layers have, remembered by their digest: images that share layers share the work, and so do two runs."""

from __future__ import annotations

from amlcheck.image.layer import Layer, LayerIndex
from amlcheck.image.tree import Wanted


class LayerCache:
    """The indexes of layers, in a folder."""

    def get(self, layer: Layer, wanted: Wanted) -> LayerIndex | None:
        """The index of a layer, where it is remembered."""
        return None

    def put(self, layer: Layer, wanted: Wanted, index: LayerIndex) -> None:
        """Remembers the index of a layer that was read and verified."""
