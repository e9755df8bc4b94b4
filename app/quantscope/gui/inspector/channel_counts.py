"""The channels that were counted so far, for the statistics at hand."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.channels import ChannelBits, activation_channel_axis, channel_parts
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.errors import QuantscopeError
from quantscope.gui.controller import Controller
from quantscope.gui.work.job import Job
from quantscope.gui.work.long_work import LongWork
from quantscope.jobs import messages
from quantscope.session.steps import Steps

MOST_PARAMETERS = 8  # whose channels are kept: each may take megabytes, and can be had again


class ChannelCounts(QObject):
    """Counts parameters in slices and asks the worker for activations; keeps what was found.

    Invariant: all that is kept belongs to the statistics at hand.
    """

    counted = Signal()

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._work = LongWork(self)
        self._under_way = ""
        self._calibration: Calibration | None = None
        self._activations: dict[str, ChannelBits] = {}
        self._parameters: dict[str, ChannelBits] = {}
        controller.desk.ended.connect(self._take)

    def of(self, tensor: str) -> ChannelBits | None:
        """The channels of ``tensor``, if they were counted."""
        if self._calibration is not self._controller.session.calibration:
            self._work.abandon()
            self._under_way = ""
            self._calibration = self._controller.session.calibration
            self._activations, self._parameters = {}, {}
        return self._activations.get(tensor) or self._parameters.get(tensor)

    # ---- parameters

    def count_parameter(self, tensor: str) -> bool:
        """Begin to count a parameter with channels; ``counted`` tells when it is done later."""
        statistics = self._controller.readings.statistics(tensor) if tensor else None
        if statistics is None or not _has_channels(statistics):
            self._work.abandon()
            self._under_way = ""
            return False
        if tensor != self._under_way:
            self._under_way = tensor
            self._work.begin("", _counting(statistics), partial(self._keep, tensor))
        return True

    def _keep(self, tensor: str, bits: ChannelBits) -> None:
        while len(self._parameters) >= MOST_PARAMETERS:
            del self._parameters[next(iter(self._parameters))]
        self._parameters[tensor] = bits
        self._under_way = ""
        self.counted.emit()

    # ---- activations

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
            self._activations[result.tensor] = ChannelBits.of(result.channels, result.largest)
            self.counted.emit()


def _has_channels(statistics: TensorStatistics) -> bool:
    values = statistics.values
    return values is not None and values.ndim > 1 and statistics.channel_axis is not None


def _counting(statistics: TensorStatistics) -> Steps[ChannelBits]:
    assert statistics.values is not None
    assert statistics.channel_axis is not None
    parts = []
    for part in channel_parts(statistics.values, statistics.channel_axis):
        parts.append(part)
        yield
    return ChannelBits.together(parts)
