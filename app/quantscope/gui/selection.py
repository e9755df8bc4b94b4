"""What is selected: one object for all views, kept by the controller and not by the document."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class Selection(QObject):
    """The selected tensor and its layer, by name; empty where nothing is."""

    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer = ""
        self.tensor = ""

    def select(self, layer: str, tensor: str) -> None:
        """Select ``tensor`` of ``layer`` (empty: the layer alone) and tell the views."""
        if (layer, tensor) != (self.layer, self.tensor):
            self.layer, self.tensor = layer, tensor
            self.moved.emit()
