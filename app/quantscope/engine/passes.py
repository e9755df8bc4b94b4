"""Runs of a network over samples, each made into something small, in the order of the data.

Several batches run at a time, one core each, as in calibration: a sample's values do not depend
on how many cores there are. What is made of them comes in the order of the data, so that sums
are the same bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.batching import Batch
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

Batches = Sequence[Callable[[], Batch]]
Arrays = dict[str, npt.NDArray[Any]]
Made = TypeVar("Made")


def in_order(
    model: ir.Model,
    names: Sequence[str],
    batches: Batches,
    make: Callable[[Arrays], Made],
    *,
    where: str,
    remedy: str,
    workers: int = 1,
) -> Iterator[Made]:
    """What ``make`` finds in the values called ``names``, for each batch.

    Only what these values need is run, as it is written: even basic optimizations round the
    float bias of a quantized layer to int32 (WeightBiasQuantization of ONNX Runtime 1.32).
    ``workers`` batches, of at least one, run at a time, and no more wait. Raises
    :class:`QuantscopeError` where the runtime refuses the network, called ``where``.
    """
    session = start_session(
        _giving(model, names), where=where, optimized=Optimization.NONE, threads=1
    )

    def work(fetch: Callable[[], Batch]) -> Made:
        batch = fetch()
        with runtime_errors(where, remedy):
            values = session.run(list(names), dict(batch.feed))
        own = (batch.own(np.asarray(found)) for found in values)
        return make(dict(zip(names, own, strict=True)))

    pending: deque[Future[Made]] = deque()
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
