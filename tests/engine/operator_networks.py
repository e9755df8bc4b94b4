"""A small network for every operator of the table, in each form that is treated differently.

A convolution, the operator (the node called ``operator``), and a layer with weights behind it:
what stands in the middle of a network in integers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

from tests.engine import models
from tests.engine.models import Builder


@dataclass(frozen=True)
class Form:
    """How to make the operator behind value ``x`` (4 channels, 8 x 8).

    ``channels`` are those of its result; 0 where a Gemm over ``features`` stands behind it.
    """

    make: Callable[[Builder, str], object]
    channels: int = 4
    features: int = 0
    opset: int = 13


def alone(operator: str, **attributes: Any) -> Form:
    """One input, 4 channels out."""
    return Form(lambda b, x: b.node(operator, [x], "operator", **attributes), opset=20)


def pair(operator: str, constant: np.ndarray | None = None) -> Form:
    """Two inputs: another activation, or a fixed operand."""

    def make(b: Builder, x: str) -> None:
        if constant is None:
            other = b.conv("x", "beside", (3, 4), kernel=1)
        else:
            other = b.constant("operand", constant)
        b.node(operator, [x, other], "operator")

    return Form(make)


def with_integers(operator: str, *constants: list[int], channels: int = 4) -> Form:
    """Shapes, axes or indices as further inputs."""

    def make(b: Builder, x: str) -> None:
        names = [b.constant(f"operator.{i}", c, np.int64) for i, c in enumerate(constants)]
        b.node(operator, [x, *names], "operator")

    return Form(make, channels)


def axes(b: Builder, name: str = "axes") -> str:
    return b.constant(name, [2, 3], np.int64)


def _squeeze(b: Builder, x: str) -> None:
    b.node("Squeeze", [b.node("GlobalAveragePool", [x], "average"), axes(b)], "operator")


def _unsqueeze(b: Builder, x: str) -> None:
    flat = b.node("Squeeze", [b.node("GlobalAveragePool", [x], "average"), axes(b)], "flat")
    b.node("Unsqueeze", [flat, axes(b, "back")], "operator")


def _expand(b: Builder, x: str) -> None:
    pooled = b.node("GlobalAveragePool", [x], "average")
    b.node("Expand", [pooled, b.constant("shape", [1, 4, 8, 8], np.int64)], "operator")


def _split(b: Builder, x: str) -> None:
    b.nodes.append(helper.make_node("Split", [x], ["operator", "rest"], "operator", axis=1))
    b.conv("rest", "other", (2, 5), kernel=1)


def _two_activations(b: Builder, x: str) -> None:
    turned = b.node("Transpose", [b.conv("x", "beside", (3, 4))], "turned", perm=[0, 1, 3, 2])
    b.node("MatMul", [x, turned], "operator")


def _fixed_left(b: Builder, x: str) -> None:
    b.node("MatMul", [b.weight("left", (8, 8), 8), x], "operator")


def _layer_norm(b: Builder, x: str) -> None:
    b.layer_norm(x, "operator", 8)


def _gather(b: Builder, x: str) -> None:
    b.node("Gather", [x, b.constant("indices", [3, 0, 2, 2], np.int64)], "operator", axis=1)


def _pad_with_one(b: Builder, x: str) -> None:
    pads = b.constant("pads", [0, 0, 1, 1, 0, 0, 1, 1], np.int64)
    b.node("Pad", [x, pads, b.constant("fill", 1.0)], "operator")


def _gemm(b: Builder, x: str) -> None:
    flat = b.node("Flatten", [x], "flat")
    bias = b.constant("operator.bias", 0.1 * b.random.standard_normal(6))
    b.node("Gemm", [flat, b.weight("operator.weight", (256, 6), 256), bias], "operator")


def _matmul(b: Builder, x: str) -> None:
    b.node("MatMul", [x, b.weight("operator.weight", (8, 6), 8)], "operator")


SLOPES = np.linspace(0.1, 0.4, 4).reshape(4, 1, 1)
_OWN: dict[str, Form] = {
    "Conv": Form(lambda b, x: b.conv(x, "operator", (4, 4))),
    "Gemm": Form(_gemm, 0, 6),
    "MatMul with weights": Form(_matmul),
    "MatMul of two activations": Form(_two_activations),
    "MatMul with a fixed left side": Form(_fixed_left),
    "Sub": pair("Sub"),
    "Div by a constant": pair("Div", np.array([[[2.0]], [[0.5]], [[3.0]], [[1.5]]])),
    "Max": pair("Max"),
    "Min": pair("Min"),
    "PRelu": pair("PRelu", SLOPES),
    "LeakyRelu": alone("LeakyRelu", alpha=0.1),
    "Elu": alone("Elu"),
    "HardSigmoid": alone("HardSigmoid"),
    "HardSwish": alone("HardSwish"),
    "Tanh": alone("Tanh"),
    "Erf": alone("Erf"),
    "Gelu": alone("Gelu"),
    "LayerNormalization": Form(_layer_norm, opset=17),
    "GlobalMaxPool": alone("GlobalMaxPool"),
    "ReduceMean": Form(lambda b, x: b.node("ReduceMean", [x], "operator", axes=[2])),
    "ReduceMax": Form(lambda b, x: b.node("ReduceMax", [x], "operator", axes=[2])),
    "ReduceMin": Form(lambda b, x: b.node("ReduceMin", [x], "operator", axes=[2])),
    "ReduceSum": with_integers("ReduceSum", [2]),
    "Squeeze": Form(_squeeze, 0, 4),
    "Unsqueeze": Form(_unsqueeze),
    "Expand": Form(_expand),
    "Tile": with_integers("Tile", [1, 2, 1, 1], channels=8),
    "Split": Form(_split, 2),
    "Gather": Form(_gather),
    "DepthToSpace": Form(
        lambda b, x: b.node("DepthToSpace", [x], "operator", blocksize=2), channels=1
    ),
    "SpaceToDepth": Form(
        lambda b, x: b.node("SpaceToDepth", [x], "operator", blocksize=2), channels=16
    ),
    "Pad with another value": Form(_pad_with_one),
}
FORMS = (*_OWN, *models.OPERATORS)


def network_of(form: str, seed: int = 5) -> onnx.ModelProto:
    """The network of one of :data:`FORMS`."""
    if form not in _OWN:
        return models.operators_net(form, seed)
    chosen, b = _OWN[form], Builder(seed)
    chosen.make(b, b.conv("x", "before", (3, 4)))
    if chosen.features:
        weight = b.weight("after.weight", (chosen.features, 5), chosen.features)
        b.node("Gemm", ["operator", weight, b.constant("after.bias", np.zeros(5))], "after")
        shape: tuple[int | str, ...] = ("batch", 5)
    else:
        b.conv("operator", "after", (chosen.channels, 5), kernel=1)
        shape = ("batch", 5, "height", "width")
    outputs = {"after": shape} | ({"other": shape} if form == "Split" else {})
    return b.model({"x": ("batch", 3, 8, 8)}, outputs, opset=chosen.opset, ir_version=9)
