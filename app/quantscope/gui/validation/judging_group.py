"""By what to judge: labels, metrics, the output that is meant, and metrics of one's own."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from quantscope.core.metrics.table import METRICS
from quantscope.gui.data.agreements import Agreements
from quantscope.gui.translation import mark, tr

LABELS = mark("the class folders of the data")
TRUST = mark("I have read this file and agree to run it here")
FIRST = mark("the first one")


class JudgingGroup(QGroupBox):
    """Without a metric chosen, all are taken that the labels allow."""

    def __init__(self, outputs: tuple[str, ...], agreements: Agreements, parent: QWidget) -> None:
        super().__init__(tr("Judged by"), parent)
        self._agreements = agreements
        self.labels, self.custom = QLineEdit(self), QLineEdit(self)
        self.labels.setPlaceholderText(tr(LABELS))
        self.labels.setToolTip(
            tr(".csv of names and labels, .json (COCO too), .npy, .npz, or a folder of class maps")
        )
        self.custom.setPlaceholderText(tr("none"))
        self.custom.setToolTip(tr("A Python file with functions f(outputs, labels) -> float"))
        self.trust = QCheckBox(tr(TRUST), self)
        self.output = QComboBox(self)
        self.output.addItem(tr(FIRST), "")
        for name in outputs:
            self.output.addItem(name, name)
        self.all_metrics = QCheckBox(tr("&All that the labels allow"), self)
        self.metrics = {name: QCheckBox(each.title, self) for name, each in METRICS.items()}
        self._lay_out()
        self.all_metrics.toggled.connect(self._follow_all)
        self.custom.textChanged.connect(self._follow_custom)
        self.trust.toggled.connect(self._note_trust)
        self.all_metrics.setChecked(True)
        self._follow_custom()

    def _lay_out(self) -> None:
        rows = QFormLayout(self)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._labels_row = self._with_browse(
            self.labels, self._browse_labels, tr("Browse for labels")
        )
        self._custom_row = self._with_browse(
            self.custom, self._browse_custom, tr("Browse for your metrics")
        )
        rows.addRow(tr("La&bels"), self._labels_row)
        rows.addRow(tr("Outpu&t"), self.output)
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        grid.addWidget(self.all_metrics, 0, 0, 1, 2)
        for place, box in enumerate(self.metrics.values()):
            grid.addWidget(box, 1 + place // 2, place % 2)
        rows.addRow(tr("Metrics"), grid)
        rows.addRow(tr("&Your own"), self._custom_row)
        rows.addRow("", self.trust)
        for field, text in ((self.labels, tr("La&bels")), (self.custom, tr("&Your own"))):
            field.setAccessibleName(text.replace("&", ""))

    def _with_browse(self, field: QLineEdit, slot: object, name: str) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        button = QPushButton(tr("Browse…"), row)
        button.setAccessibleName(name)
        button.clicked.connect(slot)
        line.addWidget(field, 1)
        line.addWidget(button)
        row.setFocusProxy(field)
        return row

    def chosen(self) -> tuple[str, ...]:
        """Names of the metrics that are asked for; none: all that the labels allow."""
        if self.all_metrics.isChecked():
            return ()
        return tuple(name for name, box in self.metrics.items() if box.isChecked())

    @Slot(bool)
    def _follow_all(self, everything: bool) -> None:
        for box in self.metrics.values():
            box.setEnabled(not everything)

    # ---- files

    @Slot()
    def _browse_labels(self) -> None:
        filters = (tr("Labels (*.csv *.json *.npy *.npz)"), tr("All files (*)"))
        self._browse(tr("Labels"), ";;".join(filters), self.labels)

    @Slot()
    def _browse_custom(self) -> None:
        self._browse(tr("Metrics of your own"), tr("Python files (*.py)"), self.custom)

    def _browse(self, title: str, filters: str, field: QLineEdit) -> None:
        dialog = QFileDialog(self, title, field.text(), filters)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(field.setText)
        dialog.open()

    # ---- the agreement

    @Slot()
    def _follow_custom(self, *_: object) -> None:
        path = self.custom.text().strip()
        self.trust.setVisible(bool(path))
        with QSignalBlocker(self.trust):
            self.trust.setChecked(self._agreements.stands(path))

    @Slot(bool)
    def _note_trust(self, agreed: bool) -> None:
        path = self.custom.text().strip()
        if not agreed:
            self._agreements.revoke(path)
            return
        try:
            self._agreements.agree(path)
        except OSError:
            with QSignalBlocker(self.trust):
                self.trust.setChecked(False)
