"""How a recording becomes a tensor."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QGroupBox, QLineEdit, QSpinBox, QWidget

from quantscope.core.data.sound import Length, Sound, parse_sound
from quantscope.gui.translation import mark, tr

LENGTHS = {
    Length.FIT: mark("cut off, or filled up with silence"),
    Length.FRAMES: mark("in frames, each a sample"),
}


class SoundForm(QGroupBox):
    """Shows and reads one :class:`Sound`."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Recordings: −1 … 1 times scale"), parent)
        self.rate = QSpinBox(self)
        self.rate.setRange(0, 10_000_000)
        self.rate.setSpecialValueText(tr("the one that all share"))
        self.rate.setSuffix(" Hz")
        self.rate.setToolTip(
            tr("The sample rate that the network was trained on; nothing is resampled")
        )
        self.length = QComboBox(self)
        for key, text in LENGTHS.items():
            self.length.addItem(tr(text), key)
        self.scale = QLineEdit(self)
        self.rate.valueChanged.connect(self.edited)
        self.length.currentIndexChanged.connect(self.edited)
        self.scale.textEdited.connect(self.edited)
        self.rate.setMinimumHeight(self.scale.sizeHint().height())
        form = QFormLayout(self)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("Sample ra&te"), self.rate)
        form.addRow(tr("&Length"), self.length)
        form.addRow(tr("S&cale"), self.scale)

    def show_sound(self, sound: Sound) -> None:
        """Fill the fields."""
        self.rate.setValue(sound.rate or 0)
        self.length.setCurrentIndex(self.length.findData(sound.length))
        self.scale.setText(f"{sound.scale:g}")

    def sound(self) -> Sound:
        """What the fields say; raises ``QuantscopeError`` where they cannot be meant."""
        words = [f"length={self.length.currentData()}"]
        words.append(f"scale={''.join(self.scale.text().split())}")
        if self.rate.value():
            words.append(f"rate={self.rate.value()}")
        return parse_sound(" ".join(words))
