"""What is selected: one object for all views, kept by the controller and not by the document."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

Row = tuple[str, str]  # a layer, and its tensor; no tensor: the layer alone


class Selection(QObject):
    """The selected tensor and its layer, by name; empty where nothing is.

    ``rows`` are all that edits apply to: that one, or several with it.
    """

    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer = ""
        self.tensor = ""
        self._several: tuple[Row, ...] = ()
        self._tensors: tuple[str, ...] = ()
        self._layers: tuple[str, ...] = ()

    def select(self, layer: str, tensor: str, rows: tuple[Row, ...] = ()) -> None:
        """Select ``tensor`` of ``layer`` (empty: the layer alone), with ``rows`` or by itself."""
        several = () if rows == ((layer, tensor),) else rows
        if (layer, tensor, several) != (self.layer, self.tensor, self._several):
            self.layer, self.tensor, self._several = layer, tensor, several
            self._tensors = tuple(dict.fromkeys(name for _, name in self.rows if name))
            self._layers = tuple(dict.fromkeys(name for name, _ in self.rows if name))
            self.moved.emit()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The selected rows from top to bottom."""
        if self._several:
            return self._several
        return ((self.layer, self.tensor),) if self.layer or self.tensor else ()

    @property
    def tensors(self) -> tuple[str, ...]:
        """The tensors that edits of types apply to."""
        return self._tensors

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that edits of layers apply to."""
        return self._layers
