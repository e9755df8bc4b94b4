"""How a picture becomes a tensor: a preset, and the fields behind it."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLineEdit, QWidget

from quantscope.core.data import (
    PRESETS,
    Color,
    Layout,
    Preprocessing,
    Resize,
    parse_preprocessing,
)

TITLES = {
    "0-1": "0 … 1",
    "0-255": "0 … 255",
    "-1-1": "−1 … 1",
    "imagenet": "ImageNet (RGB, mean and deviation)",
    "caffe": "Caffe (BGR, mean only)",
}
CUSTOM = "Custom"


class PreprocessingForm(QGroupBox):
    """Shows and reads one :class:`Preprocessing`: ``(pixel × scale − mean) / deviation``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Preprocessing: (pixel × scale − mean) ∕ deviation", parent)
        self.preset = QComboBox(self)
        for key in PRESETS:
            self.preset.addItem(TITLES.get(key, key), key)
        self.preset.addItem(CUSTOM, "")
        self.scale, self.mean, self.std = (QLineEdit(self) for _ in range(3))
        self.resize_rule, self.color, self.layout_rule = (QComboBox(self) for _ in range(3))
        for combo, options in (
            (self.resize_rule, Resize),
            (self.color, Color),
            (self.layout_rule, Layout),
        ):
            for option in options:
                combo.addItem(option.value, option.value)
            combo.currentIndexChanged.connect(self._note_edit)
        for field in (self.scale, self.mean, self.std):
            field.textEdited.connect(self._note_edit)
        self.preset.currentIndexChanged.connect(self._take_preset)
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("P&reset", self.preset),
            ("Sca&le", self.scale),
            ("Mea&n", self.mean),
            ("De&viation", self.std),
            ("Resi&ze", self.resize_rule),
            ("Colo&ur", self.color),
            ("La&yout", self.layout_rule),
        )
        for label, row in rows:
            form.addRow(label, row)

    def show_chain(self, chain: Preprocessing) -> None:
        """Fill the fields."""
        fields = (self.resize_rule, self.color, self.layout_rule)
        blockers = [QSignalBlocker(field) for field in (*fields, self.preset)]
        self.scale.setText(_number(chain.scale))
        self.mean.setText(", ".join(map(_number, chain.mean)))
        self.std.setText(", ".join(map(_number, chain.std)))
        for combo, value in zip(fields, (chain.resize, chain.color, chain.layout), strict=True):
            combo.setCurrentIndex(combo.findData(value.value))
        key = next((key for key, preset in PRESETS.items() if preset == chain), "")
        self.preset.setCurrentIndex(self.preset.findData(key))
        for blocker in blockers:
            blocker.unblock()

    def chain(self) -> Preprocessing:
        """What the fields say; raises ``QuantscopeError`` where they cannot be meant."""
        words = {
            "scale": self.scale.text(),
            "mean": self.mean.text(),
            "std": self.std.text(),
            "resize": self.resize_rule.currentData(),
            "color": self.color.currentData(),
            "layout": self.layout_rule.currentData(),
        }
        packed = {key: "".join(value.split()) for key, value in words.items()}
        return parse_preprocessing(" ".join(f"{key}={value}" for key, value in packed.items()))

    @Slot()
    def _take_preset(self, *_: object) -> None:
        key = self.preset.currentData()
        if key:
            self.show_chain(PRESETS[key])

    @Slot()
    def _note_edit(self, *_: object) -> None:
        with QSignalBlocker(self.preset):
            self.preset.setCurrentIndex(self.preset.findData(""))


def _number(value: float) -> str:
    """A number as people write it: 1/255 and 1/127.5 stay fractions."""
    for denominator in (255.0, 127.5, 256.0):
        if value == 1.0 / denominator:
            return f"1/{denominator:g}"
    return repr(value)
