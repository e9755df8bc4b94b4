"""Small networks for the tests: every kind of layer, seeded weights, valid and runnable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = npt.NDArray[np.generic]
Shape = Sequence[int | str]

VOCABULARY = 32  # of `transformer_block`; integer inputs hold numbers below it
WIDTH = 16  # of `transformer_block`
LENGTHS = (3, 9)  # what a dimension named "length" may be, both included


class Builder:
    """Collects nodes and weights; every call returns the name of the value it makes."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, name: str, values: npt.ArrayLike, dtype: type = np.float32) -> str:
        """An initializer that holds ``values``."""
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def weight(self, name: str, shape: Sequence[int], fan_in: int) -> str:
        """An initializer of normal values that keeps the size of activations."""
        values = self.random.standard_normal(shape) * np.sqrt(2 / fan_in)
        return self.constant(name, values)

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """A node whose only output is called as the node is."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def conv(
        self, x: str, name: str, channels: tuple[int, int], kernel: int = 3, group: int = 1
    ) -> str:
        """A convolution that keeps height and width, with a bias."""
        inward, outward = channels
        fan_in = inward // group * kernel**2
        weight = self.weight(f"{name}.weight", (outward, inward // group, kernel, kernel), fan_in)
        bias = self.constant(f"{name}.bias", 0.1 * self.random.standard_normal(outward))
        pads = [kernel // 2] * 4
        shape = [kernel, kernel]
        return self.node(
            "Conv", [x, weight, bias], name, kernel_shape=shape, pads=pads, group=group
        )

    def batch_norm(self, x: str, name: str, channels: int) -> str:
        """A batch norm in evaluation mode."""
        draw = self.random.uniform
        parameters = [
            self.constant(f"{name}.scale", draw(0.5, 1.5, channels)),
            self.constant(f"{name}.bias", draw(-0.2, 0.2, channels)),
            self.constant(f"{name}.mean", draw(-0.2, 0.2, channels)),
            self.constant(f"{name}.variance", draw(0.5, 1.5, channels)),
        ]
        return self.node("BatchNormalization", [x, *parameters], name)

    def clip(self, x: str, name: str, low: float, high: float) -> str:
        """Limits as inputs, as opset 11 and later want them."""
        limits = [self.constant(f"{name}.low", low), self.constant(f"{name}.high", high)]
        return self.node("Clip", [x, *limits], name)

    def linear(self, x: str, name: str, sizes: tuple[int, int]) -> str:
        """MatMul and Add, as exporters write a fully connected layer of a sequence."""
        weight = self.weight(f"{name}.weight", sizes, sizes[0])
        bias = self.constant(f"{name}.bias", 0.1 * self.random.standard_normal(sizes[1]))
        return self.node("Add", [self.node("MatMul", [x, weight], f"{name}.matmul"), bias], name)

    def layer_norm(self, x: str, name: str, width: int) -> str:
        """Layer normalization over the last axis (opset 17)."""
        scale = self.constant(f"{name}.scale", self.random.uniform(0.5, 1.5, width))
        bias = self.constant(f"{name}.bias", self.random.uniform(-0.2, 0.2, width))
        return self.node("LayerNormalization", [x, scale, bias], name)

    def model(
        self,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, Shape],
        *,
        dtype: int = TensorProto.FLOAT,
        opset: int = 13,
        ir_version: int = 8,
    ) -> onnx.ModelProto:
        """The whole network, checked; ``dtype`` is that of the inputs."""
        ins = [helper.make_tensor_value_info(n, dtype, s) for n, s in inputs.items()]
        if ir_version < 4:
            ins += [
                helper.make_tensor_value_info(w.name, w.data_type, list(w.dims))
                for w in self.weights
            ]
        outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()]
        graph = helper.make_graph(self.nodes, "network", ins, outs, self.weights)
        imports = [helper.make_opsetid("", opset)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=ir_version)
        onnx.checker.check_model(model, full_check=True)
        return model


def conv_relu(seed: int = 1) -> onnx.ModelProto:
    """One Conv and its Relu: the least there is to quantize."""
    b = Builder(seed)
    b.node("Relu", [b.conv("x", "conv", (3, 4))], "relu")
    return b.model({"x": ("batch", 3, 8, 8)}, {"relu": ("batch", 4, 8, 8)})


def residual_net(seed: int = 2) -> onnx.ModelProto:
    """A small image classifier with everything that such networks have; dynamic batch."""
    b = Builder(seed)
    stem = b.node("Relu", [b.batch_norm(b.conv("x", "conv1", (3, 8)), "bn1", 8)], "relu1")
    wide = b.conv(stem, "conv2", (8, 8), group=8)
    wide = b.clip(b.batch_norm(wide, "bn2", 8), "relu6", 0.0, 6.0)
    narrow = b.batch_norm(b.conv(wide, "conv3", (8, 8), kernel=1), "bn3", 8)
    added = b.node("Relu", [b.node("Add", [narrow, stem], "add")], "relu2")
    pooled = b.node("MaxPool", [added], "pool", kernel_shape=[2, 2], strides=[2, 2])
    left = b.node("Relu", [b.conv(pooled, "conv4", (8, 4))], "relu3")
    right = b.node("Relu", [b.conv(pooled, "conv5", (8, 4), kernel=1)], "relu4")
    joined = b.node("Concat", [left, right], "concat", axis=1)
    last = b.node("Relu", [b.conv(joined, "conv6", (8, 12))], "relu5")
    flat = b.node("Flatten", [b.node("GlobalAveragePool", [last], "average")], "flatten")
    weight = b.weight("gemm.weight", (5, 12), 12)
    bias = b.constant("gemm.bias", 0.1 * b.random.standard_normal(5))
    b.node("Gemm", [flat, weight, bias], "gemm", transB=1)
    return b.model({"x": ("batch", 3, 16, 16)}, {"gemm": ("batch", 5)})


def old_style_net(seed: int = 3) -> onnx.ModelProto:
    """What CNTK exported: opset 8, IR 3, weights among the inputs, and one behind a Reshape."""
    b = Builder(seed)
    kernel = b.weight("kernel", (4, 1, 5, 5), 25)
    shape = [5, 5]
    conv = b.node("Conv", ["x", kernel], "conv", kernel_shape=shape, auto_pad="SAME_UPPER")
    bias = b.constant("offset", 0.1 * b.random.standard_normal((4, 1, 1)))
    relu = b.node("Relu", [b.node("Add", [conv, bias], "plus")], "relu")
    pooled = b.node("MaxPool", [relu], "pool", kernel_shape=[2, 2], strides=[2, 2])
    flat = b.node("Reshape", [pooled, b.constant("flat", [1, 144], np.int64)], "reshape")
    weight = b.weight("weight", (4, 6, 6, 5), 144)
    table = b.node("Reshape", [weight, b.constant("table", [144, 5], np.int64)], "reshape_weight")
    times = b.node("MatMul", [flat, table], "times")
    b.node("Add", [times, b.constant("last", 0.1 * b.random.standard_normal((1, 5)))], "y")
    return b.model({"x": (1, 1, 12, 12)}, {"y": (1, 5)}, opset=8, ir_version=3)


def transformer_block(seed: int = 4) -> onnx.ModelProto:
    """Embedding, attention and feed-forward; integer input of varying length."""
    b = Builder(seed)
    table = b.constant("embedding", b.random.standard_normal((VOCABULARY, WIDTH)))
    x = b.layer_norm(b.node("Gather", [table, "ids"], "gather"), "norm0", WIDTH)
    query, key, value = (b.linear(x, name, (WIDTH, WIDTH)) for name in ("query", "key", "value"))
    turned = b.node("Transpose", [key], "transpose", perm=[0, 2, 1])
    scores = b.node("MatMul", [query, turned], "scores")
    scaled = b.node("Div", [scores, b.constant("root", np.sqrt(WIDTH))], "scaled")
    weights = b.node("Softmax", [scaled], "softmax", axis=-1)
    context = b.node("MatMul", [weights, value], "context")
    attended = b.node("Add", [b.linear(context, "out", (WIDTH, WIDTH)), x], "residual1")
    x = b.layer_norm(attended, "norm1", WIDTH)
    hidden = _gelu(b, b.linear(x, "up", (WIDTH, 2 * WIDTH)))
    b.layer_norm(
        b.node("Add", [b.linear(hidden, "down", (2 * WIDTH, WIDTH)), x], "residual2"),
        "norm2",
        WIDTH,
    )
    return b.model(
        {"ids": ("batch", "length")},
        {"norm2": ("batch", "length", WIDTH)},
        dtype=TensorProto.INT64,
        opset=17,
    )


def _gelu(b: Builder, x: str) -> str:
    """x * (1 + erf(x / sqrt 2)) / 2, in the five nodes that exporters write."""
    erf = b.node("Erf", [b.node("Div", [x, b.constant("root2", np.sqrt(2))], "gelu.div")], "erf")
    lifted = b.node("Add", [erf, b.constant("one", 1.0)], "gelu.add")
    product = b.node("Mul", [x, lifted], "gelu.mul")
    return b.node("Mul", [product, b.constant("half", 0.5)], "gelu")


def _plain(b: Builder, x: str, operator: str, **attributes: Any) -> int:
    b.node(operator, [x], "operator", **attributes)
    return 4


def _two_inputs(b: Builder, x: str, operator: str, **attributes: Any) -> int:
    b.node(operator, [x, b.conv("x", "beside", (3, 4), kernel=1)], "operator", **attributes)
    return 4


def _with_constants(b: Builder, x: str, operator: str, *constants: list[int]) -> int:
    names = [b.constant(f"operator.{i}", c, np.int64) for i, c in enumerate(constants)]
    b.node(operator, [x, *names], "operator")
    return 4


def _clip(b: Builder, x: str) -> int:
    b.clip(x, "operator", 0.0, 6.0)
    return 4


def _resize(b: Builder, x: str, mode: str) -> int:
    scales = b.constant("operator.scales", [1, 1, 2, 2])
    b.node(
        "Resize",
        [x, "", scales],
        "operator",
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return 4


def _conv_transpose(b: Builder, x: str) -> int:
    weight = b.weight("operator.weight", (4, 4, 2, 2), 16)
    bias = b.constant("operator.bias", 0.1 * b.random.standard_normal(4))
    b.node("ConvTranspose", [x, weight, bias], "operator", strides=[2, 2], kernel_shape=[2, 2])
    return 4


# Each makes the operator behind value `x` (4 channels, 8 x 8) and returns its channels.
_OPERATORS: Mapping[str, Callable[[Builder, str], int]] = {
    "Add": lambda b, x: _two_inputs(b, x, "Add"),
    "Mul": lambda b, x: _two_inputs(b, x, "Mul"),
    "Concat": lambda b, x: 2 * _two_inputs(b, x, "Concat", axis=1),
    "MaxPool": lambda b, x: _plain(b, x, "MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "AveragePool": lambda b, x: _plain(b, x, "AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "GlobalAveragePool": lambda b, x: _plain(b, x, "GlobalAveragePool"),
    "Reshape": lambda b, x: 2 * _with_constants(b, x, "Reshape", [0, 8, 4, 8]),
    "Transpose": lambda b, x: _plain(b, x, "Transpose", perm=[0, 1, 3, 2]),
    "Flatten": lambda b, x: _plain(b, x, "Flatten"),
    "Resize nearest": lambda b, x: _resize(b, x, mode="nearest"),
    "Resize linear": lambda b, x: _resize(b, x, mode="linear"),
    "Slice": lambda b, x: _with_constants(b, x, "Slice", [1], [7], [2]),
    "Pad": lambda b, x: _with_constants(b, x, "Pad", [0, 0, 1, 1, 0, 0, 1, 1]),
    "ConvTranspose": _conv_transpose,
    "Relu": lambda b, x: _plain(b, x, "Relu"),
    "Clip": _clip,
    "Softmax": lambda b, x: _plain(b, x, "Softmax", axis=1),
    "Sigmoid": lambda b, x: _plain(b, x, "Sigmoid"),
}
OPERATORS = tuple(_OPERATORS)


def operators_net(operator: str, seed: int = 5) -> onnx.ModelProto:
    """A Conv, one of :data:`OPERATORS`, and a Conv behind it (behind Flatten, a Gemm)."""
    b = Builder(seed)
    channels = _OPERATORS[operator](b, b.conv("x", "before", (3, 4)))
    if operator == "Flatten":
        weight = b.weight("after.weight", (256, 5), 256)
        b.node("Gemm", ["operator", weight, b.constant("after.bias", np.zeros(5))], "after")
        return b.model({"x": ("batch", 3, 8, 8)}, {"after": ("batch", 5)})
    b.conv("operator", "after", (channels, 5), kernel=1)
    return b.model({"x": ("batch", 3, 8, 8)}, {"after": ("batch", 5, "height", "width")})


def save(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    """Write ``model`` into ``folder``."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def samples(model: onnx.ModelProto, count: int, seed: int = 0) -> list[dict[str, Array]]:
    """``count`` inputs, one sample each; a dimension named "length" differs between them."""
    random = np.random.default_rng(seed)
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    found: list[dict[str, Array]] = []
    for _ in range(count):
        length = int(random.integers(LENGTHS[0], LENGTHS[1] + 1))
        found.append({value.name: _draw(value, length, random) for value in inputs})
    return found


def _draw(value: onnx.ValueInfoProto, length: int, random: np.random.Generator) -> Array:
    tensor = value.type.tensor_type
    shape = [d.dim_value or (length if d.dim_param == "length" else 1) for d in tensor.shape.dim]
    if tensor.elem_type == TensorProto.INT64:
        return random.integers(0, VOCABULARY, shape, dtype=np.int64)
    return random.standard_normal(shape, dtype=np.float32)
