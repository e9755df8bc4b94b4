"""What a tensor would get without its pin: by the scheme in force, or by another one."""

from __future__ import annotations

from dataclasses import replace

from quantscope.core.formats import ChannelScaled, DataType
from quantscope.core.plan import Plan
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.prediction import PredictedError, predict
from quantscope.core.schemes import Scheme
from quantscope.gui.controller import Controller


class Alternatives:
    """Answers for one controller; remembers the last plan, since a drag asks many times."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._last: tuple[object, PlanSettings, Plan] | None = None

    def data_type(self, tensor: str, scheme: Scheme | None = None) -> DataType | None:
        """The type of ``tensor`` without its pin; by the network's scheme where none is given."""
        session = self._controller.session
        calibration, network = session.calibration, session.network
        if calibration is None or network is None or session.plan() is None:
            return None
        settings = session.document.settings
        members = self._controller.readings.members(tensor)
        pinned = {name: kind for name, kind in settings.pinned.items() if name not in members}
        wanted = replace(settings, pinned=pinned, scheme=scheme or settings.scheme)
        if self._last is None or self._last[0] is not calibration or self._last[1] != wanted:
            self._last = (calibration, wanted, calibration.plan(network, wanted))
        return self._last[2].types.get(tensor)

    def error(self, tensor: str, data_type: DataType) -> PredictedError | None:
        """What ``data_type`` would cost ``tensor``; ``None`` where nothing is known of it."""
        statistics = self._controller.readings.statistics(tensor)
        if statistics is None or self._controller.readings.is_cut_off(tensor):
            return None
        if isinstance(data_type, ChannelScaled) and statistics.values is None:
            return None
        return predict(statistics, data_type)
