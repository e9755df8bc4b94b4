"""The axis above the heat map, and the legend below it: always in sight while rows scroll."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from quantscope.core.picture.heatmap import BitAxis
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.ranges.band_marks import dashed
from quantscope.gui.ranges.columns import HEADER_HEIGHT
from quantscope.gui.translation import mark, tr

LABEL_ROOM = 27.0  # pixels that a label such as 2^-12 needs
REST_ROOM = 24  # between the middles of a label and of the last column's sign


class HeatAxis(QWidget):
    """Powers of two over the columns, as many labels as fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = BitAxis(3, -12)
        self.theme: Theme = LIGHT
        self.setFixedHeight(HEADER_HEIGHT)
        self.setAccessibleName(tr("Bit positions"))
        self.setToolTip(tr("Bit positions: the column of 2ᵏ counts values from 2ᵏ up to 2ᵏ⁺¹"))

    def show_axis(self, axis: BitAxis, theme: Theme) -> None:
        """Show the columns of ``axis``."""
        self.axis, self.theme = axis, theme
        self.setAccessibleDescription(
            tr("From 2^{top} down to 2^{bottom}, then the rest", top=axis.top, bottom=axis.bottom)
        )
        self.update()

    def labelled_columns(self) -> list[int]:
        """Columns that get a label: every one, or every second, fourth ... bit position."""
        width = self.width() / self.axis.columns
        every = next((n for n in (1, 2, 4, 8, 16) if n * width >= LABEL_ROOM), 32)
        rest = self.axis.columns - 1  # the last column says of itself that it is the rest
        columns = [c for c in range(rest) if (rest - c) * width >= REST_ROOM]
        return [c for c in columns if (bit := self.axis.bit_of(c)) is not None and bit % every == 0]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(self.theme.window))
        width = self.width() / self.axis.columns
        for column in self.labelled_columns():
            bit = self.axis.bit_of(column)
            center = QPointF((column + 0.5) * width, self.height() / 2)
            self._draw_power(painter, center, str(bit).replace("-", "\N{MINUS SIGN}"))
        self._draw_rest(painter, width)
        painter.setPen(QColor(self.theme.border))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)

    def _draw_power(self, painter: QPainter, center: QPointF, exponent: str) -> None:
        base = QFont(self.font())
        small = QFont(base)
        small.setPointSizeF(base.pointSizeF() * 0.78)
        wide, narrow = QFontMetricsF(base), QFontMetricsF(small)
        total = wide.horizontalAdvance("2") + narrow.horizontalAdvance(exponent)
        left = center.x() - total / 2
        baseline = center.y() + wide.ascent() / 2 - 1
        painter.setPen(QColor(self.theme.dim))
        painter.setFont(base)
        painter.drawText(QPointF(left, baseline), "2")
        painter.setFont(small)
        at = QPointF(left + wide.horizontalAdvance("2"), baseline - wide.ascent() * 0.38)
        painter.drawText(at, exponent)

    def _draw_rest(self, painter: QPainter, width: float) -> None:
        room = QRectF((self.axis.columns - 1) * width, 0, width, self.height())
        painter.setFont(self.font())
        painter.setPen(QColor(self.theme.dim))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "≤")


COLOURS = mark("Colours of the heat map: kept, rounds up to one step, lost")
WITH_OTHER = mark(
    "Colours of the heat map: kept, rounds up to one step, lost; dashed: edges of {other}"
)


class Legend(QWidget):
    """What the colours of the heat map mean, few values (left) to many (right)."""

    BAR, GAP, HEIGHT = 34, 6, 22

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = LIGHT
        self._other = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr(COLOURS))
        self.setToolTip(
            tr(
                "From few to many values in a row. Gray: outside what the type keeps.\n"
                "Lines: the edges of the representable band (thick: pinned by hand); the tick at"
                " the left edge: a sign bit."
            )
        )

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self.updateGeometry()
        self.update()

    def show_other(self, label: str) -> None:
        """Say whose edges are dashed (empty: there are none)."""
        self._other = label
        name = tr(WITH_OTHER, other=label) if label else tr(COLOURS)
        self.setAccessibleName(name)
        self.updateGeometry()
        self.update()

    def _entries(self) -> list[tuple[str, tuple[int, int, int], tuple[int, int, int]]]:
        heat = self.theme.heat
        return [
            (tr("kept"), *heat.kept),
            (tr("rounds up to one step"), *heat.rounded),
            (tr("lost"), *heat.lost),
        ]

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        words = sum(metrics.horizontalAdvance(text) for text, _, _ in self._entries())
        other = 3 * self.GAP + metrics.horizontalAdvance(self._other) if self._other else 0
        return QSize(words + 3 * (self.BAR + 3 * self.GAP) + other, self.HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        x = 0
        for text, few, many in self._entries():
            bar = QRectF(x + 0.5, 5.5, self.BAR, self.height() - 11)
            ramp = QLinearGradient(bar.topLeft(), bar.topRight())
            ramp.setColorAt(0.0, QColor(*few))
            ramp.setColorAt(1.0, QColor(*many))
            painter.setPen(QColor(self.theme.border))
            painter.setBrush(ramp)
            painter.drawRect(bar)
            x += self.BAR + self.GAP
            painter.setPen(QColor(self.theme.dim))
            width = self.fontMetrics().horizontalAdvance(text)
            room = QRectF(x, 0, width + 2, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
            x += width + 2 * self.GAP
        if self._other:
            painter.setPen(dashed(self.theme.other_edge))
            painter.drawLine(x + 2, 3, x + 2, self.height() - 3)
            painter.setPen(QColor(self.theme.dim))
            room = QRectF(x + 2 + self.GAP, 0, self.width(), self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self._other)
