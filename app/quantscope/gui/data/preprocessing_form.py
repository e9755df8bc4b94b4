"""How a picture becomes a tensor: a preset, and the fields behind it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLabel, QLineEdit, QWidget

from quantscope.core.data.description import (
    PRESETS,
    Color,
    Filter,
    Layout,
    Preprocessing,
    Resize,
    parse_preprocessing,
)
from quantscope.gui.translation import mark, tr

TITLES = {
    "0-1": "0 … 1",
    "0-255": "0 … 255",
    "-1-1": "−1 … 1",
    "imagenet": mark("ImageNet (RGB, mean and deviation)"),
    "caffe": mark("Caffe (BGR, mean only)"),
}
CUSTOM = mark("Custom")
GUESSED = mark("Guessed from the network's input: check it.")


class PreprocessingForm(QGroupBox):
    """Shows and reads one :class:`Preprocessing`: ``(pixel × scale − mean) / deviation``."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Preprocessing: (pixel × scale − mean) ∕ deviation"), parent)
        self.preset = QComboBox(self)
        for key in PRESETS:
            self.preset.addItem(tr(TITLES.get(key, key)), key)
        self.preset.addItem(tr(CUSTOM), "")
        self.scale, self.mean, self.std, self.crop = (QLineEdit(self) for _ in range(4))
        self.crop.setToolTip(tr("The share that is kept in each direction, as 0.875 or 224/256"))
        combos = [QComboBox(self) for _ in range(4)]
        self.resize_rule, self.filter_rule, self.color, self.layout_rule = combos
        self.guessed = QLabel(self)
        self.guessed.setProperty("role", "warning")
        for combo, options in zip(combos, (Resize, Filter, Color, Layout), strict=True):
            for option in options:
                combo.addItem(option.value, option.value)
            combo.currentIndexChanged.connect(self._note_edit)
        for field in (self.scale, self.mean, self.std, self.crop):
            field.textEdited.connect(self._note_edit)
        self.preset.currentIndexChanged.connect(self._take_preset)
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("P&reset"), self.preset),
            (tr("Sca&le"), self.scale),
            (tr("Mea&n"), self.mean),
            (tr("De&viation"), self.std),
            (tr("Resi&ze"), self.resize_rule),
            (tr("Cro&p"), self.crop),
            (tr("&Filter"), self.filter_rule),
            (tr("Colo&ur"), self.color),
            (tr("La&yout"), self.layout_rule),
        )
        for label, row in rows:
            form.addRow(label, row)
        form.addRow(self.guessed)
        self.rows = form
        self._follow_resize()
        self.was_chosen = False  # by a person
        self.mark_guessed(False)

    def mark_guessed(self, guessed: bool) -> None:
        """Say that nobody has chosen these settings, until one of them is edited."""
        self.guessed.setText(tr(GUESSED) if guessed else "")
        self.rows.setRowVisible(self.guessed, guessed)

    def show_chain(self, chain: Preprocessing) -> None:
        """Fill the fields."""
        fields = (self.resize_rule, self.filter_rule, self.color, self.layout_rule)
        blockers = [QSignalBlocker(field) for field in (*fields, self.preset)]
        self.scale.setText(_number(chain.scale))
        self.mean.setText(", ".join(map(_number, chain.mean)))
        self.std.setText(", ".join(map(_number, chain.std)))
        self.crop.setText(_number(chain.crop))
        values = (chain.resize, chain.filter, chain.color, chain.layout)
        for combo, value in zip(fields, values, strict=True):
            combo.setCurrentIndex(combo.findData(value.value))
        key = next((key for key, preset in PRESETS.items() if preset == chain), "")
        self.preset.setCurrentIndex(self.preset.findData(key))
        for blocker in blockers:
            blocker.unblock()
        self._follow_resize()

    def chain(self) -> Preprocessing:
        """What the fields say; raises ``QuantscopeError`` where they cannot be meant."""
        words = {
            "scale": self.scale.text(),
            "mean": self.mean.text(),
            "std": self.std.text(),
            "resize": self.resize_rule.currentData(),
            "crop": self.crop.text() if self._crops() else "1",
            "filter": self.filter_rule.currentData(),
            "color": self.color.currentData(),
            "layout": self.layout_rule.currentData(),
        }
        packed = {key: "".join(value.split()) for key, value in words.items()}
        return parse_preprocessing(" ".join(f"{key}={value}" for key, value in packed.items()))

    def _crops(self) -> bool:
        return bool(self.resize_rule.currentData() == Resize.CROP)

    def _follow_resize(self) -> None:
        self.rows.setRowVisible(self.crop, self._crops())

    @Slot()
    def _take_preset(self, *_: object) -> None:
        key = self.preset.currentData()
        if key:
            self.show_chain(PRESETS[key])
            self.was_chosen = True
            self.mark_guessed(False)
            self.edited.emit()

    @Slot()
    def _note_edit(self, *_: object) -> None:
        self._follow_resize()
        self.was_chosen = True
        self.mark_guessed(False)
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(""))
        self.edited.emit()


def _number(value: float) -> str:
    """A number as people write it: 1/255 and 1/127.5 stay fractions."""
    for denominator in (255.0, 127.5, 256.0):
        if value == 1.0 / denominator:
            return f"1/{denominator:g}"
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)
