"""Stored parameters made real again, for a graph that the runtime runs as it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.preparation.operators import constant_of


def with_parameters_restored(model: ir.Model) -> ir.Model:
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
    constants = [_stored(value) for value in node.inputs]
    if any(array is None or array.dtype not in _KNOWN for array in constants):
        return False
    return not node.outputs[0].is_graph_output()


def _stored(value: ir.Value | None) -> npt.NDArray[Any] | None:
    """The constant behind ``value``, also where it is cast (weights of four bits are)."""
    maker = None if value is None else value.producer()
    if maker is None or maker.op_type != "Cast":
        return constant_of(value)
    held = constant_of(maker.inputs[0])
    return None if held is None else held.astype(ir.DataType(maker.attributes["to"].value).numpy())


def _restored(node: ir.Node) -> npt.NDArray[np.float32]:
    stored, scale, *zero = (_stored(value) for value in node.inputs)
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
