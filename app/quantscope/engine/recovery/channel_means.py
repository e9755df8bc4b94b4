"""Means of layer outputs by channel over some samples, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.recovery.passes import Arrays, Batches, in_order

Means = dict[str, npt.NDArray[np.float64]]
_REMEDY = "Check that the network runs in ONNX Runtime, or switch bias correction off"


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum by channel, and how many values each channel had."""

    total: npt.NDArray[np.float64]
    count: int

    @classmethod
    def of(cls, values: npt.NDArray[np.generic], axis: int) -> _Sum:
        others = tuple(each for each in range(values.ndim) if each != axis % values.ndim)
        with np.errstate(invalid="ignore", over="ignore"):
            total = values.sum(axis=others, dtype=np.float64)
        return cls(total, values.size // max(values.shape[axis], 1))

    def __add__(self, other: _Sum) -> _Sum:
        with np.errstate(invalid="ignore", over="ignore"):
            return _Sum(self.total + other.total, self.count + other.count)

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """NaN or infinite where values are not finite, or where there are none."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.total / self.count, np.float64)


def channel_means(
    model: ir.Model, axes: Mapping[str, int], batches: Batches, where: str, workers: int = 1
) -> Generator[None, None, Means]:
    """The mean of each value named in ``axes`` for each index along the axis given there.

    All samples count alike at every position. ``workers`` batches, of at least one, run at a
    time. Yields after each; to stop, close the generator. Raises :class:`QuantscopeError` where
    the runtime refuses the network, called ``where``.
    """

    def add_up(values: Arrays) -> dict[str, _Sum]:
        return {name: _Sum.of(values[name], axis) for name, axis in axes.items()}

    models = [(model, list(axes))]
    runs = in_order(models, batches, add_up, where=where, remedy=_REMEDY, workers=workers)
    sums: dict[str, _Sum] = {}
    for found in runs:
        sums = {name: sums[name] + each if sums else each for name, each in found.items()}
        yield
    return {name: each.mean for name, each in sums.items()}
