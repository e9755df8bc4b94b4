"""A table view as the panels have it: rows of one height, no branches, digits of equal width."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from quantscope.gui.look.theme import tabular
from quantscope.gui.ranges.tree import RowDelegate


def make_table(
    model: QAbstractItemModel, name: str, widths: tuple[int, ...], parent: QWidget
) -> QTreeView:
    """A view of ``model``, read to those who cannot see it as ``name``."""
    view = QTreeView(parent)
    view.setModel(model)
    view.setRootIsDecorated(False)
    view.setItemDelegate(RowDelegate(view))
    view.setUniformRowHeights(True)
    view.setAllColumnsShowFocus(True)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setFont(tabular(view.font()))
    view.setAccessibleName(name)
    view.header().setStretchLastSection(False)
    for column, width in enumerate(widths):
        view.setColumnWidth(column, width)
    return view
