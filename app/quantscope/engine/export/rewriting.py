"""Rewriting: a plan becomes QuantizeLinear / DequantizeLinear nodes in a copy of the graph.

Every quantized tensor is rounded once, where it is made, and all its readers take the
dequantized value. Parameters become integer constants behind a DequantizeLinear. Runtimes
recognise these patterns and run integer kernels; one that does not computes the same values
in float.

A Relu or Clip that is one with the layer before it goes away where saturation of the type
does the same exactly; elsewhere the value is quantized before it too, with the same type, so
that the layer still sees a QuantizeLinear on its output (rounding commutes with clipping, so
no value changes).

Signed tensors with several readers get a Q/DQ pair for each of them. ONNX Runtime on x86 has
no integer kernels for int8 activations; it turns int8 pairs into uint8 ones, but only pairs
of one Q and one DQ, and one left behind keeps its layer in float (seen with 1.32, the reason
why its own quantizer leaves residual networks partly in float). The pairs differ in their
``axis``, which has no meaning for a single scale, so that the runtime does not merge them.
Rounding twice to one grid changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import onnx
import onnx_ir as ir
from onnx import version_converter

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.numbers.formats import DataType
from quantscope.core.numbers.rounding import Ties
from quantscope.core.planning.plan import Plan
from quantscope.engine.export.rewritten import Rewritten, constant, grid_of, integer_type
from quantscope.engine.export.stored_parameters import store_parameters
from quantscope.engine.export.subgraph_reads import guard_subgraph_reads
from quantscope.engine.preparation.operators import clip_bounds
from quantscope.engine.preparation.prepared import Prepared

NEW_INTEGERS_OPSET = 21


def rewrite(prepared: Prepared, plan: Plan) -> Rewritten:
    """The model of ``prepared`` with the types of ``plan`` written into it."""
    model = _at_opset_for(prepared, plan)
    result = Rewritten(model, _names(model))
    values = {v.name: v for v in _values(model) if v.name}
    removed = _remove_rectifiers(prepared.network, plan, model, values)
    for name in _activations(prepared.network, plan):
        if name in values:
            pair = _quantize_activation(result, values[name], plan.types[name])
            _separate_readers(result, name, plan, pair)
    store_parameters(result, prepared, plan)
    _alias_removed(prepared.network, removed, result)
    model.graph.sort()
    guard_subgraph_reads(result)
    return replace(result, removed=removed)


def _at_opset_for(prepared: Prepared, plan: Plan) -> ir.Model:
    """A copy at the lowest opset that the types need."""
    new = {integer_type(data_type) for data_type in plan.types.values()} & _NEW_INTEGERS
    opset = prepared.network.opset
    if not new or opset >= NEW_INTEGERS_OPSET:
        return prepared.model.clone()
    proto = ir.to_proto(prepared.model)
    try:
        converted = version_converter.convert_version(proto, NEW_INTEGERS_OPSET)
    except (RuntimeError, ValueError, onnx.checker.ValidationError) as error:
        raise QuantscopeError(
            f"4-bit and 16-bit types need opset {NEW_INTEGERS_OPSET}, to which the network cannot "
            "be upgraded",
            where=prepared.source,
            remedy="Choose 8-bit words, or export the network with a later opset",
        ) from error
    converted.ir_version = max(converted.ir_version, 10)
    return ir.from_proto(converted)


_NEW_INTEGERS = frozenset({ir.DataType.INT4, ir.DataType.INT16, ir.DataType.UINT16})


def _values(model: ir.Model) -> list[ir.Value]:
    return [*model.graph.inputs, *(out for node in model.graph for out in node.outputs)]


def _names(model: ir.Model) -> frozenset[str]:
    values = [*_values(model), *model.graph.initializers.values()]
    values += [out for node in model.graph.all_nodes() for out in node.outputs]
    return frozenset(value.name for value in values if value.name)


def _activations(network: Network, plan: Plan) -> list[str]:
    constants = {name for layer in network.layers for name in layer.constants}
    quantized = plan.placement.quantized - constants
    return [name for name in network.tensors if name in quantized]


def saturation_does_the_same(data_type: DataType, low: float | None, high: float | None) -> bool:
    """Whether quantizing to ``data_type`` clips at least as tightly as the bounds do.

    Rounded as the runtime does: with a bound on a tie, the other rule says otherwise.
    """
    smallest, largest = data_type.limits
    below = low is None or int(data_type.quantize(np.float32(low), Ties.EVEN)) <= smallest
    above = high is None or int(data_type.quantize(np.float32(high), Ties.EVEN)) >= largest
    return below and above


def _remove_rectifiers(
    network: Network, plan: Plan, model: ir.Model, values: dict[str, ir.Value]
) -> tuple[str, ...]:
    nodes = {node.name: node for node in model.graph}
    removed = []
    for layer in network.layers:
        if layer.kind is not LayerKind.RECTIFIER or layer.name not in plan.placement.fused:
            continue
        node = nodes[layer.name]
        if not saturation_does_the_same(plan.types[layer.outputs[0]], *clip_bounds(node)):
            continue
        before, after = node.inputs[0], node.outputs[0]
        assert before is not None
        name = after.name or ""
        after.replace_all_uses_with(before, replace_graph_outputs=True)
        model.graph.remove(node, safe=True)
        values.pop(before.name or "")
        before.name = name
        values[name] = before
        removed.append(layer.name)
    return tuple(removed)


def _alias_removed(network: Network, removed: tuple[str, ...], result: Rewritten) -> None:
    """What stood before a removed Relu is the same value as what stood after it."""
    for layer in network.layers:
        if layer.name in removed:
            for names in (result.stored, result.restored):
                names[layer.inputs[0]] = names[layer.outputs[0]]


def _quantize_activation(
    result: Rewritten, value: ir.Value, data_type: DataType
) -> tuple[ir.Node, ir.Node]:
    """Put Q and DQ behind ``value``; all readers, and a network output, take the latter.

    A network input that is an output as well goes out as it came in.
    """
    name = value.name or ""
    pair = _pair(result, value, name, data_type)
    restored = pair[1].outputs[0]
    if value.is_graph_input():
        for node, index in list(value.uses()):
            node.replace_input_with(index, restored)
    else:
        is_output = value.is_graph_output()
        value.replace_all_uses_with(restored, replace_graph_outputs=True)
        if is_output:
            value.name, restored.name = result.free(f"{name}_before"), name
    pair[0].replace_input_with(0, value)
    _insert_behind(result.model, value, pair)
    result.stored[name] = pair[0].outputs[0].name or ""
    result.restored[name] = restored.name or ""
    return pair


def _pair(
    result: Rewritten, value: ir.Value, name: str, data_type: DataType, number: int = 0
) -> tuple[ir.Node, ir.Node]:
    """A Q and a DQ that read ``value``; ``number`` tells several pairs of a tensor apart."""
    kind = integer_type(data_type)
    grid = grid_of(result, name, data_type, kind)
    mark = f"_{number}" if number else ""
    attributes = {"axis": number + 1} if number else {}  # the default is 1
    quantize = ir.node(
        "QuantizeLinear", [value, *grid], attributes, name=f"{name}_QuantizeLinear{mark}"
    )
    stored = quantize.outputs[0]
    stored.name, stored.shape = result.free(f"{name}_quantized{mark}"), value.shape
    stored.type = ir.TensorType(kind)
    restore = ir.node(
        "DequantizeLinear", [stored, *grid], attributes, name=f"{name}_DequantizeLinear{mark}"
    )
    restored = restore.outputs[0]
    restored.name, restored.shape = result.free(f"{name}_dequantized{mark}"), value.shape
    restored.type = value.type
    return quantize, restore


def _insert_behind(model: ir.Model, value: ir.Value, nodes: Sequence[ir.Node]) -> None:
    producer = value.producer()
    if producer is None:
        model.graph.insert_before(model.graph[0], nodes)
    else:
        model.graph.insert_after(producer, nodes)


def _separate_readers(
    result: Rewritten, name: str, plan: Plan, pair: tuple[ir.Node, ir.Node]
) -> None:
    """Give each reader of a signed 8-bit tensor a Q/DQ pair of its own.

    A network output is a reader too. A layer that runs in integers must see a single Q: behind
    one, the pairs and the output follow a Clip to the type's own range, which changes nothing.
    """
    source, restored, data_type = pair[0].inputs[0], pair[1].outputs[0], plan.types[name]
    readers = list(restored.uses())
    is_single = len(readers) + restored.is_graph_output() < 2
    if is_single or not data_type.signed or data_type.word_length != 8:
        return
    assert source is not None
    first = 0 if restored.is_graph_output() else 1
    if _needs_single_reader(source.producer(), plan):
        source, first = _clip_to_range(result, name, restored, data_type), 0
        if restored.is_graph_output():
            _hand_over_output(result, name, restored, source)
    for number, (node, index) in enumerate(readers[first:], start=1):
        own = _pair(result, source, name, data_type, number)
        _insert_behind(result.model, source, own)
        node.replace_input_with(index, own[1].outputs[0])


def _hand_over_output(result: Rewritten, name: str, restored: ir.Value, clipped: ir.Value) -> None:
    outputs = result.model.graph.outputs
    for index in [index for index, value in enumerate(outputs) if value is restored]:
        outputs[index] = clipped
    restored.name, clipped.name = result.free(f"{name}_dequantized"), name
    result.restored[name] = restored.name


def _needs_single_reader(producer: ir.Node | None, plan: Plan) -> bool:
    """Whether the runtime looks for one Q behind ``producer`` to run it in integers."""
    if producer is None or producer.op_type in ("Relu", "Clip"):
        return False
    return producer.name in plan.placement.layers


def _clip_to_range(result: Rewritten, name: str, value: ir.Value, data_type: DataType) -> ir.Value:
    bounds = [
        constant(result, f"{name}_{end}", np.asarray(number, np.float32))
        for end, number in (("minimum", data_type.minimum), ("maximum", data_type.maximum))
    ]
    clip = ir.node("Clip", [value, *bounds], name=f"{name}_Clip")
    clipped = clip.outputs[0]
    clipped.name, clipped.shape = result.free(f"{name}_clipped"), value.shape
    clipped.type = value.type
    _insert_behind(result.model, value, [clip])
    return clipped
