"""Every text that a person can see or hear of widgets, menus and tables."""

from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QSpinBox,
    QTabBar,
    QToolButton,
    QWidget,
)

ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
)
Text = tuple[str, str]  # where, what


def texts_of(root: QWidget) -> Iterator[Text]:
    """The texts of ``root`` and of all that is in it, but not what a person has typed."""
    for widget in _widgets(root):
        name = f"{type(widget).__name__} {widget.objectName()}".strip()
        if not _is_of_qt(widget):
            yield from ((name, text) for text in _texts(widget) if text)
        if isinstance(widget, QAbstractItemView) and not isinstance(widget, QHeaderView):
            yield from ((name, text) for text in _cells(widget.model()) if text)
        for action in widget.actions():
            if not action.objectName().startswith("qt_") and not isinstance(widget, QFileDialog):
                yield from ((f"QAction in {name}", text) for text in _of_action(action) if text)


def _widgets(root: QWidget) -> Iterator[QWidget]:
    yield root
    if isinstance(root, QFileDialog):
        return  # what is in it is Qt's
    for child in root.children():
        if isinstance(child, QWidget):
            yield from _widgets(child)


def _is_of_qt(widget: QWidget) -> bool:
    """Standard buttons, and parts of Qt's own that have names."""
    parent = widget.parentWidget()
    if isinstance(parent, QDialogButtonBox) and isinstance(widget, QAbstractButton):
        return parent.standardButton(widget) != QDialogButtonBox.StandardButton.NoButton
    if isinstance(parent, QMessageBox) and isinstance(widget, QAbstractButton):
        return parent.standardButton(widget) != QMessageBox.StandardButton.NoButton
    return widget.objectName().startswith(("qt_", "ScrollLeft", "ScrollRight")) and not isinstance(
        widget, QLabel
    )


def _texts(widget: QWidget) -> Iterator[str]:
    yield from widget.nameFilters() if isinstance(widget, QFileDialog) else ()
    yield from (
        widget.placeholderText() if isinstance(widget, QLineEdit) else "",
        widget.windowTitle(),
        widget.toolTip(),
        widget.statusTip(),
        widget.whatsThis(),
        widget.accessibleName(),
        widget.accessibleDescription(),
    )
    if isinstance(widget, QToolButton) and widget.defaultAction() is not None:
        return
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    elif isinstance(widget, QGroupBox | QMenu):
        yield widget.title()
    elif isinstance(widget, QPlainTextEdit) and widget.isReadOnly():
        yield from widget.toPlainText().splitlines()
    elif isinstance(widget, QSpinBox | QDoubleSpinBox):
        yield from (widget.specialValueText(), widget.prefix(), widget.suffix())
    elif isinstance(widget, QTabBar):
        tabs = range(widget.count())
        yield from (text for tab in tabs for text in (widget.tabText(tab), widget.tabToolTip(tab)))
    elif isinstance(widget, QComboBox):
        yield from _cells(widget.model())


def _cells(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[str]:
    parent = parent or QModelIndex()
    for orientation in Qt.Orientation:
        count = _columns(model, parent) if orientation is Qt.Orientation.Horizontal else 0
        for section in range(count if not parent.isValid() else 0):
            for role in ROLES:
                yield str(model.headerData(section, orientation, role) or "")
    for row in range(model.rowCount(parent)):
        for column in range(_columns(model, parent)):
            index = model.index(row, column, parent)
            for role in ROLES:
                yield from str(model.data(index, role) or "").splitlines()
        yield from _cells(model, model.index(row, 0, parent))


def _columns(model: QAbstractItemModel, parent: QModelIndex) -> int:
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)


def _of_action(action: QAction) -> Iterator[str]:
    yield from (
        action.text(),
        action.iconText(),
        *action.toolTip().splitlines(),
        *action.statusTip().splitlines(),
        *action.whatsThis().splitlines(),
    )
