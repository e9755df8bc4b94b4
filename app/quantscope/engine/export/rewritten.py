"""A graph being rewritten, and the constants that its Q/DQ pairs read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.targets import scaled_like


@dataclass(frozen=True, eq=False)
class Rewritten:
    """The quantized graph. ``stored`` maps each quantized activation to the value that holds
    its integers, ``restored`` to the one that holds the reals that remain, ``parameters`` each
    weight, bias and constant to its integers; ``removed`` names the Relu and Clip nodes that
    saturation replaces. ``taken`` are the names that the float graph uses."""

    model: ir.Model
    taken: frozenset[str] = frozenset()
    stored: dict[str, str] = field(default_factory=dict)
    restored: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def free(self, name: str) -> str:
        """``name``, made longer where the float graph has one like it already."""
        while name in self.taken:
            name += "_"
        return name


_INTEGER_TYPES = {
    (4, True): ir.DataType.INT4,
    (7, True): ir.DataType.INT8,  # ONNX has no shorter type that holds it
    (8, True): ir.DataType.INT8,
    (8, False): ir.DataType.UINT8,
    (16, True): ir.DataType.INT16,
    (16, False): ir.DataType.UINT16,
    (32, True): ir.DataType.INT32,
}


def integer_type(data_type: DataType) -> ir.DataType:
    """The ONNX type that stores integers of ``data_type``."""
    return _INTEGER_TYPES[data_type.word_length, data_type.signed]


def grid_of(
    result: Rewritten, name: str, data_type: DataType, kind: ir.DataType
) -> tuple[ir.Value, ir.Value]:
    """Scale and zero point as constants: scalars, or one entry for each channel."""
    grid = scaled_like(data_type)
    if isinstance(grid, ChannelScaled):
        scale = np.asarray(grid.scales, np.float32)
    else:
        scale = np.asarray(grid.scale, np.float32)
    zero_point = np.full(scale.shape, grid.zero_point, kind.numpy())
    return (
        constant(result, f"{name}_scale", scale),
        constant(result, f"{name}_zero_point", zero_point),
    )


def constant(result: Rewritten, name: str, array: npt.NDArray[np.generic]) -> ir.Value:
    """A constant called ``name``; the pairs of one tensor share theirs."""
    name, constants = result.free(name), result.model.graph.initializers
    if name in constants:
        return constants[name]
    tensor = ir.tensor(array, name=name)
    value = ir.Value(
        name=name,
        shape=ir.Shape(array.shape),
        type=ir.TensorType(tensor.dtype),
        const_value=tensor,
    )
    result.model.graph.register_initializer(value)
    return value
