"""Sources of samples made on the spot, for the tests of validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quantscope.core.networks.network import Port
from quantscope.engine.sources.listing import class_names
from quantscope.engine.sources.samples import SampleSource

PORT = Port(name="x", dtype="float32", shape=("N", 4))


def source_of(names: Sequence[str], labels: Sequence[int] | None = None) -> SampleSource:
    """Samples called so, with class numbers where they are given."""
    values = np.random.default_rng(6).normal(size=(len(names), 1, 4)).astype(np.float32)
    return SampleSource(
        inputs=(PORT,),
        names=tuple(names),
        read=lambda number: {"x": values[number]},
        labels=None if labels is None else tuple(labels),
        class_names=class_names(names),
    )
