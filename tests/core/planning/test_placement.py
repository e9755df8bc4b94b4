"""Which layers run in integers, what shares a type, and why the rest does not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.planning.placement import PlacementRules, TieGroup, place
from tests.core.small_networks import KINDS, Sketch, conv_relu_conv


def groups_of(network: Network, *float_layers: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {group.members: group.sources for group in place(network, float_layers).groups}


def test_that_a_relu_after_a_convolution_is_one_with_it():
    placement = place(conv_relu_conv())
    assert placement.layers == {"Conv a", "Relu r", "Conv y"}
    assert placement.fused == {"Relu r": "Conv a"}
    assert placement.cut_off == {"a"}
    # the type is chosen on what the Relu leaves, not on what it cuts off
    assert groups_of(conv_relu_conv()) == {("x",): ("x",), ("a", "r"): ("r",), ("y",): ("y",)}
    assert placement.quantized == {"x", "a", "r", "y"}
    assert placement.reasons == {}


def test_that_groups_are_found_by_any_of_their_members():
    placement = place(conv_relu_conv())
    assert placement.group_of("a") == placement.group_of("r") == TieGroup(("a", "r"), ("r",))
    assert placement.group_of("a.w") is None


def test_that_a_clip_is_one_with_the_addition_before_it():
    sketch = Sketch("x").add("Conv", "x", "a").add("Add", "a x", "s").add("Clip", "s", "c")
    placement = place(sketch.network("c"))
    assert placement.fused == {"Clip c": "Add s"}
    assert groups_of(sketch.network("c"))["s", "c"] == ("c",)


def test_that_a_tensor_with_two_readers_keeps_its_own_type_before_the_relu():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Add", "a r", "s")
    placement = place(sketch.network("s"))
    assert placement.fused == {}
    assert placement.cut_off == frozenset()
    assert placement.layers == {"Conv a", "Relu r", "Add s"}
    assert groups_of(sketch.network("s")) == {(n,): (n,) for n in ("x", "a", "r", "s")}


def test_that_a_tensor_that_is_an_output_keeps_its_own_type_before_the_relu():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r")
    assert place(sketch.network("a", "r")).fused == {}
    assert place(sketch.network("r")).fused == {"Relu r": "Conv a"}


def test_that_a_relu_after_something_that_only_moves_values_stands_alone():
    sketch = Sketch("x").add("Conv", "x", "a").add("MaxPool", "a", "p").add("Relu", "p", "r")
    assert place(sketch.network("r")).fused == {}
    assert groups_of(sketch.network("r")) == {("x",): ("x",), ("a", "p"): ("a",), ("r",): ("r",)}


def test_that_the_second_of_two_rectifiers_stands_alone():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Clip", "r", "c")
    assert place(sketch.network("c")).fused == {"Relu r": "Conv a"}


def test_that_a_lone_relu_before_everything_stays_in_float():
    sketch = Sketch("x").add("Relu", "x", "r").add("Conv", "r", "y")
    placement = place(sketch.network("y"))
    assert placement.layers == {"Conv y"}
    assert placement.reasons == {
        "Relu r": "reads the float result of x",
        "x": "no layer reads it in integers",
    }
    assert placement.quantized == {"r", "y"}  # the convolution reads it


def test_that_chains_that_move_values_share_the_type_of_their_start():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r")
    sketch.add("MaxPool", "r", "p").add("Reshape", "p", "q").add("Conv", "q", "y")
    assert groups_of(sketch.network("y")) == {
        ("x",): ("x",),
        ("a", "r", "p", "q"): ("r",),
        ("y",): ("y",),
    }


def test_that_every_output_of_a_split_shares_its_type():
    sketch = Sketch("x").add("Conv", "x", "a").add("Reshape", "a", "p q")
    assert groups_of(sketch.network("p", "q"))["a", "p", "q"] == ("a",)


def test_that_a_concatenation_ties_all_that_goes_in_and_chooses_on_it_together():
    sketch = Sketch("x").add("Conv", "x", "a").add("Conv", "x", "b").add("Relu", "b", "r")
    sketch.add("Concat", "a r", "c", constants="k").add("Conv", "c", "y")
    assert groups_of(sketch.network("y"))["a", "b", "r", "k", "c"] == ("a", "r", "k")


def test_that_concatenations_that_share_an_input_are_one_group():
    sketch = Sketch("x").add("Conv", "x", "a").add("Conv", "x", "b").add("Conv", "x", "c")
    sketch.add("Concat", "a b", "d").add("Concat", "b c", "e")
    groups = groups_of(sketch.network("d", "e"))
    assert groups["a", "b", "c", "d", "e"] == ("a", "b", "c")


def test_that_an_addition_gives_its_operands_and_its_result_types_of_their_own():
    sketch = Sketch("x").add("Conv", "x", "a").add("Add", "a x", "s", constants="k")
    assert groups_of(sketch.network("s")) == {(n,): (n,) for n in ("x", "a", "k", "s")}


def test_that_a_float_layer_leaves_what_follows_it_in_float_until_a_layer_with_weights():
    sketch = Sketch("x").add("Conv", "x", "a").add("Softmax", "a", "f").add("Add", "f a", "s")
    sketch.add("MaxPool", "s", "p").add("Conv", "p", "y").add("AveragePool", "y", "z")
    placement = place(sketch.network("z"))
    assert placement.layers == {"Conv a", "MaxPool p", "Conv y", "AveragePool z"}
    assert placement.reasons == {
        "Softmax f": "Softmax has no integer form here",
        "f": "Softmax has no integer form here",
        "Add s": "reads the float result of Softmax f",
    }


def test_that_what_moves_values_to_a_layer_with_weights_moves_them_as_integers():
    sketch = Sketch("x").add("Reshape", "x", "q").add("MaxPool", "q", "p").add("Conv", "p", "y")
    placement = place(sketch.network("y"))
    assert placement.layers == {"Reshape q", "MaxPool p", "Conv y"}
    assert groups_of(sketch.network("y")) == {("x", "q", "p"): ("x",), ("y",): ("y",)}
    assert place(sketch.network("y"), ["MaxPool p"]).layers == {"Conv y"}


def test_that_what_moves_values_to_an_output_stays_in_float_after_a_float_layer():
    sketch = Sketch("x").add("Softmax", "x", "f").add("Reshape", "f", "q")
    assert place(sketch.network("q")).reasons["Reshape q"] == "reads the float result of Softmax f"


def test_that_a_float_result_that_a_convolution_reads_may_be_read_in_integers_by_others():
    sketch = Sketch("x").add("Softmax", "x", "f").add("Conv", "f", "a").add("Add", "f a", "s")
    assert "Add s" in place(sketch.network("s")).layers


def test_that_a_product_of_two_activations_runs_in_integers_as_one_with_weights_does():
    sketch = Sketch("x").add("Softmax", "x", "f").add("MatMul", "f x", "p").add("Relu", "p", "r")
    placement = place(sketch.network("r"))
    assert placement.layers == {"MatMul p", "Relu r"}
    assert placement.fused == {"Relu r": "MatMul p"}
    assert groups_of(sketch.network("r")) == {("x",): ("x",), ("f",): ("f",), ("p", "r"): ("r",)}


def test_that_what_the_target_computes_in_float_is_not_rounded_for_nothing():
    rules = PlacementRules(integer_operators=frozenset({"Conv", "Relu"}))
    sketch = Sketch("x").add("Conv", "x", "a").add("Sigmoid", "a", "s").add("Conv", "s", "b")
    sketch.add("MaxPool", "b", "p").add("Sigmoid", "p", "t").add("Relu", "t", "r")
    placement = place(sketch.network("r"), (), rules)
    assert placement.layers == {"Conv a", "Conv b", "MaxPool p"}  # moving values costs nothing
    assert "float on this target" in placement.reasons["Sigmoid s"]
    assert placement.reasons["t"] == placement.reasons["Sigmoid t"]
    assert placement.reasons["Relu r"] == "reads the float result of Sigmoid t"
    assert "s" in placement.quantized  # the convolution reads it


def test_that_followers_that_only_float_layers_read_stay_in_float_where_products_yield_float():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Add", "r x", "s")
    sketch.add("Relu", "s", "t").add("Reshape", "t", "u").add("Softmax", "u", "f")
    network = sketch.add("Conv", "f", "y").add("AveragePool", "y", "p").network("p")
    placement = place(network, (), PlacementRules(float_results=frozenset({"MatMul"})))
    assert placement.layers == {"Conv a", "Relu r", "Conv y", "AveragePool p"}  # p is an output
    for layer in ("Add s", "Relu t", "Reshape u"):
        assert "only float layers read its result" in placement.reasons[layer]
    assert placement.quantized == {"x", "a", "r", "f", "y", "p"}
    assert {"Add s", "Relu t", "Reshape u"} < place(network).layers


def test_that_a_layer_kept_in_float_by_hand_says_so_and_so_do_its_tensors():
    placement = place(conv_relu_conv(), ["Conv a"])
    assert placement.layers == {"Conv y"}
    by_hand = "kept in float by hand"
    assert placement.reasons == {
        "Conv a": by_hand,
        "a": by_hand,
        "a.w": by_hand,
        "a.b": by_hand,
        "Relu r": "reads the float result of Conv a",
        "x": "no layer reads it in integers",
    }
    assert placement.quantized == {"r", "y"}


def test_that_a_relu_kept_in_float_leaves_the_tensors_around_it_apart():
    assert groups_of(conv_relu_conv(), "Relu r") == {(n,): (n,) for n in ("x", "a", "r", "y")}


def test_that_the_reason_of_the_model_comes_before_the_hand():
    sketch = Sketch("x").add("Conv", "x", "a", reason="its bias is computed in the network")
    placement = place(sketch.network("a"), ["Conv a"])
    assert placement.layers == frozenset()
    assert placement.reasons["Conv a"] == "its bias is computed in the network"
    assert placement.groups == ()


@pytest.mark.parametrize("operator", ["Conv", "Add", "Concat", "MaxPool", "Relu"])
def test_that_a_layer_that_reads_no_activation_stays_in_float(operator):
    sketch = Sketch("x").add(operator, "", "k", constants="one two").add("Conv", "x", "y")
    placement = place(sketch.network("k", "y"))
    assert placement.layers == {"Conv y"}
    assert placement.reasons[f"{operator} k"] == "reads no activation that is quantized"
    assert placement.reasons["k"] == placement.reasons["one"]


def test_that_a_tensor_that_can_never_be_quantized_gives_its_own_reason():
    network = Sketch("x").add("Softmax", "x", "i").network("i")
    tensors = network.tensors | {"i": replace(network.tensors["i"], reason="holds int64")}
    placement = place(replace(network, tensors=tensors))
    assert placement.reasons["i"] == "holds int64"


FLOAT_RESULTS = PlacementRules(float_results=frozenset({"Conv"}))


def test_that_a_result_that_only_float_layers_read_stays_float_where_the_kernel_can():
    sketch = Sketch("x").add("Conv", "x", "a").add("Softmax", "a", "f").add("Conv", "f", "y")
    placement = place(sketch.network("y"), (), FLOAT_RESULTS)
    assert placement.layers == {"Conv a", "Conv y"}
    assert placement.quantized == {"x", "f"}
    assert placement.reasons["a"] == "only float layers read it, and the kernel yields float"
    ports = replace(FLOAT_RESULTS, integer_ports=True)
    assert place(sketch.network("y"), (), ports).quantized == {"x", "f", "y"}


def test_that_a_result_that_a_layer_in_integers_reads_is_rounded_for_all():
    sketch = Sketch("x").add("Conv", "x", "a").add("Relu", "a", "r").add("Softmax", "a", "f")
    assert place(sketch.network("r", "f"), (), FLOAT_RESULTS).quantized == {"x", "a", "r"}


def test_that_pooling_keeps_its_inputs_type_where_the_target_wants_it():
    sketch = Sketch("x").add("Conv", "x", "a").add("AveragePool", "a", "y")
    rules = PlacementRules(tied_operators=frozenset({"AveragePool"}))
    tied, free = place(sketch.network("y"), (), rules), place(sketch.network("y"))
    assert tied.group_of("y") == TieGroup(("a", "y"), ("a",))
    assert free.group_of("y") == TieGroup(("y",), ("y",))


def test_that_biases_stay_float_where_the_target_wants_it():
    rules = PlacementRules(float_biases=True)
    reasons = place(Sketch("x").add("Conv", "x", "y").network("y"), (), rules).reasons
    assert reasons == {"y.b": "the target takes biases in float"}


def test_that_only_the_operators_asked_for_run_in_integers():
    sketch = Sketch("x").add("Conv", "x", "a").add("Add", "a x", "s").add("MaxPool", "s", "y")
    placement = place(sketch.network("y"), (), PlacementRules(only_operators=frozenset({"Conv"})))
    assert placement.layers == {"Conv a"}
    assert placement.reasons["Add s"] == "only Conv layers run in integers"
    assert placement.reasons["y"] == "only Conv layers run in integers"


@st.composite
def networks(draw) -> Network:
    sketch = Sketch("t0", "t1")
    names = ["t0", "t1"]
    for index in range(2, draw(st.integers(3, 12))):
        operator = draw(st.sampled_from(sorted(KINDS)))
        count = 2 if operator in ("Add", "Concat") else 1
        picked = [draw(st.sampled_from(names)) for _ in range(count)]
        sketch.add(operator, " ".join(picked), f"t{index}")
        names.append(f"t{index}")
    return sketch.network(*draw(st.lists(st.sampled_from(names), max_size=2)))


@settings(max_examples=40)
@given(networks(), st.data())
def test_that_every_placement_is_whole(network, data):
    layer_names = [layer.name for layer in network.layers if layer.kind is not LayerKind.INPUT]
    by_hand = data.draw(st.sets(st.sampled_from(layer_names), max_size=2))
    placement = place(network, by_hand)
    members = [name for group in placement.groups for name in group.members]
    assert len(members) == len(set(members))
    for group in placement.groups:
        assert group.sources
        assert set(group.sources) <= set(group.members)
    for layer in network.layers:
        if layer.name in placement.layers:
            assert layer.name not in placement.reasons
            assert {*layer.inputs, *layer.outputs} <= placement.quantized
        elif layer.kind is not LayerKind.INPUT:
            assert placement.reasons[layer.name]
    parameters = {t for layer in network.layers for t in (layer.weights, layer.bias)}
    for name in network.tensors:
        in_integers = network.layer_of(name).name in placement.layers and name in parameters
        assert (name in placement.quantized) + in_integers + (name in placement.reasons) == 1
    for rectifier, producer in placement.fused.items():
        assert {rectifier, producer} <= placement.layers
    assert by_hand.isdisjoint(placement.layers)
