"""A small network with everything that a session keeps of it, made without an engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.findings.report import (
    ExportReport,
    LayerKernel,
    OutputAccuracy,
    TensorAccuracy,
)
from quantscope.core.networks.network import Layer, LayerKind, Network, Port, Role, Tensor
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.schemes import Scheme
from quantscope.session import commands
from quantscope.session.session import Session

FINGERPRINT = "f00d"
RANDOM_DATA = DataDescription(kind=SourceKind.RANDOM, samples=2)


def _tensor(name: str, role: Role, layer: str, *shape: int, axis: int | None = None) -> Tensor:
    return Tensor(
        name=name, role=role, layer=layer, shape=shape, dtype="float32", channel_axis=axis
    )


def small_network(fingerprint: str = FINGERPRINT) -> Network:
    """Input, Conv with weights and bias, Relu."""
    layers = (
        Layer(name="x", label="x", operator="Input", kind=LayerKind.INPUT, outputs=("x",)),
        Layer(
            name="conv",
            label="conv",
            operator="Conv",
            kind=LayerKind.WEIGHTED,
            inputs=("x",),
            outputs=("c",),
            weights="w",
            bias="b",
        ),
        Layer(
            name="relu",
            label="relu",
            operator="Relu",
            kind=LayerKind.RECTIFIER,
            inputs=("c",),
            outputs=("y",),
        ),
    )
    tensors = (
        _tensor("x", Role.ACTIVATION, "x", 1, 2, 4, 4),
        _tensor("w", Role.WEIGHTS, "conv", 3, 2, 1, 1, axis=0),
        _tensor("b", Role.BIAS, "conv", 3),
        _tensor("c", Role.ACTIVATION, "conv", 1, 3, 4, 4),
        _tensor("y", Role.ACTIVATION, "relu", 1, 3, 4, 4),
    )
    return Network(
        name="small",
        fingerprint=fingerprint,
        opset=21,
        inputs=(Port(name="x", dtype="float32", shape=("batch", 2, 4, 4)),),
        outputs=(Port(name="y", dtype="float32", shape=("batch", 3, 4, 4)),),
        layers=layers,
        tensors={tensor.name: tensor for tensor in tensors},
        changes=("folded 1 batch norm",),
    )


def small_calibration(
    data: DataDescription = RANDOM_DATA, fingerprint: str = FINGERPRINT, seed: int = 0
) -> Calibration:
    """Statistics for :func:`small_network`, with all that the plan will ask derived."""
    random = np.random.default_rng(seed)
    activation = random.normal(size=(3, 3_000))
    statistics = {
        "x": TensorStatistics.from_values(random.integers(0, 256, 500), 0),
        "w": TensorStatistics.of_parameter(random.normal(size=(3, 2, 1, 1)), 0),
        "b": TensorStatistics.of_parameter(random.normal(size=3)),
        "c": TensorStatistics.from_values(activation, 1),
        "y": TensorStatistics.from_values(np.maximum(activation, 0.0), 1),
    }
    kept = Calibration(fingerprint, data, 2, ("first", "second"), statistics)
    for question in questions(small_network(fingerprint)):
        kept.choose(*question)
    return kept


def small_report(path: str = "out.onnx") -> ExportReport:
    """A report with one entry of each kind, and the numbers that JSON lacks."""
    return ExportReport(
        path=path,
        target="onnxruntime",
        samples=2,
        random_data=True,
        opset=21,
        file_bytes=1_000,
        source_bytes=4_000,
        largest_difference=1.0,
        outputs=(OutputAccuracy(output="y", sqnr=float("inf"), agreement=None),),
        kernels=(LayerKernel(layer="conv", label="conv", kernel="QLinearConv", integer=True),),
        tensors=(
            TensorAccuracy(
                tensor="c", data_type="u8", predicted=40.0, measured=float("-inf"), in_network=None
            ),
        ),
        float_layers=(("relu", "kept in float by hand"),),
        notes=("weight scales raised",),
        warnings=("random data",),
    )


def images(path: Path) -> DataDescription:
    """Pictures in the folder ``path``."""
    return DataDescription(kind=SourceKind.IMAGES, path=str(path))


def complete(model: Path, data: DataDescription = RANDOM_DATA) -> Session:
    """A session with something of everything."""
    session = Session()
    session.open_model(model, small_network())
    for command in (
        commands.describe_data(data),
        commands.choose_scheme(Scheme.HISTOGRAM),
        commands.pin_type(("c", "y"), Scaled(0.1, 3, 8, False), "conv"),
        commands.pin_type(("w",), ChannelScaled((0.5, 0.25, 0.125)), "conv weights"),
        commands.pin_type(("b",), FixedPoint(32, 4), "conv bias"),
        commands.set_layer_quantized("relu", False, "relu"),
    ):
        session.do(command)
    session.attach_calibration(small_calibration(data))
    session.attach_report(small_report(), session.document.settings)
    return session
