"""A network of 5,000 tensors: nothing that a person does may take time with its square."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from quantscope.core.calibration import Calibration
from quantscope.core.data import DataDescription, SourceKind
from quantscope.core.network import Layer, LayerKind, Network, Role, Tensor
from quantscope.core.statistics import TensorStatistics
from quantscope.gui.main_window import MainWindow
from quantscope.session import commands
from quantscope.session.session import Session

LAYERS = 1_250
AT_MOST = 1.5  # seconds, for what takes 0.1 s on an idle machine


def large_network() -> Network:
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


@pytest.fixture
def large(window: MainWindow) -> MainWindow:
    network = large_network()
    values = np.random.default_rng(0).normal(size=300)
    kept = {
        Role.ACTIVATION: TensorStatistics.from_values(values),
        Role.WEIGHTS: TensorStatistics.of_parameter(values),
        Role.BIAS: TensorStatistics.of_parameter(values),
    }
    statistics = {name: kept[tensor.role] for name, tensor in network.tensors.items()}
    data = DataDescription(kind=SourceKind.IMAGES, path="here")
    session = Session()
    session.open_model("large.onnx", network)
    session.do(commands.describe_data(data))
    session.attach_calibration(Calibration("large", data, 1, ("a",), statistics))
    assert session.plan() is not None
    session.undo()
    window.controller.session = session
    return window


def test_that_a_large_network_is_shown_and_edited_at_once(large: MainWindow) -> None:
    actions: dict[str, Callable[[], object]] = {
        "open": large.controller._replace_session,
        "close a layer": lambda: large.ranges.tree.collapse(large.ranges.model.index(1, 0)),
        "close all": large.do_collapse,
        "open all": large.do_expand,
        "scroll": lambda: large.ranges.bar.setValue(50_000),
        "keep a layer in float": lambda: large.controller.quantize_layer("conv9", False),
        "undo": large.do_undo,
        "theme": large.do_theme_dark,
    }
    slow = {}
    for name, act in actions.items():
        start = time.perf_counter()
        act()
        large.grab()
        seconds = time.perf_counter() - start
        if seconds > AT_MOST:
            slow[name] = seconds
    assert slow == {}
    assert len(large.ranges.heat.rows) == 4 * LAYERS + LAYERS + 1
