"""Channels by bit positions: which channel of a weight uses which bits, and which stand out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.channels import OUTLIER_RATIO, ChannelBits, channel_bits
from quantscope.core.formats import ChannelScaled, DataType, Scaled
from quantscope.core.heatmap import BitAxis, Depth, HeatRow, fit_axis, paint
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.theme import LIGHT, Theme

ORDERS = ("Channel order", "Widest first", "Narrowest first")
ROW_HEIGHT, MARK_WIDTH, AXIS_HEIGHT = 12, 14, 18
MOST_CHANNELS = 4096  # what is drawn; the rest is counted in the sentence above
WIDE_MARK, NARROW_MARK = "▲", "▽"


class ChannelMap(QWidget):
    """The picture: one row for each channel, marks at the left of those that stand out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.order: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._bits: ChannelBits | None = None
        self._axis = BitAxis(0, 0)
        self._image = QImage()
        self.setAccessibleName("Channels by bit positions of the selected weights")

    def show_bits(
        self, bits: ChannelBits | None, types: list[DataType | None], order: npt.NDArray[np.int64]
    ) -> None:
        """Draw the channels of ``bits`` in ``order``, each with its type."""
        self._bits, self.order = bits, order[:MOST_CHANNELS]
        if bits is None:
            self._image = QImage()
        else:
            rows = [HeatRow(bits.counts[channel], types[channel]) for channel in self.order]
            self._axis = fit_axis(rows)
            colors = paint(rows, self._axis, self.theme.heat, Depth.LINEAR)
            pixels = np.ascontiguousarray(colors.astype(np.uint8))
            height, width = pixels.shape[:2]
            image = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
            self._image = image.copy()  # which owns its pixels
        self.setMinimumHeight(AXIS_HEIGHT + ROW_HEIGHT * len(self.order))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, AXIS_HEIGHT + ROW_HEIGHT * len(self.order))

    def channel_at(self, position: QPoint) -> int | None:
        """The channel whose row is there."""
        row = (position.y() - AXIS_HEIGHT) // ROW_HEIGHT
        return int(self.order[row]) if 0 <= row < len(self.order) else None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._bits is None or self._image.isNull():
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
        assert self._bits is not None
        for marks, text, color in (
            (self._bits.wide, WIDE_MARK, self.theme.overflow),
            (self._bits.narrow, NARROW_MARK, self.theme.underflow),
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
        assert self._bits is not None
        text = f"channel {channel}: largest magnitude {self._bits.largest[channel]:.4g}"
        if self._bits.wide[channel]:
            return f"{text}, far above the median channel's {self._bits.median:.4g}"
        if self._bits.narrow[channel]:
            return f"{text}, far below the median channel's {self._bits.median:.4g}"
        return text


class ChannelsView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.order = QComboBox(self)
        self.order.setAccessibleName("Order of the channels")
        self.order.addItems(ORDERS)
        self.map = ChannelMap(self)
        self.area = QScrollArea(self)
        self.area.setWidget(self.map)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        row = QHBoxLayout()
        row.addWidget(self.order)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.summary)
        column.addLayout(row)
        column.addWidget(self.area, 1)
        self.order.activated.connect(self.refresh)
        for signal in (controller.changed, controller.results_changed, controller.previewed):
            signal.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.map.theme = theme
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        statistics = readings.statistics(tensor) if tensor else None
        values = statistics.values if statistics is not None else None
        axis = statistics.channel_axis if statistics is not None else None
        shown = values is not None and axis is not None and values.ndim > 1
        self.order.setVisible(shown)
        self.area.setVisible(shown)
        if values is None or axis is None or not shown:
            self.map.show_bits(None, [], np.empty(0, np.int64))
            self.summary.setText("Select weights to see their channels.")
            return
        bits = channel_bits(values, axis)
        types = _types_of(readings.data_type(tensor), len(bits.largest))
        self.map.show_bits(bits, types, self._ordered(bits))
        self.summary.setText(summary_of(bits))

    def _ordered(self, bits: ChannelBits) -> npt.NDArray[np.int64]:
        order = np.arange(len(bits.largest))
        if self.order.currentIndex() == 1:
            order = np.argsort(-bits.largest, kind="stable")
        elif self.order.currentIndex() == 2:
            order = np.argsort(bits.largest, kind="stable")
        return order.astype(np.int64)


def _types_of(data_type: DataType | None, channels: int) -> list[DataType | None]:
    """The type of each channel."""
    if not isinstance(data_type, ChannelScaled):
        return [data_type] * channels
    plain = Scaled(1.0, 0, data_type.word_length, data_type.signed, data_type.narrow_range)
    return [replace(plain, scale=scale) for scale in data_type.scales]


def summary_of(bits: ChannelBits) -> str:
    """How many channels there are, and how many stand out."""
    count, wide, narrow = len(bits.largest), int(bits.wide.sum()), int(bits.narrow.sum())
    zero = int((bits.largest == 0.0).sum())
    parts = [f"{wording.count(count)} channels"]
    if wide:
        parts.append(f"{WIDE_MARK} {wide} reach over {OUTLIER_RATIO:g} times the median")
    if narrow:
        parts.append(f"{NARROW_MARK} {narrow} reach under 1/{OUTLIER_RATIO:g} of it")
    if zero:
        parts.append(f"{zero} hold only zeros")
    if count > MOST_CHANNELS:
        parts.append(f"the first {wording.count(MOST_CHANNELS)} in this order are drawn")
    if not wide and not narrow:
        parts.append("none stands out")
    return "; ".join(parts) + "."
