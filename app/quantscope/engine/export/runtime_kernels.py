"""Which kernels ONNX Runtime takes for an exported file: read from the graph that it runs.

A layer counts as integer only where that is seen: an integer operator under its name, or one
that only moves values and moves integers. A layer with arithmetic that is not found under its
name was fused into something else, which may well be a float kernel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import onnx

from quantscope.core.findings.report import LayerKernel
from quantscope.core.networks.network import Layer, LayerKind, Network
from quantscope.engine.preparation.operators import OPERATORS
from quantscope.engine.runtime import optimized_graph

MERGED = "merged"
_WITH_KERNEL = frozenset(
    {
        LayerKind.WEIGHTED,
        LayerKind.PRODUCT,
        LayerKind.FOLLOWER,
        LayerKind.CONCAT,
        LayerKind.PASS_THROUGH,
    }
)
_INTEGER_PREFIXES = ("QLinear", "QGemm", "MatMulInteger", "ConvInteger")
_MOVERS = frozenset(
    operator for operator, rule in OPERATORS.items() if rule.kind is LayerKind.PASS_THROUGH
)
_SHAPE_WORK = frozenset({"Constant", "ConstantOfShape", "Identity", "Range", "Shape", "Size"})
_STORED = frozenset(
    {
        onnx.TensorProto.INT8,
        onnx.TensorProto.UINT8,
        onnx.TensorProto.INT16,
        onnx.TensorProto.UINT16,
    }
)
Nodes = Mapping[str, onnx.NodeProto]


def kernels_of(
    path: Path, network: Network, integer_layers: Collection[str]
) -> tuple[LayerKernel, ...]:
    """The kernel of each layer of ``integer_layers`` (names) that needs one, in network order."""
    graph = optimized_graph(path)
    makers = {output: node for node in graph.node for output in node.output}
    nodes = {node.name: node for node in graph.node}
    integers = {entry.name for entry in graph.input if entry.type.tensor_type.elem_type in _STORED}
    return tuple(
        kernel_of(layer, nodes.get(layer.name), makers, integers)
        for layer in network.layers
        if layer.name in integer_layers and layer.kind in _WITH_KERNEL
    )


def kernel_of(
    layer: Layer, node: onnx.NodeProto | None, makers: Nodes, integers: Collection[str] = ()
) -> LayerKernel:
    """The kernel of ``layer``, which the runtime runs as ``node`` (``None``: not by its name).

    ``makers`` has the node that yields each value of the graph, ``integers`` names the graph's
    inputs that are stored integers.
    """
    if node is None:  # a mover may be merged with its neighbours; arithmetic must be seen
        kernel, integer = MERGED, layer.kind is LayerKind.PASS_THROUGH
    else:
        kernel, integer = (
            node.op_type,
            is_integer_operator(node) or _moves_integers(node, makers, integers),
        )
    return LayerKernel(layer=layer.name, label=layer.label, kernel=kernel, integer=integer)


def moves_values(node: onnx.NodeProto) -> bool:
    """Whether it computes nothing: it moves values, or works on shapes."""
    return node.op_type in _MOVERS or node.op_type in _SHAPE_WORK


def is_integer_operator(node: onnx.NodeProto) -> bool:
    """Whether the runtime's operator computes in integers, by its name."""
    return node.op_type.startswith(_INTEGER_PREFIXES)


def _moves_integers(node: onnx.NodeProto, makers: Nodes, integers: Collection[str]) -> bool:
    """Whether ``node`` moves values that were quantized before it."""
    if node.op_type not in _MOVERS:
        return False
    value = node.input[0]
    while (maker := makers.get(value)) is not None and maker.op_type in _MOVERS:
        value = maker.input[0]
    if maker is None:
        return value in integers
    return maker.op_type == "QuantizeLinear" or is_integer_operator(maker)
