"""A network of 5,000 tensors with its statistics, for tests and benchmarks of the window."""

from __future__ import annotations

import numpy as np

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import Layer, LayerKind, Network, Role, Tensor
from quantscope.core.planning.schemes import Candidate, TypeRequest, choose
from quantscope.session import commands
from quantscope.session.session import Session

LAYERS = 1_250
CHANNELS = 64


def large_network() -> Network:
    """A chain of Conv and Relu."""
    layers = [
        Layer(name="x", label="x", operator="Input", kind=LayerKind.INPUT, outputs=("x",)),
    ]
    tensors = {"x": _tensor("x", Role.ACTIVATION, "x")}
    source = "x"
    for number in range(LAYERS):
        conv, relu = f"conv{number}", f"relu{number}"
        layers += [
            Layer(
                name=conv,
                label=conv,
                operator="Conv",
                kind=LayerKind.WEIGHTED,
                inputs=(source,),
                outputs=(conv,),
                weights=f"{conv}.w",
                bias=f"{conv}.b",
            ),
            Layer(
                name=relu,
                label=relu,
                operator="Relu",
                kind=LayerKind.RECTIFIER,
                inputs=(conv,),
                outputs=(relu,),
            ),
        ]
        tensors[f"{conv}.w"] = _tensor(f"{conv}.w", Role.WEIGHTS, conv)
        tensors[f"{conv}.b"] = _tensor(f"{conv}.b", Role.BIAS, conv)
        tensors[conv] = _tensor(conv, Role.ACTIVATION, conv)
        tensors[relu] = _tensor(relu, Role.ACTIVATION, relu)
        source = relu
    return Network(
        name="large",
        fingerprint="large",
        opset=13,
        inputs=(),
        outputs=(),
        layers=tuple(layers),
        tensors=tensors,
    )


def _tensor(name: str, role: Role, layer: str) -> Tensor:
    return Tensor(name=name, role=role, layer=layer, shape=(4,), dtype="float32")


def large_session(kinds: int = 1) -> Session:
    """The network, calibrated; its tensors have the values of ``kinds`` different ones.

    What the worker derives is there too, worked out once for tensors of the same values.
    """
    network = large_network()
    pool = {role: [_statistics(role, number) for number in range(kinds)] for role in Role}
    statistics = {
        name: pool[tensor.role][place % kinds]
        for place, (name, tensor) in enumerate(network.tensors.items())
    }
    data = DataDescription(kind=SourceKind.IMAGES, path="here")
    calibration = Calibration("large", data, 1, ("a",), statistics)
    _derive(network, calibration)
    session = Session()
    session.open_model("large.onnx", network)
    session.do(commands.describe_data(data))
    session.attach_calibration(calibration)
    return session


def _statistics(role: Role, number: int) -> TensorStatistics:
    generator = np.random.default_rng(number)
    values = generator.normal(size=(CHANNELS, 36)) * 2.0 ** (number % 7)
    if role is Role.ACTIVATION:
        return TensorStatistics.from_values(values)
    if role is Role.BIAS:
        return TensorStatistics.of_parameter(values[:, 0])
    return TensorStatistics.of_parameter(values, channel_axis=0)


def _derive(network: Network, calibration: Calibration) -> None:
    known: dict[tuple[tuple[int, ...], TypeRequest], Candidate] = {}
    for question in questions(network):
        tensors, request = calibration._question(*question)
        parts = [calibration.statistics[name] for name in tensors]
        same = tuple(map(id, parts)), request
        if same not in known:
            known[same] = choose(merge_all(parts), request)
        calibration.derived[tensors, request] = known[same]
