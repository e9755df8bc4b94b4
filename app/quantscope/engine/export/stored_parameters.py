"""Parameters as the file stores them: integers behind a DequantizeLinear.

Four-bit weights lie packed, two to a byte, and are cast to int8 before they are dequantized. That
changes no value, and the runtime's constant folding does it once when the file is loaded: ONNX
Runtime (1.32, processor) has integer kernels for 8-bit weights only, and computes in float behind
a DequantizeLinear of four bits.

In the same way weights of products with 16-bit activations are cast to int16. Of a
DequantizeLinear of 8 bits ONNX Runtime (1.32, processor) makes a MatMulNBits there, which rounds
the activations to 8 bits again, block by block, unless the session asks it not to. Targets with
kernels for 16 by 8 bits get the weights uncast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.numbers.stored import stored_integers as integers_of
from quantscope.core.numbers.stored import written_type
from quantscope.core.planning.plan import Plan
from quantscope.engine.export.rewritten import Rewritten, constant, grid_of, integer_type
from quantscope.engine.preparation.prepared import Prepared

WITH_SIGNED_WEIGHTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
PRODUCTS = frozenset({"Gemm", "MatMul"})
WITH_16_BY_8_KERNELS = frozenset({"qnn", "tflite-micro"})


def store_parameters(result: Rewritten, prepared: Prepared, plan: Plan) -> None:
    """Replace every quantized weight, bias and constant of the graph by its integers."""
    wide = _read_with_16_bits(prepared.network, plan)
    for tensor in _parameters(prepared.network, plan):
        integers = stored_integers(prepared, plan, tensor)
        data_type = written_type(prepared.network, plan, tensor)
        _quantize_parameter(result, tensor, integers, data_type, wide=tensor in wide)


def stored_integers(prepared: Prepared, plan: Plan, tensor: str) -> npt.NDArray[np.int64]:
    """The integers that the file holds for a parameter of ``prepared``."""
    return integers_of(prepared.network, plan, tensor, prepared.parameters[tensor])


def _parameters(network: Network, plan: Plan) -> list[str]:
    names = []
    for layer in network.layers:
        if layer.name not in plan.placement.layers:
            continue
        candidates = (layer.weights, layer.bias, *layer.constants)
        names += [name for name in candidates if name is not None and name in plan.types]
    return names


def _quantize_parameter(
    result: Rewritten,
    name: str,
    integers: npt.NDArray[np.int64],
    data_type: DataType,
    *,
    wide: bool,
) -> None:
    """Replace a float constant by its integers behind a DequantizeLinear; ``wide`` casts them to
    int16 before it."""
    graph = result.model.graph
    value = graph.initializers[name]
    kind = integer_type(data_type)
    if any(reader.op_type not in WITH_SIGNED_WEIGHTS for reader, _ in value.uses()):
        kind = _as_the_runtime_converts(kind, integers)
    stored = constant(result, f"{name}_quantized", integers.astype(kind.numpy()))
    result.parameters[name] = stored.name or ""
    if wide or kind is ir.DataType.INT4:
        kind = ir.DataType.INT16 if wide else ir.DataType.INT8
        stored = _widened(result, name, stored, kind)
    grid = grid_of(result, name, data_type, kind)
    attributes = {"axis": data_type.axis} if isinstance(data_type, ChannelScaled) else {}
    restore = ir.node(
        "DequantizeLinear", [stored, *grid], attributes, name=f"{name}_DequantizeLinear"
    )
    restored = restore.outputs[0]
    restored.name, restored.shape = result.free(f"{name}_dequantized"), value.shape
    restored.type = value.type
    value.replace_all_uses_with(restored)
    graph.insert_before(graph[0], restore)
    graph.initializers.pop(name)


def _read_with_16_bits(network: Network, plan: Plan) -> frozenset[str]:
    """Weights of 8 bits or less of products with 16-bit activations."""
    if plan.settings.target in WITH_16_BY_8_KERNELS:
        return frozenset()
    return frozenset(
        layer.weights
        for layer in network.layers
        if layer.weights is not None
        and layer.operator in PRODUCTS
        and layer.name in plan.placement.layers
        and plan.types[layer.inputs[0]].word_length > 8
        and plan.types[layer.weights].word_length <= 8
    )


def _widened(result: Rewritten, name: str, stored: ir.Value, kind: ir.DataType) -> ir.Value:
    """``stored`` cast to ``kind`` in front of the graph."""
    graph = result.model.graph
    cast = ir.node("Cast", [stored], {"to": kind}, name=f"{name}_Cast")
    widened = cast.outputs[0]
    widened.name, widened.shape = result.free(f"{name}_widened"), stored.shape
    widened.type = ir.TensorType(kind)
    graph.insert_before(graph[0], cast)
    return widened


def _as_the_runtime_converts(kind: ir.DataType, integers: npt.NDArray[np.int64]) -> ir.DataType:
    """uint8 for an int8 operand without negative values: the same bytes, reals and zero point.

    The runtime turns int8 activations into uint8 but leaves constants, and has no integer
    kernel for an Add or Mul of both kinds. Operands with negative values stay int8, and their
    layer in float.
    """
    if kind is ir.DataType.INT8 and integers.size and integers.min() >= 0:
        return ir.DataType.UINT8
    return kind
