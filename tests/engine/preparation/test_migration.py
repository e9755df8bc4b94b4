"""Migrated scales leave the float network as it was and take outliers out of activations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import LayerKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.migration import IN_FLOAT, sites
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import WIDTH, Builder
from tests.engine.outliers import MIGRATED, with_outliers

Array = npt.NDArray[Any]
SITES = ["norm0", "context", "norm1", "gelu"]


def divisors(channels: int, seed: int) -> tuple[int, ...]:
    return tuple(int(each) for each in np.random.default_rng(seed).integers(-3, 6, channels))


def same_to_the_last_bit(model: onnx.ModelProto, folder: Path, *names: str) -> Prepared:
    """``model`` with random divisors at ``names``, which must change nothing."""
    file = open_model(models.save(model, folder))
    plain = prepare(file)
    widths = {site.name: site.channels for site in sites(plain.model)}
    assert list(widths) == list(names)
    migration = {name: divisors(width, seed) for seed, (name, width) in enumerate(widths.items())}
    migrated = prepare(file, MIGRATED, migration)
    for feed in models.samples(model, 4):
        for optimized in (False, True):
            exact = exports.run(plain.serialized(), feed, optimized=optimized)
            found = exports.run(migrated.serialized(), feed, optimized=optimized)
            for name, values in exact.items():
                np.testing.assert_array_equal(found[name], values)
    return migrated


def test_that_a_transformer_block_computes_the_same_to_the_last_bit(tmp_path: Path) -> None:
    migrated = same_to_the_last_bit(with_outliers(models.transformer_block()), tmp_path, *SITES)
    layers = {layer.name: layer for layer in migrated.network.layers}
    for name in SITES:
        division = layers[f"{name}_migrate"]
        assert (division.kind, division.reason) == (LayerKind.FLOAT, IN_FLOAT)
        assert division.inputs[0] == name
    assert layers["residual1"].inputs[1] == "norm0"  # and not what is divided
    assert layers["query.matmul"].inputs == ("norm0_migrated",)


def test_that_activations_and_weights_are_divided_and_multiplied_by_channel(
    tmp_path: Path,
) -> None:
    file = open_model(models.save(models.transformer_block(), tmp_path))
    exponents = divisors(WIDTH, 1)
    plain, migrated = prepare(file), prepare(file, MIGRATED, {"norm1": exponents})
    factors = 2.0 ** np.array(exponents)
    np.testing.assert_array_equal(
        migrated.parameters["up.weight"], plain.parameters["up.weight"] * factors[:, None]
    )
    np.testing.assert_array_equal(
        migrated.parameters["query.weight"], plain.parameters["query.weight"]
    )
    (feed,) = models.samples(models.transformer_block(), 1)
    names = ["norm1", "norm1_migrated", "norm0", "norm0_migrated"]
    tapped = exports.with_outputs(onnx.load_from_string(migrated.serialized()), names)
    found = exports.run(tapped, feed, optimized=False)
    np.testing.assert_array_equal(found["norm1_migrated"] * factors, found["norm1"])
    np.testing.assert_array_equal(found["norm0_migrated"], found["norm0"])


def normalized_before(*, gemm: bool = False) -> onnx.ModelProto:
    """A residual block that normalizes first: nothing but products reads the result."""
    b = Builder(7)
    shape = ("batch", WIDTH) if gemm else ("batch", "length", WIDTH)
    x = b.layer_norm("x", "norm", WIDTH)
    if gemm:
        weight = b.weight("up.weight", (24, WIDTH), WIDTH)
        up = b.node("Gemm", [x, weight, b.constant("up.bias", np.ones(24))], "up", transB=1)
    else:
        up = b.linear(x, "up", (WIDTH, 24))
    down = b.linear(b.node("Relu", [up], "relu"), "down", (24, WIDTH))
    b.node("Add", [down, "x"], "y")
    return b.model({"x": shape}, {"y": shape}, opset=17)


@pytest.mark.parametrize("gemm", [False, True])
def test_that_a_normalization_that_only_products_read_takes_the_factors(
    tmp_path: Path, gemm: bool
) -> None:
    migrated = same_to_the_last_bit(normalized_before(gemm=gemm), tmp_path, "norm")
    assert all(layer.operator != "Mul" for layer in migrated.network.layers)
    plain = prepare(open_model(models.save(normalized_before(gemm=gemm), tmp_path)))
    before, after = (
        {node.name: node for node in ready.model.graph}["norm"].inputs[1]
        for ready in (plain, migrated)
    )
    assert before is not None
    assert after is not None
    assert before.const_value is not None
    assert after.const_value is not None
    factors = 2.0 ** np.array(divisors(WIDTH, 0))
    np.testing.assert_array_equal(after.const_value.numpy() * factors, before.const_value.numpy())


def test_that_a_normalization_written_in_several_nodes_has_its_scales_migrated(
    tmp_path: Path,
) -> None:
    b = Builder(8)
    mean = b.node("ReduceMean", ["x"], "mean", axes=[-1])
    centred = b.node("Sub", ["x", mean], "centred")
    square = b.node("Mul", [centred, centred], "square")
    variance = b.node("ReduceMean", [square], "variance", axes=[-1])
    root = b.node("Sqrt", [variance], "root")
    unit = b.node("Div", [centred, root], "unit")
    scaled = b.node("Mul", [unit, b.constant("scale", np.linspace(1, 30, WIDTH))], "scaled")
    shifted = b.node("Add", [scaled, b.constant("shift", np.ones(WIDTH))], "shifted")
    b.node("Add", [b.linear(shifted, "out", (WIDTH, WIDTH)), shifted], "y")
    shape = ("batch", "length", WIDTH)
    same_to_the_last_bit(b.model({"x": shape}, {"y": shape}), tmp_path, "shifted")


def test_that_names_already_taken_are_not_taken_again(tmp_path: Path) -> None:
    b = Builder(9)
    x = b.layer_norm("x", "norm", WIDTH)
    y = b.node("Neg", [b.node("Abs", [x], "norm_migrated")], "norm_migrate")
    b.node("Add", [b.linear(x, "out", (WIDTH, WIDTH)), y], "y")
    shape = ("batch", WIDTH)
    same_to_the_last_bit(b.model({"x": shape}, {"y": shape}, opset=17), tmp_path, "norm")


def test_that_what_is_in_integers_already_is_left_alone_and_said(tmp_path: Path) -> None:
    model = models.residual_net()
    plain = prepare(open_model(models.save(model, tmp_path)))
    migrated = prepare(open_model(models.save(model, tmp_path)), MIGRATED, {})
    assert migrated.serialized() == plain.serialized()
    assert migrated.network.changes == (
        *plain.network.changes,
        "No scales to migrate: no product with fixed weights reads a float result",
    )


def test_that_changes_say_what_is_known_of_the_divisors(tmp_path: Path) -> None:
    file = open_model(models.save(models.transformer_block(), tmp_path))
    before = prepare(file).network.changes
    known = {"norm0": (0, 0, 0, 5) + (0,) * (WIDTH - 4)}
    told = [prepare(file, MIGRATED, found).network.changes for found in (None, {}, known)]
    assert [each[len(before) :] for each in told] == [
        ("Scales of 4 activations can migrate; calibration says how far",),
        ("Nothing to gain by migrating scales: 4 of 4 activations",),
        (
            f"Divided 1 of {WIDTH} channels of norm0 by 2^5",
            "Nothing to gain by migrating scales: 3 of 4 activations",
        ),
    ]


def test_that_the_layers_are_the_same_whatever_the_divisors(tmp_path: Path) -> None:
    file = open_model(models.save(models.transformer_block(), tmp_path))
    unknown = prepare(file, MIGRATED).network
    known = prepare(file, MIGRATED, {"norm1": divisors(WIDTH, 2)}).network
    assert (unknown.layers, unknown.tensors) == (known.layers, known.tensors)
    assert unknown.fingerprint == known.fingerprint != prepare(file).network.fingerprint


def test_that_divisors_of_another_network_are_refused(tmp_path: Path) -> None:
    file = open_model(models.save(models.transformer_block(), tmp_path))
    with pytest.raises(QuantscopeError, match="3 migrated scales were kept for 16 channels"):
        prepare(file, MIGRATED, {"norm0": (1, 2, 3)})


def test_that_both_choices_are_made_where_both_are_asked_for(tmp_path: Path) -> None:
    file = open_model(models.save(models.transformer_block(), tmp_path))
    both = prepare(file, PreparationChoices(equalize=True, migrate=True), {})
    assert both.network.fingerprint.endswith("+equalized+migrated")
    assert "norm0_migrate" in {layer.name for layer in both.network.layers}
