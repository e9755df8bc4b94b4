"""The table of layers and tensors: two levels, ready strings, nothing computed for unseen rows.

A layer row stands for its activations while it is collapsed, and is a heading while open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont

from quantscope.core.networks.network import Layer, LayerKind
from quantscope.gui import wording
from quantscope.gui.look.theme import LIGHT, Theme, tabular
from quantscope.gui.ranges.arrangement import Group
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.ranges.row_texts import WORDS, Column, RowTexts
from quantscope.gui.translation import tr
from quantscope.gui.variants.comparison import Comparison

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
Place = tuple[int, int]  # row of the layer, row of the tensor in it (or HEADING)
HEADING = -1
REASON_ROLE = Qt.ItemDataRole.UserRole + 1  # why a layer stays float: written across its row
SOURCE_ROLE = REASON_ROLE + 1  # where the values of a tied tensor are rounded
HEADING_ROLE = REASON_ROLE + 2  # whether it is the name of an open layer: its row is empty
SHORTER_ROLE = REASON_ROLE + 3  # a number in fewer digits


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
# Made once: a tree of thousands of rows asks for the flags of each when it is laid out.
_PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_LEAF = _PLAIN | Qt.ItemFlag.ItemNeverHasChildren
_CHECKABLE = _PLAIN | Qt.ItemFlag.ItemIsUserCheckable


class RangesModel(QAbstractItemModel):
    """Layers (top level) and their tensors, read from :class:`Readings`.

    Where everything may read otherwise, the view paints its visible rows anew: that is a
    hundred times quicker than signals for thousands of rows that nobody sees.

    An index's internal id is 0 for a layer and the layer's row + 1 for a tensor.
    ``quantize_asked`` says which layer's box was clicked, and what it asks for.
    """

    quantize_asked = Signal(str, bool)

    def __init__(
        self, readings: Readings, comparison: Comparison, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._readings = readings
        self._texts = RowTexts(readings, comparison)
        self._layers: tuple[Layer, ...] = ()
        self._tensors: list[tuple[str, ...]] = []  # of each layer
        self._alone: list[bool] = []  # whether a row shows one of its layer's several tensors
        self._boxes: list[bool] = []  # whether each layer has a check box
        self._places: dict[str, tuple[int, int]] = {}
        self._open: set[str] = set()
        self._theme: Theme = LIGHT
        self._strong, self._numbers = QFont(), QFont()
        roles = Qt.ItemDataRole
        self._answers: dict[int, Callable[[Index], object]] = {
            roles.DisplayRole: self._text,
            roles.TextAlignmentRole: self._alignment,
            roles.CheckStateRole: self._check_state,
            roles.FontRole: self._font,
            roles.ForegroundRole: self._color,
            roles.ToolTipRole: self._tool_tip,
            REASON_ROLE: self._reason,
            SOURCE_ROLE: self._source,
            HEADING_ROLE: self._is_heading,
            SHORTER_ROLE: self._shorter,
        }

    # ---- what the view sets

    def load(self, groups: Sequence[Group]) -> None:
        """Show these layers, and below them these of their tensors."""
        self.beginResetModel()
        self._layers = tuple(group.layer for group in groups)
        self._tensors = [group.tensors for group in groups]
        self._alone = [len(each.tensors) == 1 < len(each.layer.tensors) for each in groups]
        self._boxes = [_may_be_integer(layer) for layer in self._layers]
        self._places = {
            name: (row, child)
            for row, names in enumerate(self._tensors)
            for child, name in enumerate(names)
        }
        self._open = self._with_several()
        self.endResetModel()

    def _with_several(self) -> set[str]:
        pairs = zip(self._layers, self._tensors, strict=True)
        return {layer.name for layer, names in pairs if len(names) > 1}

    def set_look(self, theme: Theme, font: QFont) -> None:
        """Take colours and fonts from ``theme`` and ``font``."""
        self._theme = theme
        self._strong = QFont(font)
        self._strong.setWeight(QFont.Weight.DemiBold)
        self._numbers = tabular(font)

    def set_open(self, row: int, is_open: bool) -> None:
        """Note that a layer's row was expanded or collapsed."""
        layer = self._layers[row]
        if is_open and len(self._tensors[row]) > 1:
            self._open.add(layer.name)
        else:
            self._open.discard(layer.name)
        self._emit_row(row, ROOT)

    def set_all_open(self, is_open: bool) -> None:
        """Note that every layer with several tensors was expanded or collapsed."""
        self._open = self._with_several() if is_open else set()

    def is_open(self, row: int) -> bool:
        """Whether a layer's tensors are shown below it."""
        return self._layers[row].name in self._open and len(self._tensors[row]) > 1

    @property
    def is_any_open(self) -> bool:
        """Whether a layer's tensors are shown below it, or no layer has several."""
        return bool(self._open) or not any(len(names) > 1 for names in self._tensors)

    @property
    def tensors(self) -> Iterable[str]:
        """The tensors that have a row, in open layers and closed ones."""
        return self._places.keys()

    @property
    def tensor_count(self) -> int:
        """How many tensors have a row, in open layers and closed ones."""
        return len(self._places)

    def refresh_tensors(self, names: tuple[str, ...]) -> None:
        """The figures of some tensors may read otherwise now."""
        for name in names:
            row, child = self._places.get(name, (-1, -1))
            if row >= 0:
                self._emit_row(child, self.index(row, 0))
                self._emit_row(row, ROOT)

    def _emit_row(self, row: int, parent: Index) -> None:
        last = self.index(row, len(Column) - 1, parent)
        self.dataChanged.emit(self.index(row, 0, parent), last)

    # ---- names and places

    def layer_at(self, index: Index) -> Layer:
        """The layer of a row, or the layer that a tensor's row belongs to."""
        inner = index.internalId()
        return self._layers[inner - 1 if inner else index.row()]

    def tensor_at(self, index: Index) -> str:
        """The tensor that a row shows; empty for the heading of an open layer."""
        inner = index.internalId()
        if inner:
            return self._tensors[inner - 1][index.row()]
        row = index.row()
        return "" if self.is_open(row) else _standing_for(self._layers[row], self._tensors[row])

    def layer_row_of(self, tensor: str) -> QModelIndex:
        """The row of the layer of ``tensor``, which has a row."""
        return self.index(self._places[tensor][0], 0)

    def index_of(self, layer: str, tensor: str) -> QModelIndex:
        """Where ``tensor`` of ``layer`` is shown now (its layer's row while that is closed)."""
        row, child = self._places.get(tensor, (-1, 0))
        if row < 0:
            found = [r for r, item in enumerate(self._layers) if item.name == layer]
            return self.index(found[0], 0) if found else QModelIndex()
        parent = self.index(row, 0)
        return self.index(child, 0, parent) if self.is_open(row) else parent

    def shown_places(self) -> list[Place]:
        """Every row in sight if the window were tall enough, top to bottom."""
        places: list[Place] = []
        for row in range(len(self._layers)):
            places.append((row, HEADING))
            if self.is_open(row):
                places += [(row, child) for child in range(len(self._tensors[row]))]
        return places

    def shown_tensors(self) -> list[str]:
        """The tensor of each of :meth:`shown_places`; empty for the heading of an open layer."""
        tensors: list[str] = []
        for layer, names in zip(self._layers, self._tensors, strict=True):
            if layer.name in self._open and len(names) > 1:
                tensors += ("", *names)
            else:
                tensors.append(_standing_for(layer, names))
        return tensors

    def index_at(self, place: Place) -> QModelIndex:
        """The index of a row's first column."""
        row, child = place
        layer = self.index(row, 0)
        return layer if child == HEADING else self.index(child, 0, layer)

    def place_of(self, index: Index) -> Place:
        """The row that an index belongs to."""
        inner = index.internalId()
        return (inner - 1, index.row()) if inner else (index.row(), HEADING)

    # ---- QAbstractItemModel

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        if not parent.isValid():
            inside = 0 <= row < len(self._layers)
            return self.createIndex(row, column, 0) if inside else QModelIndex()
        layer = parent.row()
        inside = 0 <= row < len(self._tensors[layer]) and parent.internalId() == 0
        return self.createIndex(row, column, layer + 1) if inside else QModelIndex()

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]
        inner = index.internalId() if index.isValid() else 0
        return self.createIndex(inner - 1, 0, 0) if inner else QModelIndex()

    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return len(self._layers)
        count = 0 if parent.internalId() or parent.column() else len(self._tensors[parent.row()])
        return count if count > 1 else 0

    def hasChildren(self, parent: Index = ROOT) -> bool:
        return self.rowCount(parent) > 0  # Qt would ask for the columns too

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or section not in list(Column):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _LEFT if section in WORDS else _RIGHT
        texts = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        return self._texts.heading(Column(section))[texts.index(role)] if role in texts else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.internalId():
            return _LEAF
        return _CHECKABLE if index.column() == 0 and self._boxes[index.row()] else _PLAIN

    def _has_check_box(self, index: Index) -> bool:
        if index.column() != Column.NAME or index.internalId():
            return False
        return self._boxes[index.row()]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        answer = self._answers.get(role)
        return answer(index) if answer is not None and index.isValid() else None

    def _alignment(self, index: Index) -> Qt.AlignmentFlag:
        return _LEFT if index.column() in WORDS else _RIGHT

    def _source(self, index: Index) -> str:
        tensor = self.tensor_at(index)
        sources = self._readings.rounded_at(tensor) if tensor else ()
        names = [self._readings.layer_label(name) for name in sources]
        return names[0] + (f" + {len(names) - 1}" if len(names) > 1 else "") if names else ""

    def _reason(self, index: Index) -> str:
        return "" if index.internalId() else self._readings.reason(self.layer_at(index).name)

    def _is_heading(self, index: Index) -> bool:
        return index.column() == Column.NAME and not self.tensor_at(index)

    def _shorter(self, index: Index) -> str:
        tensor = self.tensor_at(index)
        return self._texts.shorter(tensor, Column(index.column())) if tensor else ""

    def _check_state(self, index: Index) -> Qt.CheckState | None:
        if not self._has_check_box(index):
            return None
        layer = self.layer_at(index)
        if not self._readings.is_layer_wanted(layer.name):
            return Qt.CheckState.Unchecked
        if self._readings.is_layer_quantized(layer.name):
            return Qt.CheckState.Checked
        return Qt.CheckState.PartiallyChecked

    def _font(self, index: Index) -> QFont:
        is_name = not index.internalId() and index.column() == Column.NAME
        return self._strong if is_name and not self._alone[index.row()] else self._numbers

    def _color(self, index: Index) -> QColor | None:
        layer = self.layer_at(index)
        tensor = self.tensor_at(index)
        if index.column() == Column.TYPE and tensor and self._readings.conflict(tensor):
            return QColor(self._theme.error)
        if index.internalId() and index.column() == Column.NAME:
            return QColor(self._theme.dim)
        if self._readings.reason(tensor or layer.name):
            return QColor(self._theme.dim)
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole or not self._has_check_box(index):
            return False
        self.ask_to_toggle(self.layer_at(index))
        return True

    def ask_to_toggle(self, layer: Layer) -> None:
        """Ask for ``layer`` in integers where it is kept in float, and the other way round."""
        if self._has_check_box(self.index_of(layer.name, "")):
            self.quantize_asked.emit(layer.name, not self._readings.is_layer_wanted(layer.name))

    # ---- text

    def _text(self, index: Index) -> str:
        layer, tensor = self.layer_at(index), self.tensor_at(index)
        column = Column(index.column())
        if column is Column.NAME:
            return self._name(index, layer)
        return self._texts.text(tensor, column) if tensor else ""

    def _name(self, index: Index, layer: Layer) -> str:
        network = self._readings.network
        if network is None or not (index.internalId() or self._alone[index.row()]):
            return layer.label
        tensor = network.tensors[self.tensor_at(index)]
        in_words = wording.row_name if index.internalId() else wording.full_name
        return in_words(tensor, layer)

    def _tool_tip(self, index: Index) -> str:
        layer, tensor = self.layer_at(index), self.tensor_at(index)
        network = self._readings.network
        is_layer = index.column() == Column.NAME and not index.internalId()
        if network is None or not tensor or is_layer:
            lines = [layer.name, tr("Operator: {operator}", operator=layer.operator)]
            lines += [self._readings.reason(layer.name), self._readings.note(layer.name)]
        else:
            described = network.tensors[tensor]
            lines = [tensor, f"{described.dtype}  {wording.shape(described.shape)}"]
            lines += self._texts.tool_tip(tensor)
        return "\n".join(line for line in lines if line)


def _may_be_integer(layer: Layer) -> bool:
    return layer.kind not in (LayerKind.INPUT, LayerKind.FLOAT) and not layer.reason


def _standing_for(layer: Layer, tensors: tuple[str, ...]) -> str:
    """What a layer's row shows while it is closed: its activations, where they are shown."""
    return next((name for name in layer.outputs[:1] if name in tensors), tensors[0])
