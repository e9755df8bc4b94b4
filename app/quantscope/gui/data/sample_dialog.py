"""One calibration sample as it is in the file and as the network gets it, found by its name."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import source_of
from quantscope.gui.controller import Controller
from quantscope.gui.data.sample_preview import SamplePreview
from quantscope.gui.help.guide import offer_guide
from quantscope.gui.translation import tr
from quantscope.jobs.messages import DataChecked, Failed


class SampleDialog(QDialog):
    """Reads the sample ``name`` of the data that a calibration was made with, and shows it."""

    def __init__(
        self, controller: Controller, data: DataDescription, name: str, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._source, own = source_of(data, name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Sample {name}", name=own))
        self.preview = SamplePreview(self)
        self.preview.setMinimumWidth(460)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        offer_guide(self, self.buttons, "data#preprocessing")
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(12)
        column.addWidget(self.preview, 1)
        column.addWidget(self.buttons)
        self.buttons.rejected.connect(self.reject)
        self.preview.sample_wanted.connect(self._ask_number)
        controller.data_checked.connect(self._show_sample)
        waits = tr("Reading the sample once the job under way has ended …")
        self.preview.clear(waits if controller.job is not None else tr("Reading the sample …"))
        controller.desk.check_data(
            controller.session.document.model, self._source, guess=False, name=own
        )

    @Slot(int)
    def _ask_number(self, number: int) -> None:
        self._controller.check_data(self._source, False, number)

    @Slot(object)
    def _show_sample(self, result: object) -> None:
        if isinstance(result, DataChecked):
            self.setWindowTitle(tr("Sample {name}", name=result.check.first))
            self.preview.show_check(result.check)
        elif isinstance(result, Failed):
            self.preview.clear(result.problem.sentence())

    def hideEvent(self, event: QHideEvent) -> None:
        self._controller.stop_checking()
        super().hideEvent(event)
