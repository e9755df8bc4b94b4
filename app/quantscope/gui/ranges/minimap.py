"""The whole heat map beside the part in sight: where in the network one is, and where it overflows.

Rows are painted a few at a time between events, so that a network of thousands of tensors keeps
nobody waiting.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from quantscope.gui.ranges.heat_map import HeatMap
from quantscope.gui.ranges.tree import ROW_HEIGHT
from quantscope.gui.translation import tr

WIDTH, STRIP = 50, 8  # pixels, the strip of marks included
HIGHEST_ROW = 6.0  # pixels: a small network does not fill the height
LEAST_FRAME = 5.0  # pixels: what is in sight can always be seen
PAUSE, TICK = 100, 5  # milliseconds after the last change; between two slices
SLICE = 0.008  # seconds
AT_ONCE = 16  # rows
Picture = npt.NDArray[np.uint8]


def compressed(rows: Picture, counted: npt.NDArray[np.bool_], height: int) -> Picture:
    """``rows`` (n, columns, 3) as at most ``height`` lines, each the mean of those it stands for.

    Rows that are not ``counted`` (n,) are left out where a line has others.
    """
    if len(rows) <= height:
        return rows
    starts = np.arange(height) * len(rows) // height
    has_counted = np.add.reduceat(counted.astype(np.int64), starts) > 0
    line_of = np.searchsorted(starts, np.arange(len(rows)), side="right") - 1
    weights = np.where(has_counted[line_of], counted, True).astype(np.float32)
    sums = np.add.reduceat(rows * weights[:, None, None], starts, axis=0)
    return (sums / np.add.reduceat(weights, starts)[:, None, None]).astype(np.uint8)


class Minimap(QWidget):
    """Follows the rows of ``heat``; ``overflows`` says of a tensor whether it gets a mark."""

    asked = Signal(int)  # pixels of the rows that are to be above what is in sight

    def __init__(
        self, heat: HeatMap, overflows: Callable[[str], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.marked: list[int] = []  # rows with overflow
        self.is_complete = False
        self._heat = heat
        self._overflows = overflows
        self._rows: list[str] = []
        self._lines: list[Picture] = []
        self._found: list[int] = []
        self._picture: Picture | None = None
        self._offset = 0
        self._grip: float | None = None  # where the frame is held, in pixels of its height
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._paint_some)
        heat.outdated.connect(self.start)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Overview of all rows; the table scrolls by keys"))
        self.setToolTip(
            tr(
                "All rows. The frame is what is in sight: click or drag to go elsewhere.\n"
                "Marks at the left: tensors of which more than 1 % overflows."
            )
        )

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 100)

    # ---- the picture

    @Slot()
    def start(self) -> None:
        """Paint anew, once nothing has changed for a moment."""
        self.is_complete = False
        self._rows, self._lines, self._found = self._heat.rows, [], []
        self._timer.start(PAUSE)

    @Slot()
    def _paint_some(self) -> None:
        end = time.perf_counter() + SLICE
        while len(self._lines) < len(self._rows) and time.perf_counter() < end:
            first = len(self._lines)
            names = self._rows[first : first + AT_ONCE]
            self._found += [
                first + place for place, name in enumerate(names) if name and self._overflows(name)
            ]
            self._lines += list(self._heat.picture_of(names))
        if len(self._lines) < len(self._rows):
            self._timer.start(TICK)
        else:
            self._finish()

    def _finish(self) -> None:
        self.marked, self.is_complete = self._found, True
        self._compress()

    def _compress(self) -> None:
        self._picture = None
        if self._lines:
            counted = np.fromiter(map(bool, self._rows), bool, len(self._rows))
            lines = compressed(np.stack(self._lines), counted, max(self.height(), 1))
            self._picture = np.ascontiguousarray(lines)
        self.update()

    def resizeEvent(self, _: object) -> None:
        if self.is_complete:
            self._compress()

    @property
    def row_height(self) -> float:
        """Pixels of one row here."""
        return min(self.height() / max(len(self._rows), 1), HIGHEST_ROW)

    @property
    def frame(self) -> QRectF:
        """What of the network is in sight."""
        scale = self.row_height / ROW_HEIGHT
        whole = len(self._rows) * self.row_height
        height = min(max(self._heat.viewport().height() * scale, LEAST_FRAME), whole)
        top = min(self._offset * scale, whole - height)
        return QRectF(STRIP, max(top, 0.0), self.width() - STRIP, height)

    @Slot(int)
    def show_offset(self, offset: int) -> None:
        """Frame what is in sight when ``offset`` pixels of the rows are above it."""
        self._offset = offset
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._heat.theme
        painter.fillRect(self.rect(), QColor(theme.window))
        if self._picture is None or not self._rows:
            return
        lines, columns, _ = self._picture.shape
        image = QImage(self._picture.data, columns, lines, 3 * columns, QImage.Format.Format_RGB888)
        whole = len(self._rows) * self.row_height
        painter.drawImage(QRectF(STRIP, 0, self.width() - STRIP, whole), image)
        for row in self.marked:
            top = row * self.row_height
            mark = QRectF(1, top, STRIP - 3, max(self.row_height - 1, 2.0))
            painter.fillRect(mark, QColor(theme.error))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawRect(self.frame.adjusted(1, 1, -1, -1))

    # ---- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            y, frame = event.position().y(), self.frame
            inside = frame.top() <= y <= frame.bottom()
            self._grip = y - frame.top() if inside else frame.height() / 2
            self._go_to(y)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._go_to(event.position().y())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        event.accept()

    def _go_to(self, y: float) -> None:
        assert self._grip is not None
        self.asked.emit(round((y - self._grip) * ROW_HEIGHT / self.row_height))

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels = event.pixelDelta().y() or event.angleDelta().y() * 3 * ROW_HEIGHT // 120
        self.asked.emit(self._offset - pixels)
        event.accept()
