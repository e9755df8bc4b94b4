"""Runs of networks over samples, each made into something small, in the order of the data.

Several batches run at a time, one core each, as in calibration: a sample's values do not depend
on how many cores there are. What is made of them comes in the order of the data, so that sums
are the same bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import onnxruntime

from quantscope.engine.calibration.batching import Batch
from quantscope.engine.recovery.restored_parameters import with_parameters_restored
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

Batches = Sequence[Callable[[], Batch]]
Arrays = dict[str, npt.NDArray[Any]]
Made = TypeVar("Made")


def in_order(
    models: Sequence[tuple[ir.Model, Sequence[str]]],
    batches: Batches,
    make: Callable[..., Made],
    *,
    where: str,
    remedy: str,
    workers: int = 1,
) -> Iterator[Made]:
    """What ``make`` finds in the values called so in each of ``models``, for each batch.

    It is given one mapping for each model, which has all inputs of the network too. Only what
    these values need is run, as it is written: even basic optimizations round the float bias of
    a quantized layer to int32 (WeightBiasQuantization of ONNX Runtime 1.32). ``workers``
    batches, of at least one, run at a time, and no more wait. Raises :class:`QuantscopeError`
    where the runtime refuses a network, called ``where``.
    """
    runs = [_Run.of(model, names, where) for model, names in models]

    def work(fetch: Callable[[], Batch]) -> Made:
        batch = fetch()
        with runtime_errors(where, remedy):
            return make(*(run.values(batch) for run in runs))

    pending: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for fetch in batches:
            pending.append(pool.submit(work, fetch))
            if len(pending) == workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@dataclass(frozen=True)
class _Run:
    """A network and what is asked of it; without a session where all of that is fed."""

    names: tuple[str, ...]
    session: onnxruntime.InferenceSession | None

    @classmethod
    def of(cls, model: ir.Model, names: Sequence[str], where: str) -> _Run:
        fed = {value.name for value in model.graph.inputs}
        made = tuple(name for name in names if name not in fed)
        if not made:
            return cls((), None)
        giving = _giving(with_parameters_restored(model), made)
        session = start_session(giving, where=where, optimized=Optimization.NONE, threads=1)
        return cls(made, session)

    def values(self, batch: Batch) -> Arrays:
        found = dict(batch.feed)
        if self.session is not None:
            made = self.session.run(list(self.names), dict(batch.feed))
            found.update(zip(self.names, made, strict=True))
        return {name: batch.own(np.asarray(values)) for name, values in found.items()}


def _giving(model: ir.Model, names: Sequence[str]) -> bytes:
    """``model`` with ``names`` as its only outputs, so that the runtime skips all the rest."""
    proto = ir.to_proto(model)
    del proto.graph.output[:]
    for name in names:
        proto.graph.output.add().name = name
    return bytes(proto.SerializeToString())
