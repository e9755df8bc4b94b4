"""Networks with channels of uneven ranges, prepared with and without equalizing them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import Builder

EQUALIZED = PreparationChoices(equalize=True)
CHANNELS = 8
OCTAVES = 2.0 ** -np.arange(CHANNELS)
Array = npt.NDArray[Any]
Link = Callable[[Builder, str], str]


def both(model: onnx.ModelProto, folder: Path) -> tuple[Prepared, Prepared]:
    """``model`` prepared without and with equalization, which compute the same to the last bit."""
    file = open_model(models.save(model, folder))
    plain, equalized = prepare(file), prepare(file, EQUALIZED)
    for feed in models.samples(model, 2):
        exact = exports.run(plain.serialized(), feed, optimized=False)
        found = exports.run(equalized.serialized(), feed, optimized=False)
        assert found.keys() == exact.keys()
        for name, values in exact.items():
            np.testing.assert_array_equal(found[name], values)
    return plain, equalized


def told(pair: tuple[Prepared, Prepared]) -> list[str]:
    """What equalization says that it did."""
    plain, equalized = (ready.network.changes for ready in pair)
    return list(equalized[len(plain) :])


def factors(pair: tuple[Prepared, Prepared], name: str, axis: int) -> Array:
    """By how much the channels of the weights ``name`` were multiplied."""
    plain, equalized = (ready.parameters[name] for ready in pair)
    others = tuple(i for i in range(plain.ndim) if i != axis)
    return np.asarray(np.abs(equalized).max(axis=others) / np.abs(plain).max(axis=others))


def spread_conv(b: Builder, name: str = "first", *, scales: Array = OCTAVES) -> str:
    """A convolution of the input to 8 channels, each half as wide as the one before."""
    shape = (CHANNELS, 3, 3, 3)
    weights = b.random.uniform(0.5, 1.0, shape) * b.random.choice((-1, 1), shape) / 5
    weight = b.constant(f"{name}.weight", weights * scales[:, None, None, None])
    bias = b.constant(f"{name}.bias", 0.1 * b.random.standard_normal(CHANNELS) * scales)
    return b.node("Conv", ["x", weight, bias], name, kernel_shape=[3, 3], pads=[1] * 4)


def finished(b: Builder, last: str) -> onnx.ModelProto:
    shape: list[int | str] = ["batch", "c", "h", "w"] if b.nodes[-1].op_type != "Gemm" else [1, 5]
    return b.model({"x": (1, 3, 8, 8)}, {last: shape})


def relu(b: Builder, x: str) -> str:
    return b.node("Relu", [x], "relu")


def gemm(b: Builder, x: str, columns: int, *, turned: bool = False) -> str:
    weight = b.weight("second.weight", (5, columns) if turned else (columns, 5), columns)
    bias = b.constant("second.bias", b.random.standard_normal(5))
    return b.node("Gemm", [x, weight, bias], "second", transB=int(turned))


def normalized(
    b: Builder, name: str, mean: npt.ArrayLike, deviation: npt.ArrayLike, *, x: str = "x"
) -> str:
    """A convolution of normal values with batch normalization that remembers the truth.

    Its channels have just the ``mean`` and the ``deviation`` given (zero padding aside).
    """
    shape = (CHANNELS, 3, 3, 3)
    weights = b.random.standard_normal(shape)
    conv = b.node("Conv", [x, b.constant(f"{name}.weight", weights)], name, pads=[1] * 4)
    parameters = [
        b.constant(f"{name}.scale", np.broadcast_to(deviation, CHANNELS)),
        b.constant(f"{name}.shift", np.broadcast_to(mean, CHANNELS)),
        b.constant(f"{name}.mean", np.zeros(CHANNELS)),
        b.constant(f"{name}.variance", (weights**2).sum(axis=(1, 2, 3))),
    ]
    return b.node("BatchNormalization", [conv, *parameters], f"{name}.norm", epsilon=0.0)
