"""Going through the rows by what their types cost, the worst first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from quantscope.gui.controller import Controller
from quantscope.gui.ranges.arrangement import shown_error
from quantscope.gui.ranges.model import RangesModel
from quantscope.gui.ranges.tree import RangesTree


class WorstRows(QObject):
    """A feature: the row with the lowest SQNR, and again the next lowest.

    Only where the last step led to the selected row does the next one go on from there: whoever
    selected another row, or changed what the types are, asks for the worst.
    """

    def __init__(self, controller: Controller, tree: RangesTree, model: RangesModel) -> None:
        super().__init__(tree)
        self._controller = controller
        self._tree = tree
        self._model = model
        self._order: list[str] = []  # as of the last step
        self._last = ""

    def enabled(self) -> dict[str, bool]:
        """Once types are known."""
        return {"worst": self._controller.session.plan() is not None}

    @Slot()
    def do_worst(self) -> None:
        """The row with the lowest SQNR; the next lowest where the last step led to that."""
        names, selection = self._by_quality(), self._controller.selection
        network = self._controller.readings.network
        if not names or network is None:
            return
        goes_on = selection.tensor == names[0] or (
            selection.tensor == self._last and names == self._order
        )
        place = names.index(selection.tensor) + 1 if goes_on else 0
        self._order, self._last = names, names[place % len(names)]
        self._tree.expand(self._model.layer_row_of(self._last))
        selection.select(network.tensors[self._last].layer, self._last)

    def _by_quality(self) -> list[str]:
        """The tensors whose rows have an SQNR, of those that the filter leaves."""
        readings = self._controller.readings
        errors = {name: shown_error(readings, name) for name in self._model.tensors}
        known = {name: error.sqnr_db for name, error in errors.items() if error is not None}
        return sorted(known, key=lambda name: known[name])
