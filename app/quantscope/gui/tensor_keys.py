"""What the keyboard does to the selected tensor: everything that dragging its band does."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from quantscope.core.formats import DataType
from quantscope.core.plan_settings import WIDE
from quantscope.gui.controller import Controller
from quantscope.gui.type_edits import key_move, next_word_length, with_word_length
from quantscope.session import commands


class TensorKeys(QObject):
    """Edits of the selection; none where the type of the tensor cannot be set by hand."""

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller

    def enabled(self) -> dict[str, bool]:
        """Which actions of the table can be done now."""
        readings, selection = self._controller.readings, self._controller.selection
        can_edit = self._editable() is not None
        pinned = bool(selection.tensor) and readings.is_pinned(selection.tensor)
        can_be_integer = readings.can_be_integer(selection.layer)
        can_edit_word = can_edit and len(readings.target.word_lengths) > 1
        return {
            "larger": can_edit,
            "smaller": can_edit,
            "longer": can_edit_word,
            "shorter": can_edit_word,
            "reset": pinned,
            "worst": self._controller.session.plan() is not None,
            "toggle-layer": can_be_integer,
            "wide": can_be_integer and WIDE in readings.target.word_lengths,
        }

    def _editable(self) -> DataType | None:
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        if not tensor or readings.locked(tensor):
            return None
        return readings.data_type(tensor)

    def _pin(self, data_type: DataType | None) -> None:
        if data_type is not None:
            self._controller.pin(self._controller.selection.tensor, data_type)

    @Slot()
    def do_larger(self) -> None:
        self._move_band(1)

    @Slot()
    def do_smaller(self) -> None:
        self._move_band(-1)

    def _move_band(self, direction: int) -> None:
        data_type = self._editable()
        if data_type is not None:
            self._pin(key_move(data_type, direction))

    @Slot()
    def do_longer(self) -> None:
        self._change_word(1)

    @Slot()
    def do_shorter(self) -> None:
        self._change_word(-1)

    def _change_word(self, direction: int) -> None:
        """A longer (1) or shorter (-1) word that the target takes, same range."""
        data_type = self._editable()
        if data_type is None:
            return
        allowed = self._controller.readings.target.word_lengths
        length = next_word_length(data_type, allowed, direction)
        if length is not None:
            self._pin(with_word_length(data_type, length))

    @Slot()
    def do_worst(self) -> None:
        """The tensor with the lowest SQNR; where it is selected, the next lowest."""
        names, selection = self._by_quality(), self._controller.selection
        if not names:
            return
        place = names.index(selection.tensor) + 1 if selection.tensor in names else 0
        tensor = names[place % len(names)]
        network = self._controller.readings.network
        assert network is not None
        selection.select(network.tensors[tensor].layer, tensor)

    def _by_quality(self) -> list[str]:
        readings = self._controller.readings
        tensors = readings.network.tensors if readings.network is not None else ()
        errors = {name: readings.error(name) for name in tensors}
        known = {name: error.sqnr_db for name, error in errors.items() if error is not None}
        return sorted(known, key=lambda name: known[name])

    @Slot()
    def do_reset(self) -> None:
        """Follow the scheme again."""
        tensor = self._controller.selection.tensor
        if tensor:
            self._controller.reset(tensor)

    @Slot()
    def do_reset_all(self) -> None:
        """Let every tensor follow the scheme again."""
        pinned = tuple(self._controller.session.document.settings.pinned)
        if pinned:
            self._controller.do(commands.reset_types(pinned, "all types"))

    def is_wide(self) -> bool:
        """Whether the selected layer reads 16-bit activations by choice."""
        settings = self._controller.session.document.settings
        return self._controller.selection.layer in settings.wide_layers

    @Slot()
    def do_wide(self) -> None:
        """16-bit activations for the selected layer, or the usual ones."""
        self._controller.widen_layer(self._controller.selection.layer, not self.is_wide())

    @Slot()
    def do_toggle_layer(self) -> None:
        """The selected layer in integers, or in float."""
        layer, readings = self._controller.selection.layer, self._controller.readings
        if readings.can_be_integer(layer):
            self._controller.quantize_layer(layer, not readings.is_layer_wanted(layer))
