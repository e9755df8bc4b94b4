"""Pairs of layers of which the second alone reads the first, and how their channels meet.

What equalization and the absorption of biases know of a network: which layers belong together,
what lies between them, and where in their weights a channel stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.engine.preparation.homogeneity import (
    carries_factors,
    carries_order,
    is_bounded,
    upper_bound,
)
from quantscope.engine.preparation.operators import constant_of

Array = npt.NDArray[np.float64]
Table = npt.NDArray[np.floating]  # (groups, outputs of a group, inputs of a group)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two layers of which the second alone reads the first; ``channels`` lie between them.

    ``links`` are the layers between. ``bound`` is where a ReLU6 among them cuts off (infinite
    without). ``obstacle`` names the one that keeps factors from passing, bound or not.
    """

    first: ir.Node
    second: ir.Node
    channels: int
    links: tuple[ir.Node, ...] = ()
    bound: float = math.inf
    obstacle: str = ""

    @property
    def clip(self) -> str:
        """The name of the link that bounds the channels; empty without."""
        names = (node.name or node.op_type for node in self.links if upper_bound(node) is not None)
        return next(names, "")


def pairs(model: ir.Model) -> Iterator[Pair]:
    """Every layer with the layer that alone reads it, in graph order."""
    for node in model.graph:
        if not _is_weighted(node) or not has_own_bias(node):
            continue
        found = _reader_behind(model, node.outputs[0])
        if found is None:
            continue
        second, links = found
        channels, columns = outputs_of(node), _inputs_of(second)
        if columns % channels == 0:
            bounds = [bound for link in links if (bound := upper_bound(link)) is not None]
            bound = min(bounds, default=math.inf)
            yield Pair(node, second, channels, links, bound, _obstacle(links))


def _reader_behind(model: ir.Model, value: ir.Value) -> tuple[ir.Node, tuple[ir.Node, ...]] | None:
    """The weighted layer that ``value`` ends in, and what lies on the way."""
    links: list[ir.Node] = []
    while True:
        uses = list(value.uses())
        if len(uses) != 1 or value.is_graph_output() or uses[0].node.graph is not model.graph:
            return None
        node = uses[0].node
        if uses[0].idx != 0:
            return None
        if _is_weighted(node):
            return node, tuple(links)
        if not (carries_factors(node) or is_bounded(node)):
            return None
        links.append(node)
        value = node.outputs[0]


def _obstacle(links: tuple[ir.Node, ...]) -> str:
    """A Clip with other bounds than a ReLU6's, or one beside what bends negative values up."""
    bounded = [node for node in links if is_bounded(node)]
    if all(upper_bound(node) is not None for node in bounded):
        bounded = bounded if not all(carries_order(node) for node in links) else []
    return (bounded[0].name or bounded[0].op_type) if bounded else ""


def _is_weighted(node: ir.Node) -> bool:
    """A layer with fixed weights of its own, whose channels stand where they are expected."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in ("Conv", "ConvTranspose", "Gemm"):
        return False
    if node.op_type == "ConvTranspose" and _groups(node) != 1:
        return False
    if node.op_type == "Gemm" and _flag(node, "transA"):
        return False
    return _is_own(node.inputs[1])


def _is_own(value: ir.Value | None) -> bool:
    """A float32 constant that nothing else reads."""
    if value is None or constant_of(value) is None or value.dtype is not ir.DataType.FLOAT:
        return False
    return len(list(value.uses())) == 1 and not value.is_graph_output()


def has_own_bias(node: ir.Node) -> bool:
    """Whether the layer has one number for each output that nothing else reads, or no bias."""
    bias = bias_of(node)
    if bias is None:
        return True
    values = constant_of(bias)
    per_channel = values is not None and values.size == values.shape[-1:][0] == outputs_of(node)
    return per_channel and _is_own(bias)


def bias_of(node: ir.Node) -> ir.Value | None:
    """The bias of a weighted layer, or none."""
    return node.inputs[2] if len(node.inputs) > 2 else None


# ---- where a channel stands --------------------------------------------------------------------


def by_channel(node: ir.Node, values: Table) -> Table:
    """``values`` (first two axes of the weights, in their order) as a :data:`Table`."""
    table = values.T if inputs_first(node) else values
    grouped: Table = table.reshape(_groups(node), -1, table.shape[1])
    return grouped


def as_weights(node: ir.Node, table: Table) -> Table:
    """The reverse of :func:`by_channel`, with axes of length 1 for the places of the kernel."""
    values = table.reshape(-1, table.shape[2])
    if inputs_first(node):
        values = values.T
    return values.reshape(values.shape + (1,) * (array_of(node.inputs[1]).ndim - 2))


def magnitudes(node: ir.Node) -> Table:
    """The largest magnitude of each pair of channels: (groups, outputs, inputs of a group)."""
    weights = array_of(node.inputs[1])
    largest = np.abs(weights).max(axis=tuple(range(2, weights.ndim)), initial=0.0)
    return by_channel(node, largest).copy()


def at_inputs(shape: tuple[int, ...], values: Array) -> Array:
    """One value for each channel of the input as (groups, 1, inputs of a group).

    ``shape`` is that of a :data:`Table`. Behind Flatten a channel is several columns.
    """
    groups, _, columns = shape
    repeated = np.repeat(values, groups * columns // len(values))
    return repeated.reshape(groups, 1, columns)


def array_of(value: ir.Value | None) -> npt.NDArray[np.float32]:
    """The values of a constant."""
    array = constant_of(value)
    assert array is not None
    return array


def replace_array(value: ir.Value | None, array: npt.NDArray[np.float32]) -> None:
    """Give a constant of the network other values."""
    assert value is not None
    value.const_value = ir.tensor(np.ascontiguousarray(array), name=value.name)


def outputs_of(node: ir.Node) -> int:
    """How many channels a weighted layer yields."""
    return int(array_of(node.inputs[1]).shape[1 if inputs_first(node) else 0])


def _inputs_of(node: ir.Node) -> int:
    shape = array_of(node.inputs[1]).shape
    return int(shape[0 if inputs_first(node) else 1]) * _groups(node)


def inputs_first(node: ir.Node) -> bool:
    """Whether the first axis of the weights counts inputs."""
    turned = node.op_type == "Gemm" and not _flag(node, "transB")
    return turned or node.op_type == "ConvTranspose"


def _groups(node: ir.Node) -> int:
    return 1 if node.op_type == "Gemm" else node.attributes.get_int("group", 1)


def _flag(node: ir.Node, name: str) -> bool:
    return node.attributes.get_int(name, 0) != 0
