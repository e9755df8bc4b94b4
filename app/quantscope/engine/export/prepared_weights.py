"""What chosen preparation did to weights: how even their channels are and what rounding costs them.

Equalization, absorbed biases and migrated scales are done before anything is counted, so the heat
map shows a network only as it is after them. Weights can be had from both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.findings.report import PreparedWeights
from quantscope.core.planning.plan import Plan, weight_request
from quantscope.engine.preparation.prepared import Prepared


def prepared_weights(
    chosen: Prepared, source: Prepared, plan: Plan, calibration: Calibration
) -> tuple[PreparedWeights, ...]:
    """The weights that ``plan`` rounds and that ``chosen`` has otherwise than ``source``, which is
    the same network without choices; in network order.

    Types are those that the plan's scheme gives to either.
    """
    return tuple(_found(chosen, source, plan, calibration))


def _found(
    chosen: Prepared, source: Prepared, plan: Plan, calibration: Calibration
) -> Iterator[PreparedWeights]:
    before_by_layer = {each.name: each.weights for each in source.network.layers}
    for layer in chosen.network.layers:
        name, before = layer.weights, before_by_layer.get(layer.name)
        if name is None or before is None or name not in plan.types:
            continue
        old, new = source.parameters[before], chosen.parameters[name]
        if old.shape != new.shape or np.array_equal(old, new):
            continue
        axis = chosen.network.tensors[name].channel_axis
        request = weight_request(plan.settings, layer.operator)
        levels = []
        for values in (old, new):
            statistics = {name: TensorStatistics.of_parameter(values, axis)}
            alone = replace(calibration, statistics=statistics, derived={})
            levels.append(alone.choose((name,), request).error.sqnr_db)
        yield PreparedWeights(
            layer=layer.name,
            label=layer.label,
            spread_before=_spread(old, axis),
            spread_after=_spread(new, axis),
            sqnr_before=levels[0],
            sqnr_after=levels[1],
        )


def _spread(values: npt.NDArray[np.float32], axis: int | None) -> float:
    """The range of the largest channel by that of the median one; 1 without channels."""
    if axis is None:
        return 1.0
    rows = np.abs(np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1))
    ranges = rows.max(axis=1).astype(np.float64)
    median = float(np.median(ranges))
    return float(ranges.max()) / median if median > 0.0 else 1.0
