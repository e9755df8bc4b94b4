"""Channels by bit positions: which channel of a tensor uses which bits, and which stand out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from quantscope.core.counting.channels import OUTLIER_RATIO, ChannelBits
from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.channel_counts import ChannelCounts
from quantscope.gui.inspector.channel_map import NARROW_MARK, WIDE_MARK, ChannelMap
from quantscope.gui.look.theme import Theme
from quantscope.gui.translation import mark, plural, tr

IN_ORDER, WIDEST, NARROWEST = range(3)
ORDERS = (mark("Channel order"), mark("Widest first"), mark("Narrowest first"))
NOTHING = mark("Select weights or an activation to see their channels.")
NOT_CALIBRATED = mark("Nothing is counted yet: calibrate to see channels.")
ONE_VALUE = mark("It has one value for each channel, or none: there are no channels to compare.")
COUNTING = mark("Counting the bits of each channel …")
NOT_COUNTED = mark(
    "Calibration counts activations as a whole. To see their channels, the samples are run once"
    " more for this tensor."
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
        self.order.addItems([tr(order) for order in ORDERS])
        self.setFocusProxy(self.order)
        self.map = ChannelMap(self)
        self.area = QScrollArea(self)
        self.area.setWidget(self.map)
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.count = QPushButton(tr("&Count the channels"), self)
        self.count.setToolTip(tr("Run the calibration's samples once more, for this tensor alone"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.summary)
        column.addWidget(self.order, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.count, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.area, 1)
        column.addStretch()
        self.count.clicked.connect(self._count_shown)
        self._counts.counted.connect(self.refresh)
        controller.job_changed.connect(self._enable_counting)
        self.order.currentIndexChanged.connect(self.refresh)
        for signal in (controller.changed, controller.results_changed, controller.previewed):
            signal.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.map.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        tensor = self._controller.selection.tensor
        bits = self._counts.of(tensor)
        is_counting = bits is None and self._counts.count_parameter(tensor)
        if is_counting:
            bits = self._counts.of(tensor)  # what is small is counted at once
        countable = bits is None and not is_counting and self._counts.can_count(tensor)
        self.order.setVisible(bits is not None)
        self.area.setVisible(bits is not None)
        self.count.setVisible(countable)
        self._enable_counting()
        data_type = self._controller.readings.data_type(tensor) if tensor else None
        order = self._ordered(bits) if bits is not None else np.empty(0, np.int64)
        self.map.show_bits(bits, data_type if _fits(data_type, bits) else None, order)
        if bits is not None:
            self.summary.setText(summary_of(bits))
        elif is_counting:
            self.summary.setText(tr(COUNTING))
        else:
            self.summary.setText(tr(NOT_COUNTED if countable else self._reason(tensor)))

    def _reason(self, tensor: str) -> str:
        """Why there are no channels to see."""
        readings = self._controller.readings
        if readings.network is None or tensor not in readings.network.tensors:
            return NOTHING
        if readings.statistics(tensor) is None:
            is_parameter = readings.network.tensors[tensor].role in (Role.WEIGHTS, Role.BIAS)
            return NOTHING if is_parameter and readings.has_counts else NOT_CALIBRATED
        return ONE_VALUE

    @Slot()
    def _enable_counting(self) -> None:
        self.count.setEnabled(not self._controller.is_busy)

    @Slot()
    def _count_shown(self) -> None:
        self._counts.ask(self._controller.selection.tensor)

    def _ordered(self, bits: ChannelBits) -> npt.NDArray[np.int64]:
        order = np.arange(len(bits.largest))
        if self.order.currentIndex() == WIDEST:
            order = np.argsort(-bits.largest, kind="stable")
        elif self.order.currentIndex() == NARROWEST:
            order = np.argsort(bits.largest, kind="stable")
        return order.astype(np.int64)


def _fits(data_type: DataType | None, bits: ChannelBits | None) -> bool:
    """Whether each channel of ``bits`` has a type."""
    if bits is None or not isinstance(data_type, ChannelScaled):
        return True
    return len(data_type.scales) == len(bits.largest)


def summary_of(bits: ChannelBits) -> str:
    """How many channels there are, and how many stand out."""
    wide, narrow = int(bits.wide.sum()), int(bits.narrow.sum())
    zero = int((bits.largest == 0.0).sum())
    parts = [plural("one channel", "{n} channels", len(bits.largest))]
    ratio = f"{OUTLIER_RATIO:g}"
    if wide:
        text = plural(
            "{n} reaches over {ratio} times the median",
            "{n} reach over {ratio} times the median",
            wide,
            ratio=ratio,
        )
        parts.append(f"{WIDE_MARK} {text}")
    if narrow:
        text = plural(
            "{n} reaches under 1/{ratio} of it",
            "{n} reach under 1/{ratio} of it",
            narrow,
            ratio=ratio,
        )
        parts.append(f"{NARROW_MARK} {text}")
    if zero:
        parts.append(plural("{n} holds only zeros", "{n} hold only zeros", zero))
    if not wide and not narrow:
        parts.append(tr("none stands out"))
    return "; ".join(parts) + "."
