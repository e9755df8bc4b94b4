"""Means of layer outputs by channel over some samples, in memory that does not grow with them.

Several batches run at a time, one core each, as in calibration: a sample's values do not depend
on how many cores there are. Their sums are added in the order of the data, so the means are the
same bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import onnxruntime

from quantscope.engine.batching import Batch
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

Means = dict[str, npt.NDArray[np.float64]]
Batches = Sequence[Callable[[], Batch]]
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

    All samples count alike at every position. Only what these values need is run, as it is
    written: even basic optimizations round the float bias of a quantized layer to int32
    (WeightBiasQuantization of ONNX Runtime 1.32). ``workers`` batches, of at least one, run at a
    time. Yields after each; to stop, close the generator. Raises :class:`QuantscopeError` where
    the runtime refuses the network, called ``where``.
    """
    session = start_session(
        _giving(model, list(axes)), where=where, optimized=Optimization.NONE, threads=1
    )
    sums: dict[str, _Sum] = {}
    for found in _in_order(session, axes, batches, where, workers):
        sums = {name: sums[name] + each if sums else each for name, each in found.items()}
        yield
    return {name: each.mean for name, each in sums.items()}


def _in_order(
    session: onnxruntime.InferenceSession,
    axes: Mapping[str, int],
    batches: Batches,
    where: str,
    workers: int,
) -> Iterator[dict[str, _Sum]]:
    """The sums of each batch, in the order of the batches; no more than ``workers`` wait."""

    def work(fetch: Callable[[], Batch]) -> dict[str, _Sum]:
        batch = fetch()
        with runtime_errors(where, _REMEDY):
            values = session.run(list(axes), dict(batch.feed))
        given = zip(axes.items(), values, strict=True)
        return {name: _Sum.of(batch.own(found), axis) for (name, axis), found in given}

    pending: deque[Future[dict[str, _Sum]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for fetch in batches:
            pending.append(pool.submit(work, fetch))
            if len(pending) == workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _giving(model: ir.Model, names: Sequence[str]) -> bytes:
    """``model`` with ``names`` as its only outputs, so that the runtime skips all the rest."""
    proto = ir.to_proto(model)
    del proto.graph.output[:]
    for name in names:
        proto.graph.output.add().name = name
    return bytes(proto.SerializeToString())
