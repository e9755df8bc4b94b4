"""What a description of a network answers about itself."""

from dataclasses import replace

import pytest

from quantscope.core.codec import decode, encode
from quantscope.core.networks.network import Layer, LayerKind, Network, Port, short_labels
from tests.core.small_networks import Sketch, conv_relu_conv


def test_that_a_layer_shows_its_parameters_before_its_activations():
    layer = Layer(
        name="n",
        label="n",
        operator="Conv",
        kind=LayerKind.WEIGHTED,
        inputs=("x",),
        outputs=("y", "z"),
        weights="w",
        bias="b",
        constants=("c",),
    )
    assert layer.tensors == ("w", "b", "c", "y", "z")
    assert replace(layer, weights=None, bias=None).tensors == ("c", "y", "z")


def test_that_every_tensor_has_the_layer_that_it_is_shown_under():
    network = conv_relu_conv()
    assert network.layer_of("a.w").name == "Conv a"
    assert network.layer_of("r").name == "Relu r"
    assert network.layer_of("x").kind is LayerKind.INPUT
    assert network.layer("Relu r").outputs == ("r",)


def test_that_unknown_tensors_and_missing_layers_are_key_errors():
    network = conv_relu_conv()
    with pytest.raises(KeyError, match="nowhere"):
        network.layer_of("nowhere")
    with pytest.raises(KeyError, match="nowhere"):
        network.layer("nowhere")
    with pytest.raises(KeyError, match="Conv a"):
        replace(network, layers=network.layers[:1]).layer_of("a")


def test_that_ports_of_float32_are_told_from_others():
    network = conv_relu_conv()
    assert network.float_ports == {"x", "y"}
    ids = Port(name="ids", dtype="int64", shape=())
    assert replace(network, inputs=(ids,)).float_ports == {"y"}


def test_that_readable_names_are_kept_and_others_numbered_by_operator():
    long = "StatefulPartitionedCall/model/block_1/expand/Conv2D"
    names = [("stem", "Conv"), (long, "Conv"), ("a;b", "Relu"), ("x:0", "Conv"), ("", "Add")]
    assert short_labels(names) == {
        "stem": "stem",
        long: "Conv 1",
        "a;b": "Relu 1",
        "x:0": "Conv 2",
        "": "Add 1",
    }


def test_that_a_number_never_repeats_a_name_that_is_taken():
    labels = short_labels([("a:0", "Conv"), ("Conv 1", "Conv"), ("b:0", "Conv")])
    assert labels == {"a:0": "Conv 2", "Conv 1": "Conv 1", "b:0": "Conv 3"}
    assert len(set(labels.values())) == 3


def test_that_names_of_24_characters_are_short_and_of_25_are_not():
    assert short_labels([("n" * 24, "Add"), ("n" * 25, "Add")]) == {
        "n" * 24: "n" * 24,
        "n" * 25: "Add 1",
    }


def test_that_the_sketches_of_these_tests_describe_what_they_say():
    network = Sketch("x").add("Conv", "x", "y").network("y")
    assert [layer.kind for layer in network.layers] == [LayerKind.INPUT, LayerKind.WEIGHTED]
    assert list(network.tensors) == ["x", "y.w", "y.b", "y"]


def test_that_what_a_network_works_out_is_not_written() -> None:
    network = conv_relu_conv()
    written = encode(network)
    assert isinstance(written, dict)
    assert "_by_name" not in written
    assert decode(Network, written) == network
