"""ReLU6 between two layers: equalized as far as its bound allows, or replaced where asked for."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.preparing import prepare
from tests.engine import exports, models
from tests.engine.models import Builder
from tests.engine.uneven import (
    CHANNELS,
    EQUALIZED,
    OCTAVES,
    Array,
    both,
    factors,
    finished,
    normalized,
    told,
)

REPLACED = PreparationChoices(equalize=True, replace_relu6=True)


def bounded(b: Builder, x: str, name: str = "relu6") -> str:
    return b.clip(x, name, 0.0, 6.0)


def remembering(b: Builder, deviation: Array) -> str:
    """A convolution with batch normalization and ReLU6, and one behind it."""
    link = bounded(b, normalized_conv(b, deviation))
    return b.conv(link, "second", (CHANNELS, 5))


def normalized_conv(b: Builder, deviation: Array) -> str:
    return normalized(b, "first", 0.1 * deviation, deviation)


def test_that_channels_grow_up_to_the_bound_and_what_may_reach_it_stays(tmp_path: Path) -> None:
    b = Builder(31)
    deviation = OCTAVES
    pair = both(finished(b, remembering(b, deviation)), tmp_path)
    (said,) = told(pair)
    assert "channels between first and second, within the bound of relu6: the widest" in said
    by = factors(pair, "first.weight", 0)
    reach = 12.1 * deviation
    np.testing.assert_array_equal(by[reach >= 6.0], 1.0)
    assert (reach[reach < 6.0] * by[reach < 6.0]).max() <= 6.0
    assert by[-1] >= 16.0


def test_that_a_bound_far_above_all_channels_is_as_none(tmp_path: Path) -> None:
    b, plain = Builder(32), Builder(32)
    deviation = 0.2 * OCTAVES
    link = b.node("Relu", [normalized_conv(b, deviation)], "relu6")
    free = both(finished(b, b.conv(link, "second", (CHANNELS, 5))), tmp_path)
    bound = both(finished(plain, remembering(plain, deviation)), tmp_path)
    for name in ("first.weight", "second.weight"):
        np.testing.assert_array_equal(bound[1].parameters[name], free[1].parameters[name])


def proved(b: Builder) -> str:
    """ReLU6, a depthwise convolution without batch normalization, ReLU6, a convolution."""
    link = bounded(b, b.conv("x", "before", (3, CHANNELS)), "relu6_1")
    weights = b.random.standard_normal((CHANNELS, 1, 3, 3)) * 0.2 * OCTAVES[:, None, None, None]
    parameters = [b.constant("first.weight", weights), b.constant("first.bias", 0.2 * OCTAVES)]
    link = b.node("Conv", [link, *parameters], "first", group=CHANNELS, pads=[1] * 4)
    return b.conv(bounded(b, link, "relu6_2"), "second", (CHANNELS, 5), kernel=1)


@pytest.mark.parametrize("size", [1.0, 30.0, 1e4])
def test_that_a_proved_bound_holds_for_any_input(size: float, tmp_path: Path) -> None:
    b = Builder(33)
    model = finished(b, proved(b))
    plain, equalized = both(model, tmp_path)
    said = told((plain, equalized))
    assert any("between first and second, within the bound of relu6_2" in each for each in said)
    assert any("Did not equalize before and first: relu6_1" in each for each in said)
    assert factors((plain, equalized), "first.weight", 0).max() >= 8.0
    for feed in models.samples(model, 3):
        large = {
            name: values.astype(np.float32) * np.float32(size) for name, values in feed.items()
        }
        exact, seen = (
            exports.run(each.serialized(), large, optimized=False) for each in (plain, equalized)
        )
        for name, values in exact.items():
            np.testing.assert_array_equal(seen[name], values)


def test_that_what_bends_negative_values_up_beside_a_bound_keeps_the_pair(tmp_path: Path) -> None:
    b = Builder(34)
    link = b.node("LeakyRelu", [normalized_conv(b, 0.2 * OCTAVES)], "bent", alpha=-3.0)
    pair = both(finished(b, b.conv(bounded(b, link), "second", (CHANNELS, 5))), tmp_path)
    assert told(pair) == [
        "Did not equalize first and second: relu6 between them bounds all channels alike"
    ]


def test_that_replacing_changes_only_what_exceeds_the_bound(tmp_path: Path) -> None:
    b = Builder(35)
    model = finished(b, remembering(b, 4.0 * OCTAVES))
    file = open_model(models.save(model, tmp_path))
    plain, replaced = prepare(file), prepare(file, REPLACED)
    assert "Replaced relu6 (bound 6) by Relu" in replaced.network.changes
    assert "Clip" not in [layer.operator for layer in replaced.network.layers]
    left = {
        entry.name for entry in onnx.ModelProto.FromString(replaced.serialized()).graph.initializer
    }
    assert left == {f"{name}.{part}" for name in ("first", "second") for part in ("weight", "bias")}
    assert factors((plain, replaced), "first.weight", 0)[-1] >= 8.0
    (feed,) = models.samples(model, 1)
    for size, same in ((0.01, True), (1.0, False)):
        small = {
            name: values.astype(np.float32) * np.float32(size) for name, values in feed.items()
        }
        exact, seen = (
            exports.run(each.serialized(), small, optimized=False)["second"]
            for each in (plain, replaced)
        )
        assert np.array_equal(exact, seen) == same


def test_that_a_relu6_with_one_reader_that_is_no_layer_is_not_replaced(tmp_path: Path) -> None:
    b = Builder(36)
    link = bounded(b, b.conv("x", "first", (3, CHANNELS)))
    model = finished(b, b.node("Sigmoid", [link], "last"))
    pair = both(model, tmp_path)
    file = open_model(models.save(model, tmp_path))
    assert prepare(file, REPLACED).serialized() == pair[0].serialized()


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (EQUALIZED, "Preparation left the float network's second as it was, to the last bit"),
        (REPLACED, "Preparation changed the float network's second: SQNR "),
        (PreparationChoices(), ""),
    ],
)
def test_that_the_export_tells_what_preparation_did_to_the_float_network(
    choices: PreparationChoices, said: str, tmp_path: Path
) -> None:
    b = Builder(37)
    model = str(models.save(finished(b, remembering(b, 4.0 * OCTAVES)), tmp_path))
    data = DataDescription(kind=SourceKind.RANDOM, samples=4)
    calibration, _ = exports.finish(tasks.calibrate(model, data, False, lambda: False, choices))
    output = str(tmp_path / "out.onnx")
    steps = tasks.export(
        model, calibration, PlanSettings(), output, 4, False, lambda: False, choices
    )
    notes = [note for note in exports.finish(steps).notes if note.startswith("Preparation")]
    assert len(notes) == bool(said)
    assert all(note.startswith(said) for note in notes)


def test_that_the_effect_is_the_ratio_that_numpy_finds(tmp_path: Path) -> None:
    b = Builder(38)
    model = finished(b, remembering(b, 4.0 * OCTAVES))
    path = models.save(model, tmp_path)
    file = open_model(path)
    feeds = models.samples(model, 3, seed=5)
    np.savez(tmp_path / "feeds.npz", x=np.concatenate([feed["x"] for feed in feeds]))
    data = DataDescription(kind=SourceKind.NPZ, path=str(tmp_path / "feeds.npz"))
    steps = tasks.calibrate(str(path), data, False, lambda: False, REPLACED)
    calibration, _ = exports.finish(steps)
    export = tasks.export(
        str(path),
        calibration,
        PlanSettings(),
        str(tmp_path / "out.onnx"),
        3,
        False,
        lambda: False,
        REPLACED,
    )
    note = exports.finish(export).notes[0]
    exact, seen = (
        np.concatenate(
            [exports.run(each.serialized(), f, optimized=False)["second"] for f in feeds]
        )
        for each in (prepare(file), prepare(file, REPLACED))
    )
    noise = ((exact - seen).astype(np.float64) ** 2).sum()
    wanted = 10 * np.log10((exact.astype(np.float64) ** 2).sum() / noise)
    assert f"SQNR {wanted:.1f} dB to the source" in note


def test_that_every_choice_keeps_names_and_order_so_that_maps_can_be_compared() -> None:
    model = str(demo_folder() / "demo.onnx")
    plain = tasks.describe(model)
    for count in (1, 2, 3):
        for keys in combinations(("equalize", "replace_relu6", "absorb_biases"), count):
            chosen = tasks.describe(model, PreparationChoices(**dict.fromkeys(keys, True)))
            assert list(chosen.tensors) == list(plain.tensors)
            assert [x.label for x in chosen.layers] == [x.label for x in plain.layers]
