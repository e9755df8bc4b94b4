"""Plans in the formats of other tools, read back by rules written down here."""

import ctypes
import json
import re
import struct
from dataclasses import replace

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.exchange.formats import FORMATS
from quantscope.core.exchange.recipe import read_recipe
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, FixedPoint, Scaled
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from tests.core.small_networks import conv_relu_conv, statistics_of

NETWORK = conv_relu_conv()


def plan_for(settings: PlanSettings, network: Network = NETWORK) -> Plan:
    data = DataDescription(kind=SourceKind.RANDOM)
    return Calibration("0123", data, 1, ("one",), statistics_of(network)).plan(network, settings)


def written(key: str, settings: PlanSettings) -> tuple[str, Plan]:
    plan = plan_for(settings)
    return FORMATS[key].write(NETWORK, plan), plan


@pytest.mark.parametrize("target", TARGETS)
def test_that_a_recipe_gives_the_settings_back(target):
    settings = PlanSettings(scheme=Scheme.HISTOGRAM).with_target(target)
    settings = settings.pin(("x",), FixedPoint(8, 3)).with_layer_quantized("Conv y", False)
    text, plan = written("recipe", settings)
    recipe = read_recipe(text, "a.json")
    assert (recipe.settings, recipe.fingerprint) == (settings, "0123")
    assert plan_for(recipe.settings).types == plan.types


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "damaged"),
        ("[1]", "not a recipe"),
        ('{"format": "something"}', "not a recipe"),
        ('{"format": "quantscope recipe", "version": 99}', "another version"),
        ('{"format": "quantscope recipe", "version": 1}', "damaged"),
        (
            '{"format": "quantscope recipe", "version": 1, "fingerprint": "0", "settings": 3}',
            "damaged",
        ),
    ],
)
def test_that_what_is_no_recipe_is_told_in_a_sentence(text, said):
    with pytest.raises(QuantscopeError, match=said) as caught:
        read_recipe(text, "a.json")
    assert caught.value.problem.where == "a.json"


def test_that_a_recipe_for_a_target_of_another_program_is_refused():
    text, _ = written("recipe", PlanSettings())
    with pytest.raises(QuantscopeError, match="not known here"):
        read_recipe(text.replace('"onnxruntime"', '"abacus"'), "a.json")


@pytest.mark.parametrize("target", TARGETS)
def test_that_aimet_encodings_say_the_same_reals(target):
    text, plan = written("aimet", PlanSettings().with_target(target))
    document = json.loads(text)
    entries = document["activation_encodings"] | document["param_encodings"]
    assert entries.keys() == plan.types.keys()
    assert "x" in document["activation_encodings"]
    assert "a.w" in document["param_encodings"]
    for name, kind in plan.types.items():
        scales = kind.scales if isinstance(kind, ChannelScaled) else (kind.step,)
        for entry, scale in zip(entries[name], scales, strict=True):
            ends = np.asarray([0, 2 ** entry["bitwidth"] - 1 - kind.narrow_range])
            reals = entry["scale"] * (ends + entry["offset"])
            expected = (np.asarray(kind.limits) - kind.zero_point) * scale
            np.testing.assert_allclose(reals, expected)
            np.testing.assert_allclose([entry["min"], entry["max"]], expected)
            assert entry["is_symmetric"] == str(kind.signed and kind.zero_point == 0)


def test_that_overrides_name_the_integer_that_holds_the_word():
    settings = PlanSettings(word_length=16, weight_word_length=7)
    text, plan = written("onnxruntime", settings)
    entries = json.loads(text)
    assert "a.b" in plan.types
    assert "a.b" not in entries
    assert entries["x"] == [
        {
            "quant_type": "QUInt16",
            "scale": plan.types["x"].step,
            "zero_point": plan.types["x"].zero_point,
        }
    ]
    assert [entry["quant_type"] for entry in entries["a.w"]] == ["QInt8"] * 4
    assert [entry["scale"] for entry in entries["a.w"]] == list(plan.types["a.w"].scales)
    assert {entry["axis"] for entry in entries["a.w"]} == {0}


def test_that_a_calibration_cache_holds_the_scales_as_hexadecimal_floats():
    text, plan = written("tensorrt", PlanSettings().with_target("tensorrt"))
    first, *lines = text.splitlines()
    assert first.startswith("TRT-")
    scales = dict(line.rsplit(": ", 1) for line in lines)
    assert scales.keys() == {"x", "a", "r", "y"} & plan.types.keys()
    for name, digits in scales.items():
        assert struct.unpack(">f", bytes.fromhex(digits))[0] == np.float32(plan.types[name].step)


def test_that_a_calibration_cache_refuses_what_it_cannot_say():
    with pytest.raises(
        QuantscopeError, match="signed 8-bit words with zero point 0 only"
    ) as caught:
        written("tensorrt", PlanSettings())
    assert "x" in caught.value.problem.where


@pytest.mark.parametrize("target", TARGETS)
def test_that_a_c_header_gives_every_type_back(target):
    text, plan = written("c-header", PlanSettings().with_target(target))
    defined = dict(re.findall(r"#define (\w+) \(?([^)\s]+)\)?", text))
    names = {"x": "Q_X", "a": "Q_A", "r": "Q_R", "y": "Q_Y", "a.w": "Q_A_W", "a.b": "Q_A_B"}
    for tensor, kind in plan.types.items():
        name = names.get(tensor)
        if name is None:
            continue
        assert int(defined[f"{name}_WORD"]) == kind.word_length
        assert bool(int(defined[f"{name}_SIGNED"])) == kind.signed
        if isinstance(kind, FixedPoint):
            assert int(defined[f"{name}_FRACTION"]) == kind.fraction_length
        elif isinstance(kind, Scaled):
            scale = ctypes.c_float(float(defined[f"{name}_SCALE"].rstrip("f"))).value
            assert scale == kind.scale
            assert int(defined[f"{name}_ZERO_POINT"]) == kind.zero_point
        else:
            (listed,) = re.findall(rf"{name}_SCALES\[\w+\] = {{([^}}]*)}}", text)
            numbers = [float(part.strip().rstrip("f")) for part in listed.split(",")]
            assert [float(np.float32(number)) for number in numbers] == list(kind.scales)


def test_that_tensors_whose_names_become_one_are_told_apart():
    plan = plan_for(PlanSettings())
    types = {"a/b": FixedPoint(8, 1), "a.b": FixedPoint(8, 2), "***": FixedPoint(8, 3)}
    network = NETWORK
    tensors = dict.fromkeys(types, network.tensors["x"])
    network = replace(network, tensors=tensors)
    text = FORMATS["c-header"].write(network, replace(plan, types=types))
    assert re.findall(r"#define (\w+)_FRACTION \((\d)\)", text) == [
        ("Q_A_B", "1"),
        ("Q_A_B_2", "2"),
        ("Q_TENSOR", "3"),
    ]


def test_that_a_name_cannot_end_the_comment_that_holds_it():
    plan = plan_for(PlanSettings())
    network = replace(NETWORK, tensors={"a*/b\nc": NETWORK.tensors["x"]}, name="*/ int main")
    text = FORMATS["c-header"].write(network, replace(plan, types={"a*/b\nc": FixedPoint(8, 1)}))
    assert all(line.count("*/") == line.startswith("/*") for line in text.splitlines())
