"""The dynamic ranges as rows: what table, picture and file say of every tensor.

A pure function of network, statistics and plan, so that all of them say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.network import Layer, Network, Tensor
from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import HeatRow
from quantscope.core.planning.placement import TieGroup
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import PredictedError, predict
from quantscope.core.wording import row_name


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RangeRow:
    """One tensor.

    ``data_type`` and ``error`` are ``None`` where it stays float, and ``reason`` then says why.
    ``tied_to`` names the layer whose type it shares, empty where it has its own. ``conflict``
    says why a pinned type does not fit. ``cut_off``: a fused Relu or Clip follows that takes
    away what does not fit, so there is no ``error``.
    """

    layer: Layer
    tensor: Tensor
    statistics: TensorStatistics
    data_type: DataType | None
    error: PredictedError | None
    pinned: bool = False
    tied_to: str = ""
    cut_off: bool = False
    conflict: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What the tensor is called under its layer, such as ``weights``."""
        return row_name(self.tensor, self.layer)

    def heat_row(self) -> HeatRow:
        """The row of the heat map."""
        counts = self.statistics.histogram.most_significant_bits()
        return HeatRow(counts, self.data_type, self.cut_off, self.statistics.reach)


def range_rows(network: Network, calibration: Calibration, plan: Plan) -> tuple[RangeRow, ...]:
    """A row for every tensor of ``network`` that ``calibration`` has counted, in graph order."""
    leaders = _leaders(network, plan.placement.groups)
    return tuple(
        _row(layer, network.tensors[name], calibration.statistics[name], plan, leaders)
        for layer, name in _counted(network, calibration)
    )


def counted_tensors(network: Network, calibration: Calibration) -> tuple[str, ...]:
    """The tensors that :func:`range_rows` has a row for, in its order."""
    return tuple(name for _, name in _counted(network, calibration))


def _counted(network: Network, calibration: Calibration) -> Iterator[tuple[Layer, str]]:
    for layer in network.layers:
        for name in layer.tensors:
            if name in calibration.statistics and network.tensors[name].layer == layer.name:
                yield layer, name


def _leaders(network: Network, groups: tuple[TieGroup, ...]) -> dict[str, str]:
    """By tensor, the label of the layer whose type it shares; none for those that lead."""
    labels = {layer.name: layer.label for layer in network.layers}
    leaders = {}
    for group in groups:
        leader = (group.sources or group.members)[0]
        label = labels[network.tensors[leader].layer]
        leaders.update({name: label for name in group.members if name != leader})
    return leaders


def _row(
    layer: Layer,
    tensor: Tensor,
    statistics: TensorStatistics,
    plan: Plan,
    leaders: dict[str, str],
) -> RangeRow:
    data_type = plan.types.get(tensor.name)
    cut_off = tensor.name in plan.placement.cut_off
    return RangeRow(
        layer=layer,
        tensor=tensor,
        statistics=statistics,
        data_type=data_type,
        error=predict(statistics, data_type) if data_type is not None and not cut_off else None,
        cut_off=cut_off,
        pinned=tensor.name in plan.pinned,
        tied_to=leaders.get(tensor.name, ""),
        conflict=plan.conflicts.get(tensor.name, ""),
        reason=plan.placement.reasons.get(tensor.name, "") if data_type is None else "",
    )
