"""Small networks described by hand, for the tests of placement, plan and calibration."""

from collections.abc import Mapping

import numpy as np

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.network import Layer, LayerKind, Network, Port, Role, Tensor

KINDS = {
    "Conv": LayerKind.WEIGHTED,
    "MatMul": LayerKind.PRODUCT,
    "Add": LayerKind.FOLLOWER,
    "AveragePool": LayerKind.FOLLOWER,
    "Sigmoid": LayerKind.FOLLOWER,
    "Relu": LayerKind.RECTIFIER,
    "Clip": LayerKind.RECTIFIER,
    "MaxPool": LayerKind.PASS_THROUGH,
    "Reshape": LayerKind.PASS_THROUGH,
    "Concat": LayerKind.CONCAT,
    "Softmax": LayerKind.FLOAT,
}


class Sketch:
    """Collects layers in running order; each is named after the tensor that it writes."""

    def __init__(self, *inputs: str) -> None:
        self.layers: list[Layer] = []
        self.tensors: dict[str, Tensor] = {}
        self.inputs = inputs
        for name in inputs:
            self.layers.append(
                Layer(
                    name=f"in {name}",
                    label=name,
                    operator="Input",
                    kind=LayerKind.INPUT,
                    outputs=(name,),
                )
            )
            self._tensor(name, Role.ACTIVATION, f"in {name}")

    def add(
        self,
        operator: str,
        inputs: str,
        output: str,
        *,
        constants: str = "",
        weights: str = "",
        bias: str = "",
        reason: str = "",
    ) -> "Sketch":
        """A layer that reads ``inputs`` and writes ``output`` (names separated by spaces)."""
        kind = KINDS[operator]
        name = f"{operator} {output}"
        if kind is LayerKind.WEIGHTED:
            weights = weights or f"{output}.w"
            bias = bias or f"{output}.b"
            self._tensor(weights, Role.WEIGHTS, name, channel_axis=0)
            self._tensor(bias, Role.BIAS, name)
        for constant in constants.split():
            self._tensor(constant, Role.CONSTANT, name)
        for one in output.split():
            self._tensor(one, Role.ACTIVATION, name)
        if kind is LayerKind.FLOAT:
            reason = f"{operator} has no integer form here"
        self.layers.append(
            Layer(
                name=name,
                label=name,
                operator=operator,
                kind=kind,
                inputs=tuple(inputs.split()),
                outputs=tuple(output.split()),
                weights=weights or None,
                bias=bias or None,
                constants=tuple(constants.split()),
                reason=reason,
            )
        )
        return self

    def network(self, *outputs: str) -> Network:
        """The description, with ``outputs`` as the network's."""
        return Network(
            name="sketch",
            fingerprint="0123",
            opset=17,
            inputs=tuple(Port(name=n, dtype="float32", shape=("N", 4)) for n in self.inputs),
            outputs=tuple(Port(name=n, dtype="float32", shape=("N", 4)) for n in outputs),
            layers=tuple(self.layers),
            tensors=self.tensors,
        )

    def _tensor(self, name: str, role: Role, layer: str, channel_axis: int | None = None) -> None:
        self.tensors[name] = Tensor(
            name=name,
            role=role,
            layer=layer,
            shape=("N", 4),
            dtype="float32",
            channel_axis=channel_axis,
        )


def conv_relu_conv() -> Network:
    """x -> Conv a -> Relu r -> Conv y."""
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Conv", "r", "y")
    return sketch.network("y")


def statistics_of(network: Network, **given: object) -> Mapping[str, TensorStatistics]:
    """Statistics for every tensor: those ``given`` (arrays), noise for the others."""
    rng = np.random.default_rng(0)
    result = {}
    for name, tensor in network.tensors.items():
        shape = {Role.WEIGHTS: (4, 6), Role.BIAS: (4,)}.get(tensor.role, (500,))
        values = given.get(name.replace(".", "_"), rng.normal(size=shape))
        if tensor.role is Role.ACTIVATION:
            result[name] = TensorStatistics.from_values(values, 0)
        else:
            result[name] = TensorStatistics.of_parameter(values, tensor.channel_axis)
    return result
