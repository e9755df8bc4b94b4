"""The channels of activations that were counted so far, for the statistics at hand."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from quantscope.core.calibration import Calibration
from quantscope.core.channels import ChannelBits, activation_channel_axis
from quantscope.core.errors import QuantscopeError
from quantscope.gui.controller import Controller
from quantscope.gui.work.job import Job
from quantscope.jobs import messages


class ChannelCounts(QObject):
    """Asks the worker for channels and keeps what it finds until there are other statistics."""

    counted = Signal()

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._calibration: Calibration | None = None
        self._found: dict[str, ChannelBits] = {}
        controller.desk.ended.connect(self._take)

    def of(self, tensor: str) -> ChannelBits | None:
        """The channels of ``tensor``, if they were counted."""
        if self._calibration is not self._controller.session.calibration:
            self._calibration, self._found = self._controller.session.calibration, {}
        return self._found.get(tensor)

    def can_count(self, tensor: str) -> bool:
        """Whether ``tensor`` is a calibrated activation with channels."""
        session = self._controller.session
        network, calibration = session.network, session.calibration
        known = calibration is not None and tensor in calibration.statistics
        if network is None or not known or not session.document.model:
            return False
        return activation_channel_axis(network, tensor) is not None

    def ask(self, tensor: str) -> None:
        """Run the samples once more for ``tensor``."""
        session = self._controller.session
        if session.calibration is None or not self.can_count(tensor):
            return
        self.of(tensor)  # forgets what belongs to other statistics
        try:
            self._controller.desk.count_channels(session.document, session.calibration, tensor)
        except QuantscopeError as error:
            self._controller.problem_found.emit(error.problem, "")

    @Slot(object, object)
    def _take(self, _: Job, result: messages.Result) -> None:
        if isinstance(result, messages.ChannelsCounted):
            self._found[result.tensor] = ChannelBits.of(result.channels, result.largest)
            self.counted.emit()
