"""Means of layer outputs by channel over some samples, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.batching import Batch
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

Means = dict[str, npt.NDArray[np.float64]]
_REMEDY = "Check that the network runs in ONNX Runtime, or switch bias correction off"


@dataclass(slots=True)
class _Sum:
    """A running sum by channel, and how many values each channel had."""

    total: npt.NDArray[np.float64] | float = 0.0
    count: int = 0

    def add(self, values: npt.NDArray[np.generic], axis: int) -> None:
        others = tuple(each for each in range(values.ndim) if each != axis % values.ndim)
        with np.errstate(invalid="ignore", over="ignore"):
            self.total = self.total + values.sum(axis=others, dtype=np.float64)
        self.count += values.size // max(values.shape[axis], 1)

    @property
    def mean(self) -> npt.NDArray[np.float64]:
        """NaN where there was nothing, or values that are not finite."""
        total = np.atleast_1d(np.asarray(self.total, np.float64))
        return total / self.count if self.count else np.full(total.shape, np.nan)


def channel_means(
    model: ir.Model,
    axes: Mapping[str, int],
    batches: Sequence[Callable[[], Batch]],
    where: str,
) -> Generator[None, None, Means]:
    """The mean of each value named in ``axes`` for each index along the axis given there.

    All samples count alike at every position. Only what these values need is run, as it is
    written: even basic optimizations round the float bias of a quantized layer to int32
    (WeightBiasQuantization of ONNX Runtime 1.32). Yields after each batch; to stop, ask no
    further. Raises :class:`QuantscopeError` where the runtime refuses the network, called
    ``where``.
    """
    names = list(axes)
    session = start_session(_giving(model, names), where=where, optimized=Optimization.NONE)
    sums = {name: _Sum() for name in names}
    for fetch in batches:
        batch = fetch()
        with runtime_errors(where, _REMEDY):
            values = session.run(names, dict(batch.feed))
        for name, found in zip(names, values, strict=True):
            sums[name].add(batch.own(found), axes[name])
        yield
    return {name: each.mean for name, each in sums.items()}


def _giving(model: ir.Model, names: Sequence[str]) -> bytes:
    """``model`` with ``names`` as its only outputs, so that the runtime skips all the rest."""
    proto = ir.to_proto(model)
    del proto.graph.output[:]
    for name in names:
        proto.graph.output.add().name = name
    return bytes(proto.SerializeToString())
