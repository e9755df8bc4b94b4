"""Real mouse and keys on the heat map and the tree, for tests."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from quantscope.core.picture.heatmap import edge_positions
from quantscope.gui.main_window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def weights(window: MainWindow, place: int = 0) -> str:
    """The name of a weight of the network in the window."""
    network = window.controller.readings.network
    assert network is not None
    return [layer.weights for layer in network.layers if layer.weights is not None][place]


def select(window: MainWindow, tensor: str) -> None:
    """Make a tensor's row the current one."""
    network = window.controller.readings.network
    assert network is not None
    index = window.ranges.model.index_of(network.tensors[tensor].layer, tensor)
    window.ranges.tree.setCurrentIndex(index)
    window.ranges.tree.scrollTo(index)


def at(window: MainWindow, tensor: str, position: float) -> QPoint:
    """The point in the viewport of the heat map at ``position`` columns in a tensor's row."""
    heat = window.ranges.heat
    point = window.ranges.row_center(tensor)
    return QPoint(round(heat.x_of(position)), point.y())


def band_middle(window: MainWindow, tensor: str) -> float:
    """The middle of a tensor's band, in columns."""
    data_type = window.controller.readings.data_type(tensor)
    assert data_type is not None
    left, right = edge_positions(data_type, window.ranges.heat.axis)
    return (left + right) / 2


def move(widget: QWidget, point: QPoint, held: bool = False) -> None:
    """Move the mouse; offscreen, QTest.mouseMove does not tell which buttons are held."""
    buttons = LEFT if held else Qt.MouseButton.NoButton
    position = QPointF(point)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        position,
        QPointF(widget.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def drag(
    qtbot: QtBot, window: MainWindow, start: QPoint, end: QPoint, release: bool = True
) -> None:
    """Press, move in small steps, release."""
    viewport = window.ranges.heat.viewport()
    move(viewport, start)
    qtbot.mousePress(viewport, LEFT, pos=start)
    for step in range(1, 9):
        move(viewport, start + (end - start) * step / 8, held=True)
    if release:
        qtbot.mouseRelease(viewport, LEFT, pos=end)
