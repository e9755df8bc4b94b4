"""What the checker says about a network before it is exported."""

from dataclasses import replace

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import Scaled
from quantscope.core.planning.checker import Finding, check
from quantscope.core.planning.settings import PlanSettings
from tests.core.small_networks import Sketch, conv_relu_conv, statistics_of


def of_any_length(network: Network) -> Network:
    port = replace(network.inputs[0], shape=("N", "length", 4))
    return replace(network, inputs=(port,))


def test_that_a_network_that_the_target_takes_has_no_findings():
    assert check(conv_relu_conv(), PlanSettings()) == ()


def test_that_a_target_of_fixed_sizes_refuses_an_input_that_varies():
    network = of_any_length(conv_relu_conv())
    assert check(network, PlanSettings()) == ()
    (finding,) = check(network, PlanSettings(target="tflite-micro"))
    assert finding.refused
    assert "its size varies (length)" in finding.sentence()
    assert finding.sentence().startswith("x: ")


def test_that_a_batch_may_vary():
    assert check(conv_relu_conv(), PlanSettings(target="qnn")) == ()


def test_that_a_forbidden_type_is_found_before_the_export():
    network = conv_relu_conv()
    data = DataDescription(kind=SourceKind.RANDOM)
    calibration = Calibration("0123", data, 1, ("first",), statistics_of(network))
    settings = PlanSettings(target="tensorrt").pin(("x",), Scaled(0.5, 3))
    (finding,) = check(network, settings, calibration.plan(network, settings))
    assert (finding.layer, finding.tensor, finding.refused) == ("in x", "x", True)
    assert finding.sentence() == (
        "x, x: its type is set by hand, but TensorRT takes zero point 0 only."
        " Reset the tensor to the scheme, or choose another target."
    )


def test_that_every_float_layer_is_found_with_its_reason():
    sketch = Sketch("x").add("Conv", "x", "a").add("Add", "a x", "s").add("Softmax", "s", "y")
    network = sketch.network("y")
    settings = PlanSettings().with_layer_quantized("Add s", False)
    by_hand, softmax = check(network, settings)
    assert by_hand == Finding(
        layer="Add s",
        label="Add s",
        text="kept in float by hand",
        remedy="Quantize the layer again if it may be rounded",
    )
    assert softmax.text == "Softmax has no integer form here"
    assert "the target must be able" in softmax.remedy


def test_that_layers_of_other_operators_are_found():
    settings = PlanSettings(only_operators=frozenset({"Conv"}))
    (finding,) = check(conv_relu_conv(), settings)
    assert finding.text == "only Conv layers run in integers"
    assert finding.remedy.startswith("Let all operators")
