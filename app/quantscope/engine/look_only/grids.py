"""The type that a QuantizeLinear or DequantizeLinear states, and the reals behind integers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.numbers.formats import (
    LONGEST_FRACTION,
    ChannelScaled,
    DataType,
    FixedPoint,
    Scaled,
)
from quantscope.engine.preparation.operators import constant_of

WORDS = {
    ir.DataType.INT4: (4, True),
    ir.DataType.UINT4: (4, False),
    ir.DataType.INT8: (8, True),
    ir.DataType.UINT8: (8, False),
    ir.DataType.INT16: (16, True),
    ir.DataType.UINT16: (16, False),
    ir.DataType.INT32: (32, True),
}
"""Word length and sign of the integers that a type here can have."""
Array = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class Grid:
    """Scale and zero point (scalars or vectors along ``axis``) of integers of ``kind``."""

    kind: ir.DataType
    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int

    def restore(self, integers: Array) -> npt.NDArray[np.float32]:
        """The reals that ``integers`` stand for, as DequantizeLinear computes them."""
        scale, zero_point = self.scale, self.zero_point
        if scale.ndim == 1:
            shape = [1] * integers.ndim
            shape[self.axis] = -1
            scale, zero_point = scale.reshape(shape), zero_point.reshape(shape)
        steps = integers.astype(np.int64) - zero_point
        return np.asarray(steps.astype(np.float32) * scale, np.float32)

    def data_type(self) -> DataType:
        """As one of our types; ``ValueError`` with the reason where none holds it."""
        word, signed = WORDS[self.kind]
        if self.scale.ndim == 1:
            if self.zero_point.any():
                raise ValueError("its channels have zero points of their own")
            scales = tuple(float(each) for each in self.scale)
            return ChannelScaled(scales, self.axis, word, signed, narrow_range=False)
        scale, zero_point = float(self.scale), int(self.zero_point)
        if not zero_point and scale > 0.0 and math.frexp(scale)[0] == 0.5:
            fraction = 1 - math.frexp(scale)[1]
            if abs(fraction) <= LONGEST_FRACTION:
                return FixedPoint(word, fraction, signed)
        return Scaled(scale, zero_point, word, signed)


def grid_at(node: ir.Node, rank: int | None) -> Grid:
    """The grid of a Q or DQ node; ``rank`` is that of its values, where known.

    Raises ``ValueError`` with the reason where it is none that can be read.
    """
    scale, given = constant_of(node.inputs[1]), _input(node, 2)
    zero_point = constant_of(given)
    if scale is None or (given is not None and zero_point is None):
        raise ValueError("its scale or zero point is computed while the network runs")
    kind = _integer_kind(node, given)
    if kind not in WORDS:
        raise ValueError(f"it is stored as {kind.name.lower()}, which is no integer type here")
    if scale.ndim > 1 or node.attributes.get_int("block_size", 0) != 0:
        raise ValueError("its blocks have scales of their own")
    if zero_point is None:
        zero_point = np.zeros(scale.shape, np.int64)
    if scale.size == 1:
        scale, zero_point = scale.reshape(()), zero_point.reshape(())
    axis = node.attributes.get_int("axis", 1)
    axis = axis + rank if axis < 0 and rank is not None else axis
    if scale.ndim == 1 and rank is not None and not 0 <= axis < rank:
        raise ValueError("it has scales along an axis that it does not have")
    return Grid(kind, scale.astype(np.float32), zero_point.astype(np.int64), axis)


def _integer_kind(node: ir.Node, zero_point: ir.Value | None) -> ir.DataType:
    if node.op_type == "DequantizeLinear":
        stored = before_cast(node.inputs[0])
        if stored is not None and stored.dtype is not None:
            return stored.dtype
    if zero_point is not None and zero_point.dtype is not None:
        return zero_point.dtype
    return ir.DataType(node.attributes.get_int("output_dtype", 0) or ir.DataType.UINT8.value)


def before_cast(value: ir.Value | None) -> ir.Value | None:
    """The fixed value behind a Cast, which is how a file may widen short words; else ``value``."""
    producer = value.producer() if value is not None else None
    if producer is None or producer.op_type != "Cast":
        return value
    source = producer.inputs[0]
    return source if constant_of(source) is not None else value


def _input(node: ir.Node, index: int) -> ir.Value | None:
    return node.inputs[index] if index < len(node.inputs) else None
