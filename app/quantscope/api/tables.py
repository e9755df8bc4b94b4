"""What is known of a network's tensors, as numpy arrays and as one value for each tensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.histogram import HIGHEST_BIT, LOWEST_BIT
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.ranges import RangeRow, range_rows
from quantscope.core.planning.plan import Plan


@dataclass(frozen=True, eq=False)
class RangeTable:
    """The dynamic ranges of T tensors, in network order.

    ``tensors`` are their names. ``bits`` (B,) are bit positions from the largest used one down:
    ``counts[t, b]`` (int64) says how many values of tensor t have their most significant bit at
    ``2**bits[b]``. ``zeros`` (T,) counts zeros, which have none, ``totals`` (T,) all values.
    ``minimum`` and ``maximum`` (T,) are float64, NaN where no value is finite.
    """

    tensors: tuple[str, ...]
    bits: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    zeros: npt.NDArray[np.int64]
    totals: npt.NDArray[np.int64]
    minimum: npt.NDArray[np.float64]
    maximum: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the type of one tensor costs, by its statistics.

    ``sqnr_db`` is the signal to quantization noise ratio in dB (infinite without error),
    ``overflow`` and ``underflow`` are shares of the values (0..1). ``data_type`` and the figures
    are ``None`` where the tensor stays float, and the figures where a Relu or Clip behind it
    decides; ``reason`` then says why.
    """

    tensor: str
    layer: str
    data_type: DataType | None
    sqnr_db: float | None
    overflow: float | None
    underflow: float | None
    reason: str = ""


def range_table(network: Network, calibration: Calibration) -> RangeTable:
    """The ranges of every tensor of ``network`` that was counted."""
    names = tuple(
        name
        for layer in network.layers
        for name in layer.tensors
        if name in calibration.statistics and network.tensors[name].layer == layer.name
    )
    kept = [calibration.statistics[name] for name in names]
    every = np.array([each.histogram.most_significant_bits().sum(axis=0) for each in kept])
    used = np.flatnonzero(every.any(axis=0))
    columns = np.arange(used[-1], used[0] - 1, -1) if used.size else np.arange(0)
    return RangeTable(
        tensors=names,
        bits=np.arange(LOWEST_BIT, HIGHEST_BIT + 1)[columns],
        counts=every[:, columns],
        zeros=np.array([each.histogram.zeros for each in kept], np.int64),
        totals=np.array([each.histogram.total for each in kept], np.int64),
        minimum=np.array([each.minimum.value if each.minimum else np.nan for each in kept]),
        maximum=np.array([each.maximum.value if each.maximum else np.nan for each in kept]),
    )


def predictions(network: Network, calibration: Calibration, plan: Plan) -> dict[str, Prediction]:
    """What ``plan`` costs each tensor, by its name, in network order."""
    rows = range_rows(network, calibration, plan)
    return {row.tensor.name: _prediction(row) for row in rows}


def _prediction(row: RangeRow) -> Prediction:
    error = row.error
    reason = f"judged at {row.tied_to}, which cuts it off" if row.cut_off else row.reason
    return Prediction(
        tensor=row.tensor.name,
        layer=row.layer.label,
        data_type=row.data_type,
        sqnr_db=None if error is None else error.sqnr_db,
        overflow=None if error is None else error.overflow_share,
        underflow=None if error is None else error.underflow_share,
        reason=row.conflict or reason,
    )
