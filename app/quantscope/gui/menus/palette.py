"""The command palette: every action by a few letters of its name, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from quantscope.gui.menus.matching import likeness
from quantscope.gui.translation import tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MARGIN, ROW = 10, 44
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
ENTRY_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as it is found: its name, the menus it is in, its key, and why it is off."""

    action: QAction
    name: str
    place: str
    tip: str
    reason: str

    @property
    def shortcut(self) -> str:
        """As the system writes it."""
        return self.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)

    def fits(self, sought: str) -> float | None:
        """How well it fits what was typed; its name counts more than its place and tip."""
        by_name = likeness(sought, self.name)
        by_all = likeness(sought, f"{self.name} {self.place} {self.tip}")
        found = [score for score in (by_name, by_all and by_all - 30.0) if score is not None]
        return max(found) if found else None


class Found(QAbstractListModel):
    """The entries that fit, best first; those that are off come last among equals."""

    def __init__(self, entries: Sequence[Entry], parent: QObject) -> None:
        super().__init__(parent)
        self._entries = entries
        self.shown = list(entries)

    def seek(self, text: str) -> None:
        """Show what fits ``text``; all of them where it is empty."""
        self.beginResetModel()
        scored = [(entry.fits(text), entry) for entry in self._entries]
        fitting = [(score, entry) for score, entry in scored if score is not None]
        if text.strip():
            fitting.sort(key=lambda pair: (-pair[0], bool(pair[1].reason)))
        self.shown = [entry for _, entry in fitting]
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.shown[index.row()]
        if role == ENTRY_ROLE:
            return entry
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            parts = (entry.name, entry.place, entry.shortcut, entry.reason)
            return ", ".join(part for part in parts if part)
        return None


class EntryPainter(QStyledItemDelegate):
    """Two lines: name and key, then where it is in the menus, or why it is off."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: Entry = index.data(ENTRY_ROLE)
        palette, chosen = option.palette, option.state & QStyle.StateFlag.State_Selected
        if chosen:
            painter.fillRect(option.rect, palette.color(QPalette.ColorRole.Highlight))
        role = QPalette.ColorRole.HighlightedText if chosen else QPalette.ColorRole.Text
        plain = palette.color(role)
        dim = plain if chosen else palette.color(QPalette.ColorRole.PlaceholderText)
        room = option.rect.adjusted(MARGIN, 4, -MARGIN, -4)
        upper = QRect(room.left(), room.top(), room.width(), room.height() // 2)
        lower = upper.translated(0, room.height() // 2)
        key = option.fontMetrics.horizontalAdvance(entry.shortcut)
        _write(painter, upper, entry.shortcut, dim, Qt.AlignmentFlag.AlignRight)
        upper.setWidth(upper.width() - key - MARGIN)
        _write(painter, upper, entry.name, dim if entry.reason else plain)
        second = f"○ {entry.reason}" if entry.reason else entry.place
        _write(painter, lower, second, dim)


def _write(
    painter: QPainter,
    room: QRect,
    text: str,
    color: QColor,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    painter.setPen(color)
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, elided)


class CommandPalette(QDialog):
    """Type, move with the arrows, run with Enter; ``guide_asked`` is F1 on an action's id."""

    guide_asked = Signal(str)

    def __init__(self, entries: Sequence[Entry], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Find an action"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(tr("Type a few letters of what you want to do"))
        self.line.setAccessibleName(tr("Action to find"))
        self.line.setClearButtonEnabled(True)
        self.found = Found(entries, self)
        self.list = QListView(self)
        self.list.setModel(self.found)
        self.list.setItemDelegate(EntryPainter(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(tr("Actions that fit"))
        self.note = QLabel(self)
        self.note.setProperty("role", "dim")
        self.note.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.addWidget(self.line)
        column.addWidget(self.list, 1)
        column.addWidget(self.note)
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self._seek)
        self.list.clicked.connect(self._run)
        self.list.selectionModel().currentChanged.connect(self._describe)
        self.resize(560, 460)
        self._seek("")

    @Slot(str)
    def _seek(self, text: str) -> None:
        self.found.seek(text)
        self.list.setCurrentIndex(self.found.index(0))
        if not self.found.shown:
            self.note.setText(tr("No action fits. Fewer letters find more."))

    @Slot()
    def _describe(self, *_: object) -> None:
        entry = self.current()
        self.note.setText((entry.tip if entry else "") or " ")

    def current(self) -> Entry | None:
        """The entry that Enter runs."""
        row = self.list.currentIndex().row()
        return self.found.shown[row] if 0 <= row < len(self.found.shown) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in MOVES:
                QApplication.sendEvent(self.list, event)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._run()
                return True
            entry = self.current()
            if key == Qt.Key.Key_F1 and entry is not None:
                self.reject()
                self.guide_asked.emit(entry.action.objectName())
                return True
        return super().eventFilter(watched, event)

    @Slot()
    def _run(self, *_: object) -> None:
        entry = self.current()
        if entry is None:
            return
        if entry.reason:
            self.note.setText(f"○ {entry.reason}")
            return
        self.accept()
        QTimer.singleShot(0, entry.action, entry.action.trigger)
