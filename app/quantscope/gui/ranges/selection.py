"""One selection for tree, heat map and controller: whichever a person uses, the others follow."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QObject, Qt, Slot

from quantscope.gui.controller import Controller
from quantscope.gui.ranges.heat_map import HeatMap
from quantscope.gui.ranges.model import Place, RangesModel
from quantscope.gui.ranges.tree import RangesTree
from quantscope.gui.selection import Row

Modifier = Qt.KeyboardModifier


class RowSelection(QObject):
    """The rows that a person chose: with Shift all between two, with Ctrl one more or less.

    They are a set of places and not Qt's selection, which asks a model for thousands of parents
    to find out whether one cell is selected (Qt 6.11); Qt's selection is the current row. Only
    rows in sight are in it, so that nobody edits what a closed layer hides.

    Invariant: ``_places[i]`` is what row ``i`` of the heat map shows, and ``_rows`` its inverse.
    """

    def __init__(
        self, controller: Controller, tree: RangesTree, model: RangesModel, heat: HeatMap
    ) -> None:
        super().__init__(tree)
        self._controller = controller
        self._tree = tree
        self._model = model
        self._heat = heat
        self._places: list[Place] = []
        self._rows: dict[Place, int] = {}
        self._chosen: set[Place] = set()
        self._anchor = -1  # the row from which Shift counts
        tree.selectionModel().currentChanged.connect(self._follow)
        tree.pressed_with.connect(self._press_tree)
        tree.toggled.connect(self._toggle_current)
        controller.selection.moved.connect(self.show)

    def set_places(self, places: list[Place]) -> None:
        """Other rows are in sight."""
        self._places = places
        self._rows = {place: row for row, place in enumerate(places)}
        if len(self._chosen) > 1:
            self._choose(row for place in self._chosen if (row := self._rows.get(place, -1)) >= 0)

    def row_of(self, index: QModelIndex) -> int:
        """The row of the heat map that an index of the tree belongs to; -1 where none does."""
        return self._rows.get(self._model.place_of(index), -1) if index.isValid() else -1

    # ---- what is chosen

    def _choose(self, rows: Iterable[int]) -> None:
        """Let ``rows`` be the chosen ones, with the tree's current row."""
        current = self._tree.currentIndex()
        if not current.isValid():
            return
        self._chosen = {self._places[row] for row in rows}
        names = tuple(map(self._names_in, sorted(map(self._rows.__getitem__, self._chosen))))
        layer, tensor = self._model.layer_at(current), self._model.tensor_at(current)
        self._controller.selection.select(layer.name, tensor, names)
        self._mark()

    def _choose_one(self, row: int) -> None:
        self._anchor = row
        self._choose([row] if row >= 0 else [])

    def _names_in(self, row: int) -> Row:
        """Layer and tensor of a row; below a heading are tensors of its layer."""
        network, tensors = self._controller.readings.network, self._heat.rows
        assert network is not None
        return network.tensors[tensors[row] or tensors[row + 1]].layer, tensors[row]

    def _mark(self) -> None:
        rows = [self._rows[place] for place in self._chosen if place in self._rows]
        self._heat.set_selected(self.row_of(self._tree.currentIndex()), rows)
        self._tree.set_chosen(frozenset(self._chosen))

    # ---- from the tree

    @Slot(QModelIndex)
    def _follow(self, current: QModelIndex, _: object = None) -> None:
        """The current row is another: by a key, by the mouse, or by a program (no modifier)."""
        row = self.row_of(current)
        if self._tree.held & Modifier.ShiftModifier:
            self._choose(self._between(row))
        elif self._tree.held & Modifier.ControlModifier:
            self._choose(self._rows[place] for place in self._chosen)
        elif current.isValid():
            self._choose_one(row)

    @Slot(QModelIndex, object)
    def _press_tree(self, index: QModelIndex, modifiers: Modifier) -> None:
        row = self.row_of(index)
        if modifiers & Modifier.ControlModifier:
            self._toggle(row)
        elif modifiers & Modifier.ShiftModifier:
            self._choose(self._between(row))
        else:
            self._choose_one(row)

    @Slot()
    def _toggle_current(self) -> None:
        self._toggle(self.row_of(self._tree.currentIndex()))

    def _toggle(self, row: int) -> None:
        """Add a row, or leave it out; the last one stays."""
        left = self._chosen ^ {self._places[row]}
        rows = sorted(self._rows[place] for place in left) or [row]
        self._anchor = min(rows, key=lambda each: abs(each - row))
        if self._anchor != row:  # the current row is one of those that are left
            self._tree.go_quietly(self._model.index_at(self._places[self._anchor]))
        self._choose(rows)

    def _between(self, row: int) -> range:
        start = self._anchor if 0 <= self._anchor < len(self._places) else row
        return range(min(start, row), max(start, row) + 1)

    # ---- from elsewhere

    @Slot()
    def show(self) -> None:
        """Mark what is selected, and go there where the tree is elsewhere."""
        selection, tree = self._controller.selection, self._tree
        index = self._model.index_of(selection.layer, selection.tensor)
        if not index.isValid():
            self._heat.set_selected(-1)
            tree.set_chosen(frozenset())
        elif index != tree.currentIndex().siblingAtColumn(0):
            tree.setCurrentIndex(index)
        elif len(self._chosen) > 1 and len(selection.rows) == 1:
            self._choose_one(self.row_of(index))
        else:
            self._mark()

    # ---- from the heat map

    def press(self, row: int, modifiers: Modifier) -> bool:
        """Select by a press on ``row``; returns whether a band may be dragged from there.

        A press on one of several leaves them chosen.
        """
        index = self._model.index_at(self._places[row])
        if modifiers & (Modifier.ControlModifier | Modifier.ShiftModifier):
            self._tree.go_quietly(index)
            self._press_tree(index, modifiers)
            return False
        if self._places[row] in self._chosen and len(self._chosen) > 1:
            self._tree.go_quietly(index)
            self._choose(self._rows[place] for place in self._chosen)
        else:
            self._tree.setCurrentIndex(index)
        return True

    def choose_one(self, row: int) -> None:
        """Select ``row`` alone."""
        self._tree.setCurrentIndex(self._model.index_at(self._places[row]))
        self._choose_one(row)

    @Slot()
    def do_select_all(self) -> None:
        """Every row in sight, as far as one can scroll; a filter may hide the current one."""
        if self._places and not self._tree.currentIndex().isValid():
            self._tree.go_quietly(self._model.index_at(self._places[0]))
        self._choose(range(len(self._places)))

    def enabled(self) -> dict[str, bool]:
        """There is something to select once there are rows."""
        return {"select-all": bool(self._places)}
