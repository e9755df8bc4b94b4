"""What the keyboard does to the selected rows: everything that dragging bands does."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.settings import WIDE
from quantscope.gui.controller import Controller
from quantscope.gui.ranges import row_edits
from quantscope.gui.ranges.band_drag import moved_bands
from quantscope.gui.ranges.type_edits import (
    key_move,
    key_upper_edge,
    next_word_length,
    with_word_length,
)
from quantscope.gui.translation import plural
from quantscope.session import commands


class TensorKeys(QObject):
    """Edits of the selection; none where the type of no selected tensor can be set by hand."""

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller

    def enabled(self) -> dict[str, bool]:
        """Which actions of the table can be done now."""
        controller, readings = self._controller, self._controller.readings
        can_edit = any(True for _ in row_edits.editable(controller))
        can_edit_word = any(
            len(readings.word_lengths(tensor)) > 1 for tensor, _ in row_edits.editable(controller)
        )
        can_be_integer = bool(row_edits.possible_layers(controller))
        return {
            "larger": can_edit,
            "smaller": can_edit,
            "longer": can_edit_word,
            "shorter": can_edit_word,
            "wider": can_edit,
            "narrower": can_edit,
            "reset": any(True for _ in row_edits.pinned(controller)),
            "toggle-layer": can_be_integer,
            "wide": can_be_integer and WIDE in readings.target.word_lengths,
        }

    # ---- types

    @Slot()
    def do_larger(self) -> None:
        self._edit(key_move, 1, moved_bands)

    @Slot()
    def do_smaller(self) -> None:
        self._edit(key_move, -1, moved_bands)

    def _edit(
        self,
        change: Callable[[DataType, int], DataType | None],
        direction: int,
        title: row_edits.Title,
    ) -> None:
        def edit(_: str, data_type: DataType) -> DataType | None:
            return change(data_type, direction)

        row_edits.edit_types(self._controller, edit, title)

    @Slot()
    def do_longer(self) -> None:
        self._change_word(1, _lengthened)

    @Slot()
    def do_shorter(self) -> None:
        self._change_word(-1, _shortened)

    def _change_word(self, direction: int, title: row_edits.Title) -> None:
        """A longer (1) or shorter (-1) word that the target takes, same range."""
        readings = self._controller.readings

        def edit(tensor: str, data_type: DataType) -> DataType | None:
            length = next_word_length(data_type, readings.word_lengths(tensor), direction)
            return with_word_length(data_type, length) if length is not None else None

        row_edits.edit_types(self._controller, edit, title)

    @Slot()
    def do_wider(self) -> None:
        self._move_upper_edge(1, _widened)

    @Slot()
    def do_narrower(self) -> None:
        self._move_upper_edge(-1, _narrowed)

    def _move_upper_edge(self, direction: int, title: row_edits.Title) -> None:
        readings = self._controller.readings

        def edit(tensor: str, data_type: DataType) -> DataType | None:
            return key_upper_edge(data_type, direction, readings.word_lengths(tensor))

        row_edits.edit_types(self._controller, edit, title)

    @Slot()
    def do_reset(self) -> None:
        """Follow the scheme again."""
        row_edits.reset_types(self._controller)

    # ---- layers

    @Slot()
    def do_reset_all(self) -> None:
        """Let every tensor follow the scheme again."""
        pinned = tuple(self._controller.session.document.settings.pinned)
        if pinned:
            self._controller.do(commands.reset_types(pinned, "all types"))

    def is_wide(self) -> bool:
        """Whether the selected layers read 16-bit activations by choice."""
        return row_edits.are_wide(self._controller)

    @Slot()
    def do_wide(self) -> None:
        """16-bit activations for the selected layers, or the usual ones."""
        row_edits.widen_layers(self._controller)

    @Slot()
    def do_toggle_layer(self) -> None:
        """The selected layers in integers, or in float."""
        row_edits.toggle_layers(self._controller)


def _lengthened(n: int) -> str:
    return plural("Lengthen one word", "Lengthen {n} words", n)


def _shortened(n: int) -> str:
    return plural("Shorten one word", "Shorten {n} words", n)


def _widened(n: int) -> str:
    return plural("Widen one range", "Widen {n} ranges", n)


def _narrowed(n: int) -> str:
    return plural("Narrow one range", "Narrow {n} ranges", n)
