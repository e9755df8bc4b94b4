"""The type of the selected rows as fields: scheme, word, sign, fraction length or scale."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLocale, Slot
from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from quantscope.core.numbers.formats import (
    LONGEST_FRACTION,
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
)
from quantscope.core.planning.schemes import Scheme
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.inspector import field_edits
from quantscope.gui.inspector.alternatives import Alternatives
from quantscope.gui.inspector.several import SEVERAL, SeveralCombo, SeveralSpin
from quantscope.gui.look.theme import tabular
from quantscope.gui.ranges import row_edits
from quantscope.gui.translation import mark, tr

BY_HAND = mark("by hand")
SIGNS = {True: mark("signed"), False: mark("unsigned")}


class TypeFields(QWidget):
    """Pins what is entered, for all selected rows; *Reset* lets them follow the scheme again."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._alternatives = Alternatives(controller)
        self._rows: dict[str, DataType] = {}
        self._chosen: Scheme | None = None
        self.scheme = SeveralCombo(self)
        self.word = SeveralCombo(self)
        self.sign = SeveralCombo(self)
        self.fraction = SeveralSpin(self)
        self.scale = QLineEdit(self)
        validator = QDoubleValidator(0.0, 3.4e38, 9, self.scale)
        validator.setLocale(QLocale.c())  # as it is shown
        validator.setNotation(QDoubleValidator.Notation.ScientificNotation)
        self.scale.setValidator(validator)
        self.zero_point = SeveralSpin(self)
        self.reset = QPushButton(tr("Reset t&o scheme"), self)
        self._tips = {
            self.scheme: tr("Set the type that another scheme would give"),
            self.word: tr("Bits of one value; the range stays"),
            self.sign: tr("Signed or unsigned integers, where the target takes both"),
            self.fraction: tr("Bits after the binary point: the step is 2 to the minus this"),
            self.scale: tr("The step between two values"),
            self.zero_point: tr("The stored integer that means 0"),
            self.reset: tr("Give up what was set by hand and follow the scheme again"),
        }
        self._lay_out()
        self.scheme.chosen.connect(self._take_scheme)
        self.word.chosen.connect(self._take_word)
        self.sign.chosen.connect(self._take_sign)
        self.fraction.entered.connect(self._take_fraction)
        self.fraction.stepped.connect(self._step_fractions)
        self.scale.editingFinished.connect(self._take_scale)
        self.zero_point.entered.connect(self._take_zero_point)
        self.zero_point.stepped.connect(self._step_zero_points)
        self.reset.clicked.connect(self._reset)

    def _lay_out(self) -> None:
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(12)
        self.form.setVerticalSpacing(5)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.addRow(tr("Sche&me"), self.scheme)
        self.form.addRow(tr("&Word length"), self.word)
        self.form.addRow(tr("Si&gn"), self.sign)
        self.form.addRow(tr("F&raction length"), self.fraction)
        self.form.addRow(tr("&Scale"), self.scale)
        self.form.addRow(tr("&Zero point"), self.zero_point)
        self.form.addRow("", self.reset)
        for field, tip in self._tips.items():
            field.setFont(tabular(field.font()))
            field.setToolTip(tip)
            field.setAccessibleDescription(tip)

    # ---- what is shown

    def refresh(self) -> None:
        """Show the selected rows as they are planned or dragged."""
        readings, selection = self._controller.readings, self._controller.selection
        self._rows = dict(row_edits.editable(self._controller))
        can_edit = bool(self._rows)
        data_type = readings.data_type(selection.tensor) if selection.tensor else None
        if not can_edit and data_type is not None:
            self._rows = {selection.tensor: data_type}  # to be looked at
        self.setVisible(bool(self._rows))
        if not self._rows:
            return
        kinds = list(self._rows.values())
        scaled = [kind for kind in kinds if isinstance(kind, Scaled)]
        has_scale = not all(isinstance(kind, FixedPoint) for kind in kinds)
        self.form.setRowVisible(self.fraction, any(isinstance(kind, FixedPoint) for kind in kinds))
        self.form.setRowVisible(self.scale, has_scale)
        self.form.setRowVisible(self.zero_point, has_scale)
        for field in (self.scheme, self.word, self.fraction):
            field.setEnabled(can_edit)
        for each in (self.scale, self.zero_point):
            each.setEnabled(can_edit and bool(scaled))
        self.reset.setEnabled(any(True for _ in row_edits.pinned(self._controller)))
        self._fill(kinds, scaled)
        self._fill_sign(can_edit)

    def _fill(self, kinds: list[DataType], scaled: list[Scaled]) -> None:
        self._fill_scheme()
        words: set[int] = {kind.word_length for kind in kinds}
        offered = words.union(*(self._controller.readings.word_lengths(n) for n in self._rows))
        self.word.show_choices({n: tr("{n} bits", n=n) for n in sorted(offered)}, words)
        fractions = [kind.fraction_length for kind in kinds if isinstance(kind, FixedPoint)]
        if fractions:
            self.fraction.show_numbers(fractions, -LONGEST_FRACTION, LONGEST_FRACTION)
        if scaled:
            limits = [kind.limits for kind in scaled]
            low, high = min(low for low, _ in limits), max(high for _, high in limits)
            self.zero_point.show_numbers([kind.zero_point for kind in scaled], low, high)
        else:
            self.zero_point.show_numbers([0], 0, 0)
        self._fill_scale(kinds, scaled)

    def _fill_scheme(self) -> None:
        """*By hand* stands first, and only where it is so."""
        readings, network_wide = self._controller.readings, self._network_wide
        pins = self._controller.session.document.settings.pinned or readings.preview
        held: set[object] = {network_wide}
        if pins and len(self._rows) == 1:
            held = {self._scheme_of(*next(iter(self._rows.items())))}
        elif pins:
            held = {None if readings.is_pinned(name) else network_wide for name in self._rows}
        texts: dict[object, str] = {None: tr(BY_HAND)} if None in held else {}
        for each in Scheme:
            texts[each] = SCHEME_TITLES[each]
        texts[network_wide] = tr("{scheme} (network)", scheme=SCHEME_TITLES[network_wide])
        self.scheme.show_choices(texts, held)

    def _scheme_of(self, tensor: str, data_type: DataType) -> Scheme | None:
        if not self._controller.readings.is_pinned(tensor):
            return self._network_wide
        found = self._alternatives.schemes_of(tensor, data_type)
        return self._chosen if self._chosen in found else next(iter(found), None)

    @property
    def _network_wide(self) -> Scheme:
        return self._controller.session.document.settings.scheme

    def _fill_sign(self, can_edit: bool) -> None:
        signs = {kind.signed for kind in self._rows.values()}
        takes = field_edits.takes_sign
        other = [not kind.signed for kind in self._rows.values()]
        offered = zip(self._rows.items(), other, strict=True)
        both = any(takes(self._controller, *row, signed) for row, signed in offered)
        self.sign.show_choices({sign: tr(text) for sign, text in SIGNS.items()}, signs)
        self.sign.setEnabled(can_edit and both)
        target = self._controller.readings.target.title
        only = tr("{target} takes one kind of integers here", target=target)
        self.sign.setToolTip(self._tips[self.sign] if both else only)

    def _fill_scale(self, kinds: list[DataType], scaled: list[Scaled]) -> None:
        texts = {_scale_text(kind.scale) for kind in scaled}
        self.scale.setPlaceholderText(tr(SEVERAL) if len(texts) > 1 else "")
        self.scale.setToolTip(self._tips[self.scale])
        if texts:
            self.scale.setText(texts.pop() if len(texts) == 1 else "")
            return
        per_channel = [kind for kind in kinds if isinstance(kind, ChannelScaled)]
        if len(per_channel) == 1:
            low, high = min(per_channel[0].scales), max(per_channel[0].scales)
            self.scale.setText(f"{wording.decimal(low)} … {wording.decimal(high)}")
            count = wording.count(len(per_channel[0].scales))
            self.scale.setToolTip(
                tr("One for each of {n} channels: move the band to change all", n=count)
            )
        elif per_channel:
            self.scale.setText("")
            self.scale.setPlaceholderText(tr(SEVERAL))

    # ---- edits

    @Slot(object)
    def _take_scheme(self, scheme: object) -> None:
        if isinstance(scheme, Scheme):
            types: Mapping[str, DataType] = {}
            if scheme is not self._network_wide:
                types = self._alternatives.types(self._rows, scheme)
            self._chosen = scheme  # of several that give the same type
            field_edits.set_scheme(self._controller, scheme, types)
            self._fill_scheme()  # also where that was its type already

    @Slot(object)
    def _take_word(self, length: object) -> None:
        if isinstance(length, int):
            field_edits.set_word_length(self._controller, length)
            self.refresh()

    @Slot(object)
    def _take_sign(self, signed: object) -> None:
        field_edits.set_sign(self._controller, bool(signed))
        self.refresh()

    @Slot(int)
    def _take_fraction(self, length: int) -> None:
        field_edits.set_fraction_length(self._controller, length)

    @Slot(int)
    def _step_fractions(self, steps: int) -> None:
        field_edits.step_fraction_lengths(self._controller, steps)

    @Slot()
    def _take_scale(self) -> None:
        text = self.scale.text()
        shown = {
            _scale_text(kind.scale) for kind in self._rows.values() if isinstance(kind, Scaled)
        }
        if text and shown != {text} and float(text) > 0.0:
            field_edits.set_scale(self._controller, float(text))

    @Slot(int)
    def _take_zero_point(self, value: int) -> None:
        field_edits.set_zero_point(self._controller, value)

    @Slot(int)
    def _step_zero_points(self, steps: int) -> None:
        field_edits.step_zero_points(self._controller, steps)

    @Slot()
    def _reset(self) -> None:
        row_edits.reset_types(self._controller)


def _scale_text(scale: float) -> str:
    return f"{scale:.9g}"
