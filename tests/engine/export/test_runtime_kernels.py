"""A layer counts as integer only where the graph that the runtime runs shows it."""

from __future__ import annotations

import onnx
import pytest
from onnx import helper

from quantscope.core.findings.report import LayerKernel
from quantscope.core.networks.network import Layer, LayerKind
from quantscope.engine.export.runtime_kernels import kernel_of


def judged(kind: LayerKind, *nodes: tuple[str, str, str], name: str = "it") -> LayerKernel:
    """The layer ``it`` in a graph of ``nodes``, each (operator, input, output and name)."""
    made = [helper.make_node(kind_, [x], [y], name=y) for kind_, x, y in nodes]
    makers = {node.output[0]: node for node in made}
    found: onnx.NodeProto | None = makers.get(name)
    return kernel_of(Layer(name=name, label=name, operator="?", kind=kind), found, makers)


@pytest.mark.parametrize("kind", [LayerKind.WEIGHTED, LayerKind.FOLLOWER, LayerKind.CONCAT])
def test_that_arithmetic_fused_out_of_sight_is_not_called_integer(kind: LayerKind) -> None:
    kernel = judged(kind, ("FusedConv", "x", "other"))

    assert (kernel.kernel, kernel.integer) == ("merged", False)


def test_that_a_mover_may_be_merged() -> None:
    assert judged(LayerKind.PASS_THROUGH, ("QLinearConv", "x", "other")).integer


@pytest.mark.parametrize("operator", ["QLinearConv", "QGemm", "MatMulIntegerToFloat"])
def test_that_an_integer_operator_is_seen(operator: str) -> None:
    assert judged(LayerKind.WEIGHTED, (operator, "x", "it")).integer


@pytest.mark.parametrize("mover", ["Transpose", "Reshape", "MaxPool"])
def test_that_a_float_convolution_behind_a_mover_is_float(mover: str) -> None:
    chain = [("QuantizeLinear", "x", "q"), (mover, "q", "moved"), ("Conv", "moved", "it")]

    assert not judged(LayerKind.WEIGHTED, *chain).integer


def test_that_a_mover_is_as_integer_as_what_it_moves() -> None:
    chain = [("Reshape", "a", "b"), ("Transpose", "b", "it")]

    assert judged(LayerKind.PASS_THROUGH, ("QLinearAdd", "x", "a"), *chain).integer
    assert not judged(LayerKind.PASS_THROUGH, ("DequantizeLinear", "x", "a"), *chain).integer
    assert not judged(LayerKind.PASS_THROUGH, *chain).integer
