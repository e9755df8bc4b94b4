"""The picture of channels by bit positions, with marks at those that stand out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from quantscope.core.channels import ChannelBits
from quantscope.core.formats import DataType
from quantscope.core.heatmap import BitAxis, Depth, HeatRow, fit_axis, paint
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT
from quantscope.gui.translation import mark, tr

ROW_HEIGHT, MARK_WIDTH, AXIS_HEIGHT = 12, 14, 18
MOST_CHANNELS = 4096  # what is drawn; the rest is counted in the sentence above
WIDE_MARK, NARROW_MARK = "▲", "▽"

USUAL = mark("channel {channel}: largest magnitude {largest}")
FAR_ABOVE = mark(
    "channel {channel}: largest magnitude {largest}, far above the median channel's {median}"
)
FAR_BELOW = mark(
    "channel {channel}: largest magnitude {largest}, far below the median channel's {median}"
)


class ChannelMap(QWidget):
    """The picture: one row for each channel, marks at the left of those that stand out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.bits: ChannelBits | None = None
        self._axis = BitAxis(0, 0)
        self._image = QImage()
        self._rows: list[HeatRow] = []
        self._depth = Depth.LINEAR
        self.setAccessibleName(tr("Channels by bit positions of the selected weights"))

    def show_bits(
        self, bits: ChannelBits | None, types: list[DataType | None], order: npt.NDArray[np.int64]
    ) -> None:
        """Draw the channels of ``bits`` in ``order``, each with its type."""
        self.bits, self.order = bits, order[:MOST_CHANNELS]
        if bits is None:
            self._image = QImage()
        else:
            self._rows = [HeatRow(bits.counts[channel], types[channel]) for channel in self.order]
            self._axis = fit_axis(self._rows)
            self._paint()
        self.setMinimumHeight(AXIS_HEIGHT + ROW_HEIGHT * len(self.order))
        self.update()

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colours."""
        self._depth = depth
        if not self._image.isNull():
            self._paint()
            self.update()

    def _paint(self) -> None:
        colors = paint(self._rows, self._axis, self.theme.heat, self._depth)
        pixels = np.ascontiguousarray(colors.astype(np.uint8))
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = image.copy()  # which owns its pixels

    def sizeHint(self) -> QSize:
        return QSize(260, AXIS_HEIGHT + ROW_HEIGHT * len(self.order))

    def channel_at(self, position: QPoint) -> int | None:
        """The channel whose row is there."""
        row = (position.y() - AXIS_HEIGHT) // ROW_HEIGHT
        return int(self.order[row]) if 0 <= row < len(self.order) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.bits is None or self._image.isNull():
            return
        painter = QPainter(self)
        width = self.width() - MARK_WIDTH
        height = ROW_HEIGHT * len(self.order)
        painter.drawImage(QRect(MARK_WIDTH, AXIS_HEIGHT, width, height), self._image)
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        self._paint_axis(painter, width)
        self._paint_marks(painter)

    def _paint_axis(self, painter: QPainter, width: int) -> None:
        painter.setPen(QColor(self.theme.dim))
        cell = width / self._axis.columns
        every = max(round(34 / cell), 1)
        for column in range(0, self._axis.columns - 1, every):
            left = MARK_WIDTH + round(column * cell)
            room = QRect(left, 0, round(cell * every), AXIS_HEIGHT - 2)
            text = wording.power_of_two(self._axis.top - column)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_marks(self, painter: QPainter) -> None:
        assert self.bits is not None
        for marks, text, color in (
            (self.bits.wide, WIDE_MARK, self.theme.overflow),
            (self.bits.narrow, NARROW_MARK, self.theme.underflow),
        ):
            painter.setPen(QColor(color))
            for row in np.flatnonzero(marks[self.order]):
                room = QRect(0, AXIS_HEIGHT + int(row) * ROW_HEIGHT, MARK_WIDTH, ROW_HEIGHT)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            channel = self.channel_at(event.pos())
            text = "" if channel is None else self.describe(channel)
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def describe(self, channel: int) -> str:
        """One channel in words."""
        assert self.bits is not None
        figures = {
            "channel": channel,
            "largest": f"{self.bits.largest[channel]:.4g}",
            "median": f"{self.bits.median:.4g}",
        }
        if self.bits.wide[channel]:
            return tr(FAR_ABOVE, **figures)
        return tr(FAR_BELOW if self.bits.narrow[channel] else USUAL, **figures)
