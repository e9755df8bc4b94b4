"""What am I looking at? The heat map explained beside it, in the colours that it has now."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.counting.histogram import BIT_COUNT, LOWEST_BIT
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.heatmap import BitAxis, HeatRow, edge_positions, paint
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import mark, tr

AXIS = BitAxis(3, -12)
TYPE = FixedPoint(8, 6)
COUNTS = {  # of an invented tensor: a few large values, and a tail of small ones
    2: 2, 1: 14, 0: 40, -1: 130, -2: 320, -3: 560, -4: 700, -5: 520, -6: 300, -7: 210, -8: 130,
    -9: 80, -10: 50, -11: 30, -12: 18,
}  # fmt: skip
KEPT = mark("Kept. Few to many values, all within what the type keeps.")
LOST = mark(
    "Lost. Outside of the type: on the left values are too large and saturate"
    " (overflow); on the right they are too small and become 0 (underflow)."
)
ROUNDED = mark(
    "Rounds up. Half a step to one step: the bit is not kept, but the values become one step."
)
SWATCHES = (
    ("kept", mark("Kept: few to many values"), KEPT),
    ("lost", mark("Lost: few to many values"), LOST),
    ("rounded", mark("Rounds up: few to many values"), ROUNDED),
)
SIGNS = (
    ("┃", mark("Edge of the band that the type keeps. Drag it, or the band; thick: set by hand.")),
    ("⊣", mark("A tick left of the band: one bit is the sign.")),
    (wording.PIN, mark("Set by hand (pinned): stays when scheme or word length change.")),
    (wording.CONFLICT, mark("The target does not take this type.")),
    ("=", mark("Shares its type with another layer, as Concat or a Conv with its Relu must.")),
    ("≤", mark("The last column: all values that are smaller still.")),
)


class ExampleRow(QWidget):
    """One invented row, painted as the heat map paints its own."""

    HEIGHT, WORDS = 30, 18

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.setFixedHeight(self.HEIGHT + 2 * self.WORDS)
        self.setMinimumWidth(300)
        self.setAccessibleName(tr("Example of a row"))
        self.setAccessibleDescription(
            tr(
                "From left to right: values that are too large, gray; the band that is kept, white"
                " to dark blue, between two edge marks; values that round up, teal; lost ones, gray"
            )
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        counts = np.zeros((2, BIT_COUNT), np.int64)
        for bit, count in COUNTS.items():
            counts[:, bit - LOWEST_BIT] = count
        pixels = paint([HeatRow(counts, TYPE)], AXIS, self.theme.heat)
        width = self.width() / AXIS.columns
        image = QImage(
            pixels.tobytes(), AXIS.columns, 1, 3 * AXIS.columns, QImage.Format.Format_RGB888
        )
        row = QRectF(0, self.WORDS, self.width(), self.HEIGHT)
        painter.drawImage(row, image)
        left, right = (edge * width for edge in edge_positions(TYPE, AXIS))
        painter.setPen(QPen(QColor(self.theme.edge), 2))
        for place in (left, right):
            painter.drawLine(int(place), int(row.top()), int(place), int(row.bottom()))
        painter.setPen(QColor(self.theme.dim))
        above = QRectF(0, 0, self.width(), self.WORDS)
        large, small = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.drawText(above, large | Qt.AlignmentFlag.AlignVCenter, tr("large values"))
        painter.drawText(above, small | Qt.AlignmentFlag.AlignVCenter, tr("small values"))
        below = above.translated(0, self.WORDS + self.HEIGHT)
        band = QRectF(left, below.top(), right - left, below.height())
        painter.drawText(below, large | Qt.AlignmentFlag.AlignVCenter, tr("lost"))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, tr("kept"))
        painter.drawText(below, small | Qt.AlignmentFlag.AlignVCenter, tr("lost"))


class Swatch(QWidget):
    """A ramp of the heat map's own colours, few values to many."""

    def __init__(self, kind: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind = kind
        self.theme = LIGHT
        self.setFixedSize(QSize(52, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        few, many = np.asarray(getattr(self.theme.heat, self._kind), np.float64)
        steps = 4
        for step in range(steps):
            red, green, blue = (few + (many - few) * step / (steps - 1)).astype(int).tolist()
            room = QRectF(step * self.width() / steps, 0, self.width() / steps + 1, self.height())
            painter.fillRect(room, QColor(red, green, blue))
        painter.setPen(QColor(self.theme.border))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class Explanation(QScrollArea):
    """An example row, the colours, the signs, and the selected tensor in words."""

    guide_asked = Signal(str)  # page

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.setWidgetResizable(True)
        self.setAccessibleName(tr("What the heat map shows"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(self)
        self.example = ExampleRow(page)
        self.swatches = [Swatch(kind, page) for kind, *_ in SWATCHES]
        self.selected = _words("", page)
        self.guide = QPushButton(tr("&More in the guide"), page)
        self.guide.clicked.connect(self._ask_guide)
        self._lay_out(page)
        self.setWidget(page)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)
        controller.previewed.connect(self.refresh)
        self.refresh()

    def _lay_out(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        column.addWidget(
            _words(
                tr(
                    "A row is a tensor. A column is a bit position: values from 2ᵏ up to 2ᵏ⁺¹ have"
                    " their most significant bit at k. The deeper a cell's colour, the more of the"
                    " row's values are there."
                ),
                page,
            )
        )
        column.addWidget(self.example)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        top = Qt.AlignmentFlag.AlignTop
        for row, (swatch, (_, name, text)) in enumerate(zip(self.swatches, SWATCHES, strict=True)):
            swatch.setAccessibleName(tr(name))
            grid.addWidget(swatch, row, 0, top)
            grid.addWidget(_words(tr(text), page), row, 1)
        for row, (sign, text) in enumerate(SIGNS, len(SWATCHES)):
            grid.addWidget(QLabel(sign, page), row, 0, top | Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(_words(tr(text), page), row, 1)
        column.addLayout(grid)
        heading = QLabel(tr("The selected row"), page)
        heading.setProperty("role", "heading")
        column.addWidget(heading)
        column.addWidget(self.selected)
        column.addWidget(self.guide, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch()

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        painted: list[ExampleRow | Swatch] = [self.example, *self.swatches]
        for widget in painted:
            widget.theme = theme
            widget.update()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Say what the selected row shows."""
        text = selection_in_words(self._controller) if self.isVisible() else ""
        self.selected.setText(text)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.refresh()

    @Slot()
    def _ask_guide(self) -> None:
        self.guide_asked.emit("heat-map")


def _words(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def selection_in_words(controller: Controller) -> str:
    """The selected tensor, its type, and what becomes of its values."""
    readings, tensor = controller.readings, controller.selection.tensor
    if readings.network is None or not tensor or tensor not in readings.network.tensors:
        return tr("Select a row to read here what it shows.")
    name, data_type = readings.name_of(tensor), readings.data_type(tensor)
    if not readings.has_counts:
        return tr("{name}: nothing is counted yet. Calibrate to see its bits.", name=name)
    if data_type is None:
        reason = readings.reason(tensor)
        if not reason:
            return tr("{name} stays in float. Nothing of it is lost.", name=name)
        return tr(
            "{name} stays in float: {reason}. Nothing of it is lost.", name=name, reason=reason
        )
    parts = [tr("{name}, type {type}.", name=name, type=wording.type_in_words(data_type))]
    error = readings.error(tensor)
    if error is None:
        return " ".join(parts)
    for share, fate in (
        (error.overflow_share, mark("{share} of its values are too large and saturate.")),
        (error.underflow_share, mark("{share} of its values are too small and become 0.")),
    ):
        if share > 0.0:
            parts.append(tr(fate, share=wording.share(share)))
    if not error.overflow and not error.underflow:
        parts.append(tr("No value saturates and none becomes 0."))
    sqnr = wording.decibel(error.sqnr_db)
    parts.append(tr("Rounding leaves an SQNR of {sqnr}.", sqnr=sqnr))
    return " ".join(parts)
