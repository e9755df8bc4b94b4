"""The description of a quantized network: its float meaning, with the types that the file says.

The network that is run keeps its Q and DQ. What is described is a copy without them: weights
are the reals that their integers stand for, and activations bear the names of what is rounded,
so that calibration counts the values that go into each rounding, band and all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir
import onnx_ir.passes.common as common

from quantscope.core.networks.network import FileTypes, Layer, LayerKind, Network
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.targets import EVERY_WEIGHTED
from quantscope.engine.look_only.grids import before_cast, grid_at
from quantscope.engine.preparation.description import Parameters, describe, port_of
from quantscope.engine.preparation.operators import constant_of


def describe_quantized(
    model: ir.Model, name: str, fingerprint: str, changes: tuple[str, ...]
) -> tuple[Network, Parameters]:
    """The quantized network that ``model`` (plain Q and DQ only) is, and its parameters' reals."""
    bare = model.clone()
    found = _Found()
    for node in list(bare.graph):
        if node.op_type == "QuantizeLinear":
            _drop_quantize(bare, node, found)
        elif node.op_type == "DequantizeLinear":
            _drop_dequantize(bare, node, found)
    common.RemoveUnusedNodesPass()(bare)
    network, parameters = describe(bare, name, fingerprint, changes)
    read = _file_types(network, found)
    inputs, outputs = (
        tuple(port_of(value) for value in values)
        for values in (model.graph.inputs, model.graph.outputs)
    )
    return replace(network, inputs=inputs, outputs=outputs, file_types=read), parameters


@dataclass(slots=True)
class _Found:
    """Types by tensor, and the reasons where there is none."""

    types: dict[str, DataType] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, node: ir.Node, rank: int | None) -> None:
        """Keep what ``node`` says of the tensor ``name``; the first to say something is right."""
        if name in self.types or name in self.reasons:
            return
        try:
            self.types[name] = grid_at(node, rank).data_type()
        except ValueError as reason:
            self.reasons[name] = f"quantized in the file, but {reason}"


def _drop_quantize(model: ir.Model, node: ir.Node, found: _Found) -> None:
    value, stored = node.inputs[0], node.outputs[0]
    assert value is not None
    found.note(value.name or "", node, _rank(value))
    stored.replace_all_uses_with(value, replace_graph_outputs=True)
    model.graph.remove(node, safe=True)


def _drop_dequantize(model: ir.Model, node: ir.Node, found: _Found) -> None:
    stored, restored = before_cast(node.inputs[0]), node.outputs[0]
    assert stored is not None
    integers = constant_of(stored)
    if integers is not None and stored.dtype is not restored.dtype:
        for value in _parameters(model, node, integers):
            found.note(value.name or "", node, integers.ndim)
    elif stored.dtype is restored.dtype:  # behind a Q, which is gone
        restored.replace_all_uses_with(stored, replace_graph_outputs=True)
    else:
        found.note(restored.name or "", node, _rank(restored))
        _rename(stored, restored)
    if not (restored.uses() or restored.is_graph_output()):
        model.graph.remove(node, safe=True)


def _parameters(
    model: ir.Model, node: ir.Node, integers: npt.NDArray[np.generic]
) -> Iterator[ir.Value]:
    """Give each reader of a fixed value the reals that its integers stand for."""
    restored = node.outputs[0]
    try:
        reals = grid_at(node, integers.ndim).restore(integers)
    except ValueError:
        return
    for number, (reader, index) in enumerate(list(restored.uses())):
        name = f"{restored.name}__{number + 1}" if number else restored.name or ""
        tensor = ir.tensor(reals, name=name)
        value = ir.Value(name=name, const_value=tensor, type=ir.TensorType(tensor.dtype))
        value.shape = ir.Shape(reals.shape)
        if not number:
            restored.name = f"{name}_gone"
        model.graph.register_initializer(value)
        reader.replace_input_with(index, value)
        yield value


def _rename(stored: ir.Value, restored: ir.Value) -> None:
    """What was moved as integers is the restored value, under that name."""
    name, kind = restored.name, restored.type
    restored.replace_all_uses_with(stored, replace_graph_outputs=True)
    restored.name = f"{name}_gone"
    stored.name, stored.type = name, kind


def _rank(value: ir.Value) -> int | None:
    return None if value.shape is None else len(value.shape)


# ---- what of it runs in integers -----------------------------------------------------------------


def _file_types(network: Network, found: _Found) -> FileTypes:
    known = {name: found.types[name] for name in network.tensors if name in found.types}
    producers = {name: layer for layer in network.layers for name in layer.outputs}
    readers = Counter(name for layer in network.layers for name in layer.inputs)
    readers.update(port.name for port in network.outputs)
    fused = {}
    for layer in network.layers:
        is_candidate = layer.kind is LayerKind.RECTIFIER and readers[layer.inputs[0]] == 1
        producer = _fused_with(layer, producers, known) if is_candidate else None
        if producer is not None:
            fused[layer.name] = producer.name
            known[layer.inputs[0]] = known[layer.outputs[0]]
    layers = frozenset(layer.name for layer in network.layers if _is_integer(layer, known))
    reasons = {name: found.reasons[name] for name in network.tensors if name in found.reasons}
    return FileTypes(
        types=known,
        integer_layers=layers,
        fused=fused,
        rectified=frozenset(_rectified(network, known, fused.values())),
        reasons=reasons,
    )


def _rectified(
    network: Network, types: dict[str, DataType], followed: Collection[str]
) -> Iterator[str]:
    """Sums and products whose type starts at 0, and which no Relu or Clip follows."""
    for layer in network.layers:
        if layer.operator in _OF_EITHER_SIGN and layer.name not in followed:
            yield from (n for n in layer.outputs if n in types and types[n].minimum == 0.0)


def _fused_with(
    layer: Layer, producers: dict[str, Layer], types: dict[str, DataType]
) -> Layer | None:
    """The layer before a Relu or Clip where the file rounds only behind both."""
    before, after = layer.inputs[0], layer.outputs[0]
    producer = producers.get(before) if before not in types and after in types else None
    return producer if producer is not None and producer.kind not in _NEVER_INTEGER else None


_OF_EITHER_SIGN = EVERY_WEIGHTED | {"Add", "Sub", "Mul", "BatchNormalization"}
_NEVER_INTEGER = (LayerKind.INPUT, LayerKind.FLOAT)


def _is_integer(layer: Layer, types: dict[str, DataType]) -> bool:
    """Whether all that the layer reads and writes is quantized; a bias may be float."""
    weights = [layer.weights] if layer.weights is not None else []
    names = (*layer.inputs, *layer.constants, *weights, *layer.outputs)
    may_be = layer.kind not in _NEVER_INTEGER and bool(layer.inputs)
    return may_be and types.keys() >= set(names)
