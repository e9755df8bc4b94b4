"""Means of layer outputs by channel over some samples, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.operators import constant_of
from quantscope.engine.passes import Arrays, Batches, in_order

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

    models = [(_with_parameters_restored(model), list(axes))]
    runs = in_order(models, batches, add_up, where=where, remedy=_REMEDY, workers=workers)
    sums: dict[str, _Sum] = {}
    for found in runs:
        sums = {name: sums[name] + each if sums else each for name, each in found.items()}
        yield
    return {name: each.mean for name, each in sums.items()}


def _with_parameters_restored(model: ir.Model) -> ir.Model:
    """``model`` with the reals behind stored parameters in their place.

    The runtime, told to run a graph as it is written, would restore them again for each sample,
    which takes three times as long as all the rest of a transformer.
    """
    if not any(map(_restores_parameter, model.graph)):
        return model
    copy = model.clone()
    for node in [node for node in copy.graph if _restores_parameter(node)]:
        output = node.outputs[0]
        value = ir.Value(name=output.name, shape=output.shape, type=output.type)
        value.const_value = ir.tensor(_restored(node), name=value.name)
        output.replace_all_uses_with(value)
        copy.graph.remove(node, safe=True)
        copy.graph.register_initializer(value)
    return copy


def _restores_parameter(node: ir.Node) -> bool:
    """Whether ``node`` gives constants, by a scale for each index of an axis or by a single one."""
    if node.op_type != "DequantizeLinear" or node.attributes.get_int("block_size", 0) != 0:
        return False
    constants = [constant_of(value) for value in node.inputs]
    if any(array is None or array.dtype not in _KNOWN for array in constants):
        return False
    return not node.outputs[0].is_graph_output()


def _restored(node: ir.Node) -> npt.NDArray[np.float32]:
    stored, scale, *zero = (constant_of(value) for value in node.inputs)
    assert stored is not None
    assert scale is not None
    shape = [1] * stored.ndim
    if scale.ndim:
        shape[node.attributes.get_int("axis", 1)] = -1
    steps = stored.astype(np.int64)
    if zero and zero[0] is not None:
        steps -= zero[0].astype(np.int64).reshape(shape if scale.ndim else ())
    factors = scale.astype(np.float32).reshape(shape if scale.ndim else ())
    return steps.astype(np.float32) * factors


_KNOWN = frozenset(map(np.dtype, (np.float32, np.int8, np.uint8, np.int16, np.uint16, np.int32)))
