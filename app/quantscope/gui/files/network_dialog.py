"""What was opened: sizes, what preparation changed, and which layers stay float and why."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from quantscope import __version__
from quantscope.core.networks.migration import in_words
from quantscope.core.networks.network import Network, Port
from quantscope.gui import wording
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.translation import plural, tr


class NetworkDialog(QDialog):
    """Plain text, to read and to copy."""

    def __init__(self, readings: Readings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Network"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        network = readings.network
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(tr("What was opened, and what preparation changed"))
        self.text.setPlainText(network_in_words(network, readings) if network else "")
        heading = QLabel(network.name if network else "", self)
        heading.setProperty("role", "heading")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        self.resize(640, 520)


def network_in_words(network: Network, readings: Readings) -> str:
    """Everything that the description says of the network as a whole."""
    sizes = (
        tr("Opset {opset}", opset=network.opset),
        plural("one layer", "{n} layers", len(network.layers)),
        plural("one tensor", "{n} tensors", len(network.tensors)),
    )
    lines = [", ".join(sizes)]
    lines += [tr("Input   {port}", port=_port(port)) for port in network.inputs]
    lines += [tr("Output  {port}", port=_port(port)) for port in network.outputs]
    lines += ["", tr("Changed to prepare it (the file itself is left alone):")]
    changes = [*network.changes, *in_words(readings.migration)]
    lines += [f"  • {change}" for change in changes] or ["  " + tr("nothing")]
    floats = [
        f"  • {layer.label}: {readings.reason(layer.name)}"
        for layer in network.layers
        if readings.reason(layer.name)
    ]
    lines += ["", tr("Layers that stay float:"), *(floats or ["  " + tr("none")])]
    return "\n".join(lines)


def _port(port: Port) -> str:
    return f"{port.name}  {port.dtype}  {wording.shape(port.shape)}"


def about_box(parent: QWidget) -> QMessageBox:
    """Version and licence."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(tr("About Quantscope"))
    box.setText(f"Quantscope {__version__}")
    box.setInformativeText(
        tr(
            "See which bits a neural network really uses, choose its integer types by pointing,"
            " export the quantized ONNX model.\n\n"
            "Apache License 2.0. Made with Qt for Python (LGPL) and pyqtgraph (MIT)."
        )
    )
    return box
