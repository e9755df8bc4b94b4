"""How wide the columns of the table are, and which are shown: by room, and as a person wants it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QByteArray, Qt, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QMenu, QTreeView

from quantscope.gui.ranges.row_texts import COMPARED, RANGE, Column
from quantscope.gui.translation import mark, tr

Widths = Mapping[Column, int]
HEADER_HEIGHT = 32
PADDING = 9  # pixels of a cell beside its text
BRANCHES = 30  # pixels left of a tensor's name
SAMPLES = {
    Column.NAME: "activations",
    Column.TYPE: "u8 x 0.00781 zp 127",
    Column.MINIMUM: "−0.06281",
    Column.MAXIMUM: "−0.0628",
    Column.SQNR: "147.7 dB",
    Column.OVERFLOW: "<0.001 %",
    Column.UNDERFLOW: mark("Underflow"),
    Column.OTHER_TYPE: "u8 x 0.0039 zp 0",
    Column.GAIN: mark("vs before"),
}
"""What can always be read, however little room there is; wider texts end in …."""
COMFORT = {
    Column.NAME: 60,
    Column.TYPE: 24,
    Column.MINIMUM: 4,
    Column.MAXIMUM: 6,
    Column.OVERFLOW: 4,
    Column.UNDERFLOW: 6,
}
"""Pixels more where there is room."""
LONG_TYPE = "◆ s8 x 0.00047..0.0051 (256 ch)"
ENTRIES = {
    Column.TYPE: mark("&Type"),
    Column.MINIMUM: mark("&Min"),
    Column.MAXIMUM: mark("Ma&x"),
    Column.SQNR: mark("&SQNR"),
    Column.OVERFLOW: mark("&Overflow"),
    Column.UNDERFLOW: mark("&Underflow"),
    Column.OTHER_TYPE: mark("Type that is &compared with"),
    Column.GAIN: mark("SQNR &gained over it"),
}
GIVING_WAY = (
    *RANGE,
    Column.OVERFLOW,
    Column.UNDERFLOW,
    Column.NAME,
    Column.TYPE,
    Column.OTHER_TYPE,
)
"""Who gives room first: figures their comfort, then names, then types."""


def fitted(usual: Widths, least: Widths, by_hand: Widths, room: int, widest: int) -> Widths:
    """Widths of the columns of ``usual`` in ``room`` pixels.

    Too little room takes from names before types, down to ``least``. Of too much the type gets up
    to ``widest``, and the name what is left. Columns set ``by_hand`` stay.
    """
    widths = {column: by_hand.get(column, width) for column, width in usual.items()}
    spare = room - sum(widths.values())
    for column in GIVING_WAY if spare < 0 else ():
        if column in widths and column not in by_hand:
            given = min(-spare, max(widths[column] - least[column], 0))
            widths[column] -= given
            spare += given
    for column, most in ((Column.TYPE, widest), (Column.NAME, room)):
        if column in widths and column not in by_hand and spare > 0:
            taken = min(spare, max(most - widths[column], 0))
            widths[column] += taken
            spare -= taken
    return widths


class ColumnHeader(QHeaderView):
    """The heading of the table; a right click on it shows and hides columns.

    ``saveState`` and ``restoreState`` are by name, so that columns of later programs are shown
    as usual, and the columns of a comparison only while there is one.
    """

    def __init__(self, tree: QTreeView) -> None:
        super().__init__(Qt.Orientation.Horizontal, tree)
        self._by_hand: dict[Column, int] = {}
        self._hidden: frozenset[Column] = frozenset()  # by a person
        self._is_comparing = False
        self._is_fitting = False
        self._entries = {column: self._entry(column) for column in ENTRIES}
        self._usual = QAction(tr("Usual colum&ns"), self)
        self._usual.triggered.connect(self._show_usual)
        self._menu = QMenu(self)
        self.fill(self._menu)
        self.sectionResized.connect(self._note_width)
        self.setFixedHeight(HEADER_HEIGHT)
        self.setSectionsMovable(False)
        self.setStretchLastSection(False)
        self.setResizeContentsPrecision(0)
        self.setMinimumSectionSize(40)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def _entry(self, column: Column) -> QAction:
        action = QAction(tr(ENTRIES[column]), self)
        action.setCheckable(True)
        action.setChecked(True)
        action.setData(int(column))
        action.triggered.connect(self._choose)
        return action

    def fill(self, menu: QMenu) -> None:
        """An entry for each column that can be hidden, and one for the usual ones."""
        menu.addActions(list(self._entries.values()))
        menu.addSeparator()
        menu.addAction(self._usual)

    # ---- which are shown

    def show_compared(self, is_comparing: bool) -> None:
        """Show the columns of what is compared with, in place of the range's."""
        self._is_comparing = is_comparing
        self._show()

    def _show(self) -> None:
        apart = RANGE if self._is_comparing else COMPARED
        for column, entry in self._entries.items():
            entry.setChecked(column not in self._hidden)
            self.setSectionHidden(column, column in self._hidden or column in apart)
        self.fit()

    @Slot(bool)
    def _choose(self, is_shown: bool) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self._hidden ^= {Column(int(action.data()))}
        self._show()

    @Slot()
    def _show_usual(self) -> None:
        self._hidden, self._by_hand = frozenset(), {}
        self._show()

    # ---- how wide they are

    def usual_width(self) -> int:
        """The room that all columns take where nothing is compared or set by hand."""
        return sum(self._widths(column for column in Column if column not in COMPARED).values())

    def _widths(self, columns: Iterable[Column]) -> dict[Column, int]:
        least = self._least()
        return {column: least[column] + COMFORT.get(column, 0) for column in columns}

    def _least(self) -> dict[Column, int]:
        metrics = QFontMetrics(self.font())
        least = {each: metrics.horizontalAdvance(tr(SAMPLES[each])) + PADDING for each in Column}
        return least | {Column.NAME: least[Column.NAME] + BRANCHES}

    def fit(self) -> None:
        """Give the columns the room that there is."""
        if self.count() < len(Column):
            return
        shown = [column for column in Column if not self.isSectionHidden(column)]
        widest = QFontMetrics(self.font()).horizontalAdvance(LONG_TYPE) + PADDING
        room = self.viewport().width()
        self._is_fitting = True
        widths = fitted(self._widths(shown), self._least(), self._by_hand, room, widest)
        for column, width in widths.items():
            self.resizeSection(column, width)
        self._is_fitting = False

    @Slot(int, int, int)
    def _note_width(self, section: int, before: int, width: int) -> None:
        """A person has made a column wider or narrower (from and to 0: hidden and shown)."""
        if before and width and not self._is_fitting:
            self._by_hand[Column(section)] = width
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu.popup(event.globalPos())

    # ---- kept between runs

    def saveState(self) -> QByteArray:
        kept = {
            "widths": {column.name: width for column, width in self._by_hand.items()},
            "hidden": sorted(column.name for column in self._hidden),
        }
        return QByteArray(json.dumps(kept).encode())

    def restoreState(self, state: QByteArray | bytes | bytearray | memoryview) -> bool:
        """False, and nothing changes, where ``state`` is not of :meth:`saveState`."""
        try:
            kept = json.loads(bytes(QByteArray(state).data()))
            widths = {Column[name]: int(width) for name, width in kept["widths"].items()}
            hidden = frozenset(Column[name] for name in kept["hidden"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        self._by_hand, self._hidden = widths, hidden - {Column.NAME}
        self._show()
        return True
