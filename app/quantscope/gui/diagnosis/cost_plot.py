"""The plot behind :mod:`~quantscope.gui.diagnosis.cost_curve`: its library is slow to import."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent
from PySide6.QtWidgets import QWidget

import pyqtgraph as pg  # isort: skip

from quantscope.gui.diagnosis.cost_points import Curve
from quantscope.gui.look.theme import LIGHT, Theme
from quantscope.gui.translation import tr

REACH = 16  # pixels within which a click takes a point
SYMBOLS = {"best": "star", "in use": "s", "": "o"}
SIZES = {"best": 17, "in use": 11, "": 8}


class CostPlot(pg.PlotWidget):  # type: ignore[misc]
    """Points joined by a line, one of them ringed; a click or the arrow keys choose another."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Accuracy against cost"))
        self.setAccessibleDescription(tr("The table beside it has the same figures"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseEnabled(False, False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getAxis("bottom").setLabel(tr("cost, all layers at 8 bits = 1"))
        self._line = pg.PlotDataItem()
        self._goal = pg.InfiniteLine(angle=0, movable=False)
        self._ring = pg.ScatterPlotItem()
        self._points = pg.ScatterPlotItem()
        self._names = [pg.TextItem() for _ in range(2)]  # of the best mix; of the goal
        for item in (self._goal, self._line, self._ring, self._points, *self._names):
            self.addItem(item)
        self._curve: Curve | None = None
        self._current = -1
        self._theme = LIGHT
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.setBackground(QColor(theme.base))
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(QColor(theme.border))
            axis.setTextPen(QColor(theme.dim))
        self._line.setPen(pg.mkPen(theme.dim, width=1))
        self._goal.setPen(pg.mkPen(theme.edge, width=1, style=Qt.PenStyle.DashLine))
        self._draw()

    def show_curve(self, curve: Curve | None, current: int) -> None:
        """Draw ``curve`` with the point ``current`` ringed (-1: none)."""
        self._curve, self._current = curve, current
        self._draw()

    def _draw(self) -> None:
        curve = self._curve
        for item in (self._line, self._goal, self._ring, self._points, *self._names):
            item.setVisible(curve is not None)
        if curve is None:
            return
        self.getAxis("left").setLabel(curve.unit)
        self.getAxis("left").setTicks(None if curve.ticks is None else [curve.ticks])
        self._line.setData(curve.costs, curve.heights)
        self._points.setData([self._spot(curve, n) for n in range(len(curve.costs))])
        self._goal.setPos(curve.goal)
        ringed = [self._current] if 0 <= self._current < len(curve.costs) else []
        ring = pg.mkPen(self._theme.text, width=2)
        self._ring.setData(
            [{"pos": self._place(curve, n), "size": 24, "pen": ring, "brush": None} for n in ringed]
        )
        self._write(curve)
        low, high = min(curve.costs), max(curve.costs)
        room = max(high - low, 0.05)
        self.setXRange(low - 0.06 * room, high + 0.06 * room, padding=0)
        every = [*curve.heights, curve.goal]
        bottom, top = min(every), max(every)
        room = max(top - bottom, 1e-6)
        self.setYRange(bottom - 0.15 * room, top + 0.18 * room, padding=0)

    def _place(self, curve: Curve, number: int) -> tuple[float, float]:
        return curve.costs[number], curve.heights[number]

    def _spot(self, curve: Curve, number: int) -> dict[str, Any]:
        kind = curve.kinds[number]
        is_good = curve.heights[number] >= curve.goal
        color = QColor(self._theme.kept if is_good else self._theme.dim)
        if kind == "best":
            color = QColor(self._theme.edge)
        return {
            "pos": self._place(curve, number),
            "symbol": SYMBOLS[kind],
            "size": SIZES[kind],
            "brush": color,
            "pen": pg.mkPen(self._theme.base, width=1),
        }

    def _write(self, curve: Curve) -> None:
        found, goal = self._names
        for item in self._names:
            font = QFont(self.font())
            item.setFont(font)
        if "best" in curve.kinds:
            number = curve.kinds.index("best")
            is_right = curve.costs[number] > (min(curve.costs) + max(curve.costs)) / 2
            found.setText(tr("cheapest found") + " ", QColor(self._theme.edge))
            found.setAnchor((1.05 if is_right else -0.08, 1.1))
            found.setPos(*self._place(curve, number))
        found.setVisible("best" in curve.kinds)
        goal.setText(curve.goal_text, QColor(self._theme.edge))
        goal.setAnchor((1.0, 0.0))
        goal.setPos(max(curve.costs), curve.goal)

    # ---- choosing

    def mousePressEvent(self, event: Any) -> None:
        number = self._nearest(QPointF(event.position()))
        if number >= 0:
            self.picked.emit(number)
        super().mousePressEvent(event)

    def point_of(self, number: int) -> QPointF:
        """Where a point stands, in pixels of the viewport."""
        assert self._curve is not None
        place = QPointF(*self._place(self._curve, number))
        scene = self.getPlotItem().vb.mapViewToScene(place)
        return QPointF(self.mapFromScene(scene))

    def _nearest(self, point: QPointF) -> int:
        if self._curve is None:
            return -1
        far = []
        for number in range(len(self._curve.costs)):
            away = self.point_of(number) - point
            far.append((math.hypot(away.x(), away.y()), number))
        distance, number = min(far)
        return number if distance <= REACH else -1

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._curve is None:
            super().keyPressEvent(event)
            return
        last = len(self._curve.costs) - 1
        self.picked.emit(min(max(self._current + step, 0), last))
