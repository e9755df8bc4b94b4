"""Costs of layers, against MobileNet's published figures and products counted one by one."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.layer_costs import (
    costs_to_run,
    counts_from_shapes,
    counts_from_statistics,
    layer_costs,
    layer_macs,
)
from quantscope.core.networks.network import Layer, LayerKind, Network, Port, Role, Tensor
from quantscope.core.numbers.formats import FixedPoint

Shape = tuple[int | str, ...]


def network_of(layer: Layer, shapes: dict[str, Shape], axis: int | None = 0) -> Network:
    """``layer`` alone; ``shapes`` holds its tensors, network inputs first."""
    roles = {layer.weights: Role.WEIGHTS, layer.bias: Role.BIAS}
    roles |= dict.fromkeys(layer.constants, Role.CONSTANT)
    tensors = {
        name: Tensor(
            name=name,
            role=roles.get(name, Role.ACTIVATION),
            layer=layer.name,
            shape=shape,
            dtype="float32",
            channel_axis=axis if name == layer.weights else None,
        )
        for name, shape in shapes.items()
    }
    return Network(
        name="one",
        fingerprint="0",
        opset=17,
        inputs=tuple(Port(name=n, dtype="float32", shape=shapes[n]) for n in layer.inputs),
        outputs=(),
        layers=(layer,),
        tensors=tensors,
    )


def layer_of(operator: str, *inputs: str, weights: str | None = "w", **more: object) -> Layer:
    return Layer(
        name="layer",
        label="layer",
        operator=operator,
        kind=LayerKind.WEIGHTED,
        inputs=inputs or ("x",),
        outputs=("y",),
        weights=weights,
        **more,  # type: ignore[arg-type]
    )


# Howard et al. 2017 (arXiv:1704.04861), table 1: rows of the body; stride 1 or 2, width 1.
MOBILENET: list[tuple[Shape, Shape, Shape, int]] = [
    (("N", 3, 224, 224), (32, 3, 3, 3), ("N", 32, 112, 112), 10_838_016),
    (("N", 32, 112, 112), (32, 1, 3, 3), ("N", 32, 112, 112), 3_612_672),
    (("N", 32, 112, 112), (64, 32, 1, 1), ("N", 64, 112, 112), 25_690_112),
    (("N", 1024, 7, 7), (1024, 1, 3, 3), ("N", 1024, 7, 7), 451_584),
    (("N", 1024, 7, 7), (1024, 1024, 1, 1), ("N", 1024, 7, 7), 51_380_224),
]


@pytest.mark.parametrize(("x", "w", "y", "macs"), MOBILENET)
def test_that_convolutions_of_mobilenet_cost_what_the_paper_counts(
    x: Shape, w: Shape, y: Shape, macs: int
) -> None:
    layer = layer_of("Conv")
    network = network_of(layer, {"x": x, "w": w, "y": y})
    assert layer_macs(network, layer, counts_from_shapes(network)) == macs


@pytest.mark.parametrize(
    ("operator", "x", "w", "axis", "y", "expected"),
    [
        ("Gemm", ("N", 12), (5, 12), 0, ("N", 5), 60),
        ("Gemm", ("N", 12), (12, 5), 1, ("N", 5), 60),
        ("MatMul", ("N", 7, 12), (12, 5), 1, ("N", 7, 5), 7 * 60),
        ("MatMul", ("N", 2, 7, 12), (2, 12, 5), None, ("N", 2, 7, 5), 2 * 7 * 60),
        ("MatMul", ("N", 7, 12), (12,), None, ("N", 7), 7 * 12),
        ("ConvTranspose", ("N", 4, 8, 8), (4, 3, 2, 2), 1, ("N", 3, 16, 16), 256 * 12),
        ("Conv", ("N", 4, 8, 8), (0, 4, 1, 1), 0, ("N", 0, 8, 8), 0),
    ],
)
def test_that_products_with_weights_are_counted(
    operator: str, x: Shape, w: Shape, axis: int | None, y: Shape, expected: int
) -> None:
    layer = layer_of(operator)
    network = network_of(layer, {"x": x, "w": w, "y": y}, axis)
    assert layer_macs(network, layer, counts_from_shapes(network)) == expected


@pytest.mark.parametrize(
    ("a", "b", "y"),
    [
        (("N", 2, "L", 4), ("N", 2, 4, "L"), ("N", 2, "L", "L")),  # scores: inner side fixed
        (("N", 2, "L", "L"), ("N", 2, "L", 4), ("N", 2, "L", 4)),  # context: outer side fixed
        (("N", 2, 4, "L"), ("N", 2, "L", "M"), ("N", 2, 4, "M")),  # first side fixed
    ],
)
def test_that_products_of_two_activations_are_counted_from_their_elements(
    a: Shape, b: Shape, y: Shape
) -> None:
    layer = layer_of("MatMul", "a", "b", weights=None)
    network = network_of(layer, {"a": a, "b": b, "y": y})
    sizes = {"N": 1, "L": 5, "M": 3}

    def real(shape: Shape) -> tuple[int, ...]:
        return tuple(sizes[size] if isinstance(size, str) else size for size in shape)

    counts = {n: float(np.prod(real(s))) for n, s in (("a", a), ("b", b), ("y", y))}
    one_by_one = sum(1 for _ in product(*map(range, real(y)), range(real(a)[-1])))
    assert layer_macs(network, layer, counts) == one_by_one


@pytest.mark.parametrize(
    ("a", "b", "y"),
    [
        (("?", "?", "L", "K"), ("?", "?", "K", 4), ("?", "?", "L", 4)),  # may be broadcast
        (("N", 4, "K"), ("K", "M"), ("N", 4, "M")),  # one right side for all
        (("L", "K"), ("K", "M"), ("L", "M")),
        (("K",), ("K",), ()),
    ],
)
def test_that_a_product_whose_size_is_not_told_stays_unknown(a: Shape, b: Shape, y: Shape) -> None:
    layer = layer_of("MatMul", "a", "b", weights=None)
    network = network_of(layer, {"a": a, "b": b, "y": y})
    assert layer_macs(network, layer, {"a": 4.0, "b": 4.0, "y": 4.0}) is None


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (layer_of("Relu", weights=None), 0),
        (layer_of("LSTM", weights=None), None),
        (layer_of("Gemm", weights=None), None),
        (layer_of("Conv"), None),
        (layer_of("ConvTranspose"), None),
    ],
)
def test_that_without_counts_only_layers_without_products_are_known(
    layer: Layer, expected: int | None
) -> None:
    network = network_of(layer, {"x": ("N", "?"), "w": (4, 3, 1, 1), "y": ("N", "?")})
    assert layer_macs(network, layer, counts_from_shapes(network)) == expected
    assert layer_costs(network, {})[0].arithmetic_intensity is None


def test_that_a_layer_in_float_moves_four_bytes_an_element() -> None:
    layer = layer_of("Conv", bias="b")
    shapes: dict[str, Shape] = {
        "x": ("N", 3, 8, 8),
        "w": (4, 3, 3, 3),
        "b": (4,),
        "y": ("N", 4, 8, 8),
    }
    network = network_of(layer, shapes)
    (costs,) = layer_costs(network, counts_from_shapes(network))
    assert costs.parameters == 108 + 4
    assert costs.parameter_bytes == 4 * 112
    assert costs.activation_bytes == 4 * (192 + 256)
    assert costs.macs == 256 * 27
    assert costs.arithmetic_intensity == 2 * 256 * 27 / (4 * (112 + 192 + 256))


def test_that_a_table_that_stays_float_takes_its_room() -> None:
    layer = layer_of("Gather", weights=None, float_parameters=1000)
    network = network_of(layer, {"x": ("N", 5), "y": ("N", 5, 10)})
    (costs,) = layer_costs(network, {})
    assert costs.parameters == 1000
    assert costs.parameter_bytes == 4000


def test_that_types_shrink_weights_and_activations_and_never_the_bias() -> None:
    layer = layer_of("Conv", bias="b", constants=("c",))
    shapes: dict[str, Shape] = {
        "x": ("N", 3, 8, 8),
        "w": (4, 3, 3, 3),
        "b": (4,),
        "c": (2,),
        "y": ("N", 4, 8, 8),
    }
    network = network_of(layer, shapes)
    types = {name: FixedPoint(8, 4) for name in ("x", "w", "b")}
    (costs,) = layer_costs(network, counts_from_shapes(network), types)
    assert costs.parameter_bytes == 108 + 4 * 4 + 2 * 4
    assert costs.activation_bytes == 192 + 4 * 256


@pytest.mark.parametrize(("bits", "expected"), [(4, 7 * 5 / 2), (7, 7 * 5), (8, 7 * 5), (16, 70)])
def test_that_weights_take_the_bytes_that_hold_them(bits: int, expected: float) -> None:
    network = network_of(layer_of("Gemm"), {"x": ("n", 7), "w": (7, 5), "y": ("n", 5)}, axis=1)
    (costs,) = layer_costs(network, {}, {"w": FixedPoint(bits, 2)})
    assert costs.parameter_bytes == np.ceil(expected)


def test_that_a_fixed_batch_is_no_part_of_a_sample() -> None:
    layer = layer_of("Relu", weights=None)
    network = network_of(layer, {"x": (4, 3, 8), "y": (4, 3, 8)})
    assert counts_from_shapes(network) == {"x": 24.0, "y": 24.0}


def test_that_inputs_with_different_first_axes_have_no_batch() -> None:
    layer = layer_of("MatMul", "a", "b", weights=None)
    network = network_of(layer, {"a": (2, 3), "b": (3, 4), "y": (2, 4)})
    assert counts_from_shapes(network) == {"a": 6.0, "b": 12.0, "y": 8.0}


def test_that_calibration_tells_mean_counts_where_lengths_vary() -> None:
    short, long = np.ones((1, 3, 4)), np.zeros((1, 8, 4))
    together = TensorStatistics.from_values(short, 0).merge(TensorStatistics.from_values(long, 1))
    assert counts_from_statistics({"x": together}, 2) == {"x": 22.0}


def test_that_a_layer_that_moves_nothing_has_no_intensity() -> None:
    layer = Layer(name="n", label="n", operator="Input", kind=LayerKind.INPUT)
    network = network_of(layer, {})
    assert layer_costs(network, {})[0].arithmetic_intensity == 0.0


def test_that_what_was_counted_goes_before_what_shapes_say() -> None:
    gemm = layer_of("Gemm")
    network = network_of(gemm, {"x": ("n", 7), "w": (7, 5), "y": ("n", 5)}, axis=1)
    source = Layer(name="in", label="in", operator="Input", kind=LayerKind.INPUT, outputs=("x",))
    network = replace(network, layers=(source, gemm))
    (before,) = costs_to_run(network, {}, 0)
    assert (before.layer, before.macs, before.parameter_bytes) == ("layer", 35, 4 * 35)
    counted = TensorStatistics.from_values(np.ones((3, 5)), 0)
    (after,) = costs_to_run(network, {"y": counted}, 1, {"w": FixedPoint(8, 4)})
    assert (after.macs, after.parameter_bytes) == (105, 35)
