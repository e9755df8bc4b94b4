"""What each layer's rounding costs, as rows of ready strings, the worst first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from quantscope.core.diagnosis.sensitivity import (
    LayerSensitivity,
    Metric,
    Parts,
    Sensitivity,
    decibels,
)
from quantscope.core.networks.network import Network
from quantscope.core.wording import decibel, share
from quantscope.gui.translation import mark, tr

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1  # 0..1 of the largest, for the bar
NOT_YET = "–"


class Column(IntEnum):
    """Columns, from left to right."""

    LAYER = 0
    SHARE = 1
    ONLY_IT = 2
    WEIGHTS = 3
    READS = 4
    WITHOUT = 5
    OWN = 6
    UP_TO = 7
    UP_TO_WEIGHTS = 8
    UP_TO_READS = 9
    UP_TO_OWN = 10


CUMULATIVE = (Column.UP_TO, Column.UP_TO_WEIGHTS, Column.UP_TO_READS, Column.UP_TO_OWN)
HEADINGS = {
    Column.LAYER: (mark("Layer"), mark("Choose a row to go to the layer in the heat map")),
    Column.SHARE: (
        mark("Share of the error"),
        mark("Of the noise that all layers, each quantized alone, put into the network's output"),
    ),
    Column.ONLY_IT: (mark("Only it"), mark("The network's output with only this layer quantized")),
    Column.WEIGHTS: (
        mark("Its weights"),
        mark("… with only its weights, bias and constants quantized"),
    ),
    Column.READS: (
        mark("What it reads"),
        mark("… with only the activations that it reads quantized"),
    ),
    Column.WITHOUT: (
        mark("All but it"),
        mark("The network's output with all quantized but this layer"),
    ),
    Column.OWN: (
        mark("At its output"),
        mark("SQNR at the layer's own output, only this layer quantized"),
    ),
    Column.UP_TO: (
        mark("Up to it"),
        mark("The network's output with this layer and all before it quantized"),
    ),
    Column.UP_TO_WEIGHTS: (
        mark("Weights up to it"),
        mark("… with only the weights of these layers quantized"),
    ),
    Column.UP_TO_READS: (
        mark("Reads up to it"),
        mark("… with only the activations that these layers read"),
    ),
    Column.UP_TO_OWN: (
        mark("Up to it, there"),
        mark("SQNR at the layer's own output, with this layer and all before it quantized"),
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A layer: ``texts`` and what to sort by, in column order; ``share`` 0..1 of all noise."""

    layer: str
    operator: str
    texts: tuple[str, ...]
    keys: tuple[float | str, ...]
    share: float


def rows_of(found: Sensitivity, metric: Metric, network: Network | None) -> list[Row]:
    """The layers measured, the worst by ``metric`` first, and the others behind them."""
    noise = found.noise
    measured = [_row(each, metric, noise) for each in found.ranked(metric)]
    labels = {each.name: each for each in network.layers} if network is not None else {}
    rest = []
    for name in found.missing:
        layer = labels.get(name)
        label = layer.label if layer else name
        texts = (label, tr("not measured yet"), *[NOT_YET] * (len(Column) - 2))
        keys: tuple[float | str, ...] = (label.lower(), *[-1.0] * (len(Column) - 1))
        rest.append(Row(name, layer.operator if layer else "", texts, keys, 0.0))
    return measured + rest


def _row(found: LayerSensitivity, metric: Metric, noise: float) -> Row:
    of_all = found.noise / noise if noise else 0.0
    alone = found.isolated
    outputs = [
        alone.everything.outputs,
        alone.weights.outputs,
        alone.activations.outputs,
        found.in_float,
    ]
    texts, keys = _cumulative(found.cumulative, metric)
    own = alone.everything.own
    return Row(
        found.layer,
        found.operator,
        (
            found.label,
            share(of_all),
            *(each.figure(metric) for each in outputs),
            decibel(decibels(own)),
            *texts,
        ),
        (found.label.lower(), of_all, *(each.noise for each in outputs), own, *keys),
        of_all,
    )


def _cumulative(parts: Parts | None, metric: Metric) -> tuple[list[str], list[float]]:
    if parts is None:
        return [NOT_YET] * len(CUMULATIVE), [-1.0] * len(CUMULATIVE)
    every = [parts.everything.outputs, parts.weights.outputs, parts.activations.outputs]
    own = parts.everything.own
    texts = [*(each.figure(metric) for each in every), decibel(decibels(own))]
    return texts, [*(each.noise for each in every), own]


class LayersModel(QAbstractTableModel):
    """Rows in the order that a person chose last; at first, the worst on top."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._largest = 1.0
        self._sorted = (int(Column.SHARE), Qt.SortOrder.DescendingOrder)

    def show_rows(self, rows: list[Row]) -> None:
        """Replace all rows; they are kept in order."""
        self.beginResetModel()
        self._rows = self._in_order(rows)
        self._largest = max((row.share for row in rows), default=0.0) or 1.0
        self.endResetModel()

    def layer_at(self, row: int) -> str:
        """The name of the layer in ``row``; empty where there is none."""
        return self._rows[row].layer if 0 <= row < len(self._rows) else ""

    def row_of(self, layer: str) -> int:
        """Where ``layer`` stands; -1 where it does not."""
        names = [row.layer for row in self._rows]
        return names.index(layer) if layer in names else -1

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._sorted = (column, order)
        self.show_rows(self._rows)

    def _in_order(self, rows: list[Row]) -> list[Row]:
        column, order = self._sorted
        descends = order is Qt.SortOrder.DescendingOrder
        if column == Column.SHARE and descends:
            return sorted(rows, key=lambda row: -row.share)  # keeps the rank of equals
        return sorted(rows, key=lambda row: row.keys[column], reverse=descends)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.layer} ({row.operator})"
        if role == SHARE_ROLE and index.column() == Column.SHARE:
            return row.share / self._largest
        return _alignment(index.column(), role)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        name, tip = HEADINGS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(name)
        return tr(tip) if role == Qt.ItemDataRole.ToolTipRole else _alignment(section, role)


def _alignment(column: int, role: int) -> object:
    if role != Qt.ItemDataRole.TextAlignmentRole:
        return None
    is_words = column <= Column.SHARE
    side = Qt.AlignmentFlag.AlignLeft if is_words else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
