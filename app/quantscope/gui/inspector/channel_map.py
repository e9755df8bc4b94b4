"""The picture of channels by bit positions, with marks at those that stand out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from quantscope.core.counting.channels import ChannelBits
from quantscope.core.numbers.formats import ChannelScaled, DataType, Scaled
from quantscope.core.picture.heatmap import BitAxis, Depth, HeatRow, fit_axis, paint
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr

ROW_HEIGHT, MARK_WIDTH, AXIS_HEIGHT, GAP = 14, 14, 18, 4  # pixels
FONT = 10  # pixels
AT_ONCE = 32  # rows that are painted together, when one of them comes into sight
WIDE_MARK, NARROW_MARK = "▲", "▽"


class ChannelMap(QWidget):
    """One row for each channel: its number, a mark if it stands out, its bits.

    Only rows in sight are painted, and kept until something changes: there may be thousands.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.bits: ChannelBits | None = None
        self._type: DataType | None = None
        self._axis = BitAxis(0, 0)
        self._images: dict[int, QImage] = {}
        self._depth = Depth.LINEAR
        self.setAccessibleName(tr("Channels by bit positions of the selected tensor"))

    def show_bits(
        self, bits: ChannelBits | None, data_type: DataType | None, order: npt.NDArray[np.int64]
    ) -> None:
        """Draw the channels of ``bits`` in ``order``; ``data_type`` is that of all of them."""
        self.bits, self.order, self._type = bits, order, data_type
        self._images.clear()
        if bits is not None:
            used = bits.counts.sum(axis=0)
            self._axis = fit_axis([HeatRow(used, kind) for kind in _outermost(data_type)])
        self.setMinimumHeight(AXIS_HEIGHT + ROW_HEIGHT * len(order))
        self.update()

    def set_depth(self, depth: Depth) -> None:
        """Linear or logarithmic colours."""
        self._depth = depth
        self._images.clear()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self._images.clear()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, AXIS_HEIGHT + ROW_HEIGHT * len(self.order))

    def channel_at(self, position: QPoint) -> int | None:
        """The channel whose row is there."""
        row = (position.y() - AXIS_HEIGHT) // ROW_HEIGHT
        return int(self.order[row]) if 0 <= row < len(self.order) else None

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.bits is None or not len(self.order):
            return
        painter = QPainter(self)
        font = painter.font()
        font.setPixelSize(FONT)
        painter.setFont(font)
        left = painter.fontMetrics().horizontalAdvance(str(len(self.bits.largest))) + GAP
        self._paint_axis(painter, left + MARK_WIDTH)
        first = max(event.rect().top() - AXIS_HEIGHT, 0) // ROW_HEIGHT
        last = min((event.rect().bottom() - AXIS_HEIGHT) // ROW_HEIGHT, len(self.order) - 1)
        for part in range(first // AT_ONCE, last // AT_ONCE + 1):
            self._paint_part(painter, part, left + MARK_WIDTH)
        for row in range(first, last + 1):
            self._paint_heading(painter, row, left)

    def _paint_part(self, painter: QPainter, part: int, left: int) -> None:
        channels = self.order[part * AT_ONCE : (part + 1) * AT_ONCE]
        if part not in self._images:
            self._images[part] = self._picture(channels)
        top = AXIS_HEIGHT + part * AT_ONCE * ROW_HEIGHT
        room = QRect(left, top, self.width() - left, ROW_HEIGHT * len(channels))
        painter.drawImage(room, self._images[part])

    def _picture(self, channels: npt.NDArray[np.int64]) -> QImage:
        assert self.bits is not None
        rows = [HeatRow(self.bits.counts[c], _type_of(self._type, int(c))) for c in channels]
        colors = paint(rows, self._axis, self.theme.heat, self._depth)
        pixels = np.ascontiguousarray(colors.astype(np.uint8))
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        return image.copy()  # which owns its pixels

    def _paint_axis(self, painter: QPainter, left: int) -> None:
        painter.setPen(QColor(self.theme.dim))
        cell = (self.width() - left) / self._axis.columns
        every = max(round(34 / cell), 1)
        for column in range(0, self._axis.columns - 1, every):
            room = QRect(left + round(column * cell), 0, round(cell * every), AXIS_HEIGHT - 2)
            text = wording.power_of_two(self._axis.top - column)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, text)

    def _paint_heading(self, painter: QPainter, row: int, left: int) -> None:
        assert self.bits is not None
        channel, top = int(self.order[row]), AXIS_HEIGHT + row * ROW_HEIGHT
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(self.theme.dim))
        painter.drawText(QRect(0, top, left - GAP, ROW_HEIGHT), middle | right, str(channel))
        for marks, text, color in (
            (self.bits.wide, WIDE_MARK, self.theme.overflow),
            (self.bits.narrow, NARROW_MARK, self.theme.underflow),
        ):
            if marks[channel]:
                painter.setPen(QColor(color))
                room = QRect(left - GAP, top, MARK_WIDTH, ROW_HEIGHT)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    # ---- words

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
        values = {"n": channel, "largest": wording.decimal(self.bits.largest[channel])}
        median = wording.decimal(self.bits.median)
        if self.bits.wide[channel]:
            return tr(
                "channel {n}: largest magnitude {largest}, far above the median channel's {median}",
                median=median,
                **values,
            )
        if self.bits.narrow[channel]:
            return tr(
                "channel {n}: largest magnitude {largest}, far below the median channel's {median}",
                median=median,
                **values,
            )
        return tr("channel {n}: largest magnitude {largest}", **values)


def _type_of(data_type: DataType | None, channel: int) -> DataType | None:
    """The type of one channel."""
    if not isinstance(data_type, ChannelScaled):
        return data_type
    scale = data_type.scales[channel]
    return Scaled(scale, 0, data_type.word_length, data_type.signed, data_type.narrow_range)


def _outermost(data_type: DataType | None) -> list[DataType | None]:
    """Types of channels between which those of all others lie."""
    if not isinstance(data_type, ChannelScaled):
        return [data_type]
    scales = np.asarray(data_type.scales)
    return [_type_of(data_type, int(each)) for each in (scales.argmin(), scales.argmax())]
