"""Second moments of what the weights of layers are multiplied with, summed over samples.

Memory does not grow with the samples: three matrices for each group of a layer's channels.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.recovery.passes import Arrays, Batches, in_order
from quantscope.engine.recovery.weight_rounding.patches import Patches

Floats = npt.NDArray[np.float64]
_REMEDY = "Check that the network runs in ONNX Runtime, or round weights to nearest"


@dataclass(frozen=True, eq=False, slots=True)
class Moments:
    """Sums of products of two inputs, each (groups, inputs, inputs).

    ``own`` of the inputs as the layer gets them, ``true`` of those of the float network, and
    ``cross`` of a true one (first axis) with one as it gets it.
    """

    own: Floats
    cross: Floats
    true: Floats

    @classmethod
    def of(cls, own: Floats, true: Floats) -> Self:
        """Those of inputs that are (groups, times, inputs) both."""
        turned = true.swapaxes(1, 2)
        return cls(own.swapaxes(1, 2) @ own, turned @ own, turned @ true)

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.own + other.own, self.cross + other.cross, self.true + other.true)


@dataclass(frozen=True, eq=False)
class Reader:
    """Which value a layer reads, in the quantized and in the float network, and how it
    multiplies."""

    own: str
    true: str
    patches: Patches

    def moments(self, quantized: Arrays, exact: Arrays) -> Moments:
        """Those of one batch."""
        own, true = quantized[self.own], exact[self.true]
        return Moments.of(self.patches.columns(own), self.patches.columns(true))


def input_moments(
    models: tuple[ir.Model, ir.Model],
    readers: Mapping[str, Reader],
    batches: Batches,
    where: str,
    workers: int = 1,
) -> Generator[None, None, dict[str, Moments]]:
    """The moments of the inputs of each of ``readers``, summed over the samples.

    ``models`` are the quantized and the float network. ``workers`` batches, of at least one,
    run at a time. Yields after each; to stop, close the generator. Raises
    :class:`QuantscopeError` where the runtime refuses a network, called ``where``.
    """

    def multiply(quantized: Arrays, exact: Arrays) -> dict[str, Moments]:
        return {name: reader.moments(quantized, exact) for name, reader in readers.items()}

    names = [
        list(dict.fromkeys(names))
        for names in zip(*((each.own, each.true) for each in readers.values()), strict=True)
    ]
    asked = list(zip(models, names, strict=True))
    runs = in_order(asked, batches, multiply, where=where, remedy=_REMEDY, workers=workers)
    sums: dict[str, Moments] = {}
    for found in runs:
        sums = {name: sums[name] + each if sums else each for name, each in found.items()}
        yield
    return sums
