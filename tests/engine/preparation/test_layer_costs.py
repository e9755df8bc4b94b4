"""Costs of described networks, against products counted from the graph and the arrays it makes."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from quantscope.core.networks.layer_costs import counts_from_shapes, layer_macs
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from tests.engine.models import old_style_net, residual_net, samples, save, transformer_block


def arrays_of(prepared: Prepared, model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of the prepared graph, as ONNX Runtime makes it."""
    proto = onnx.load_model_from_string(prepared.serialized())
    outputs = [name for node in proto.graph.node for name in node.output if name]
    session = onnxruntime.InferenceSession(prepared.serialized(outputs))
    feed = samples(model, 1)[0]
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, feed), strict=True)) | feed
    shapes = {name: np.shape(array) for name, array in found.items()}
    return shapes | {entry.name: tuple(entry.dims) for entry in proto.graph.initializer}


def macs_of_graph(prepared: Prepared, shapes: dict[str, tuple[int, ...]]) -> int:
    """Elements of each product's result times what is summed for one of them."""
    total = 0
    for node in onnx.load_model_from_string(prepared.serialized()).graph.node:
        result = math.prod(shapes[node.output[0]])
        if node.op_type == "Conv":
            total += result * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("MatMul", "Gemm"):
            turned = any(a.name == "transA" and a.i for a in node.attribute)
            total += result * shapes[node.input[0]][0 if turned else -1]
    return total


@pytest.mark.parametrize("make", [residual_net, old_style_net, transformer_block])
def test_that_multiply_accumulates_are_those_of_the_graph(
    make: Callable[[], onnx.ModelProto], tmp_path: Path
) -> None:
    model = make()
    prepared = prepare(open_model(save(model, tmp_path)))
    shapes = arrays_of(prepared, model)
    network = prepared.network
    counts = {name: float(math.prod(shapes[name])) for name in network.tensors if name in shapes}
    found = [layer_macs(network, layer, counts) for layer in network.layers]
    assert sum(macs for macs in found if macs is not None) == macs_of_graph(prepared, shapes)


def test_that_shapes_suffice_for_a_network_of_fixed_size(tmp_path: Path) -> None:
    model = residual_net()
    prepared = prepare(open_model(save(model, tmp_path)))
    shapes = arrays_of(prepared, model)
    counts = counts_from_shapes(prepared.network)
    assert counts == {name: math.prod(shapes[name]) for name in counts}
    found = [layer_macs(prepared.network, each, counts) for each in prepared.network.layers]
    assert sum(map(int, filter(None, found))) == macs_of_graph(prepared, shapes)
