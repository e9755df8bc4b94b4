"""Channels by bit positions: which channel of a tensor uses which bits, and which stand out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.channels import OUTLIER_RATIO, ChannelBits, channel_bits
from quantscope.core.formats import ChannelScaled, DataType, Scaled
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.channel_counts import ChannelCounts
from quantscope.gui.inspector.channel_map import MOST_CHANNELS, NARROW_MARK, WIDE_MARK, ChannelMap
from quantscope.gui.look.theme import Theme
from quantscope.gui.translation import mark, plural, tr

ORDERS = (mark("Channel order"), mark("Widest first"), mark("Narrowest first"))
NOTHING = mark("Select weights or calibrated activations to see their channels.")
NOT_COUNTED = mark(
    "Calibration counts activations as a whole. To see their channels, the samples are"
    " run once more for this tensor."
)


class ChannelsView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._counts = ChannelCounts(controller, self)
        self.summary = QLabel(self)
        self.summary.setWordWrap(True)
        self.order = QComboBox(self)
        self.order.setAccessibleName(tr("Order of the channels"))
        self.order.addItems([tr(text) for text in ORDERS])
        self.setFocusProxy(self.order)
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
        self.count = QPushButton(tr("&Count the channels"), self)
        self.count.setToolTip(tr("Run the calibration's samples once more, for this tensor alone"))
        column.addWidget(self.count, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.area, 1)
        column.addStretch()
        self.count.clicked.connect(self._count_shown)
        self._counts.counted.connect(self.refresh)
        controller.job_changed.connect(self._enable_counting)
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
        tensor = self._controller.selection.tensor
        bits = self._bits_of(tensor)
        countable = bits is None and self._counts.can_count(tensor)
        self.order.setVisible(bits is not None)
        self.area.setVisible(bits is not None)
        self.count.setVisible(countable)
        self._enable_counting()
        if bits is None:
            self.map.show_bits(None, [], np.empty(0, np.int64))
            self.summary.setText(tr(NOT_COUNTED if countable else NOTHING))
            return
        data_type = self._controller.readings.data_type(tensor)
        types = _types_of(data_type, len(bits.largest))
        self.map.show_bits(bits, types, self._ordered(bits))
        self.summary.setText(summary_of(bits))

    def _bits_of(self, tensor: str) -> ChannelBits | None:
        """The channels of a parameter; of an activation, if they were counted."""
        statistics = self._controller.readings.statistics(tensor) if tensor else None
        if statistics is None:
            return None
        values, axis = statistics.values, statistics.channel_axis
        if values is None:
            return self._counts.of(tensor)
        return channel_bits(values, axis) if axis is not None and values.ndim > 1 else None

    @Slot()
    def _enable_counting(self) -> None:
        self.count.setEnabled(not self._controller.is_busy)

    @Slot()
    def _count_shown(self) -> None:
        self._counts.ask(self._controller.selection.tensor)

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
    parts = [plural("one channel", "{n} channels", count)]
    if wide:
        parts.append(
            f"{WIDE_MARK} "
            + plural(
                "{n} reaches over {ratio} times the median",
                "{n} reach over {ratio} times the median",
                wide,
                ratio=f"{OUTLIER_RATIO:g}",
            )
        )
    if narrow:
        parts.append(
            f"{NARROW_MARK} "
            + plural(
                "{n} reaches under 1/{ratio} of it",
                "{n} reach under 1/{ratio} of it",
                narrow,
                ratio=f"{OUTLIER_RATIO:g}",
            )
        )
    if zero:
        parts.append(plural("{n} holds only zeros", "{n} hold only zeros", zero))
    if count > MOST_CHANNELS:
        parts.append(
            tr(
                "the first {number} in this order are drawn",
                number=wording.count(MOST_CHANNELS),
            )
        )
    if not wide and not narrow:
        parts.append(tr("none stands out"))
    return "; ".join(parts) + "."
