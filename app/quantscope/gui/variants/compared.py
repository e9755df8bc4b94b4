"""Another plan of the same network, to be held against the one that is open."""

from __future__ import annotations

from dataclasses import dataclass, field

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import HeatRow
from quantscope.core.planning.placement import TieGroup
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import PredictedError
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.ranges.predictions import Predictions
from quantscope.session.prepared import Prepared


@dataclass(eq=False)
class Compared:
    """The plan under ``settings`` for what ``prepared`` has counted.

    ``label`` is short and heads columns; ``title`` says what it is. What it answers of a tensor
    reads as :class:`quantscope.gui.ranges.readings.Readings` does of the open plan.
    """

    label: str
    title: str
    settings: PlanSettings
    prepared: Prepared
    predictions: Predictions
    plan: Plan = field(init=False)
    kinds: dict[DataType, None] = field(init=False, repr=False)  # that occur, each once
    _groups: dict[str, TieGroup] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        calibration, network = self.prepared.calibration, self.prepared.network
        self.plan = calibration.plan(network, self.settings)
        groups = self.plan.placement.groups
        self.kinds = dict.fromkeys(self.plan.types.values())
        self._groups = {name: group for group in groups for name in group.members}

    def statistics(self, tensor: str) -> TensorStatistics | None:
        """The statistics of ``tensor``, where it was counted."""
        return self.prepared.calibration.statistics.get(tensor)

    def data_type(self, tensor: str) -> DataType | None:
        """The planned type; ``None`` for float."""
        return self.plan.types.get(tensor)

    def heat_row(self, tensor: str) -> HeatRow | None:
        """One row of the heat map; ``None`` where nothing was counted."""
        statistics = self.statistics(tensor)
        if statistics is None:
            return None
        counts = statistics.histogram.most_significant_bits()
        cut_off = tensor in self.plan.placement.cut_off
        return HeatRow(counts, self.data_type(tensor), cut_off, statistics.reach)

    def shown_error(self, tensor: str) -> PredictedError | None:
        """The predicted error; ``None`` where the values are rounded elsewhere or not at all."""
        data_type, group = self.data_type(tensor), self._groups.get(tensor)
        is_elsewhere = group is not None and tensor not in group.sources
        if data_type is None or is_elsewhere or tensor in self.plan.placement.cut_off:
            return None
        if tensor not in self.prepared.calibration.statistics:
            return None
        return self.predictions.error(self.prepared.network, self.settings, tensor, data_type)

    def sqnr(self, tensor: str) -> float | None:
        """The predicted SQNR in dB, as :meth:`shown_error` has it."""
        error = self.shown_error(tensor)
        return None if error is None else error.sqnr_db
