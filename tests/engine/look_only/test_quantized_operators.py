"""Each quantized operator, written as a float one between DQ and Q, yields the same integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from quantscope.core.errors import QuantscopeError
from quantscope.engine.look_only.operators import OPERATORS, write_plainly
from tests.engine.exports import run

Array = npt.NDArray[Any]
RANDOM = np.random.default_rng(0)
SHAPE = (1, 4, 6, 6)


def integers(*shape: int, kind: type = np.uint8) -> Array:
    limits = np.iinfo(kind)
    return RANDOM.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


SCALE, OTHER, RESULT = (np.float32(value) for value in (0.02, 0.015, 0.05))
ZERO, RESULT_ZERO = np.uint8(120), np.uint8(100)
GRID, GRID_OF_RESULT = (SCALE, ZERO), (RESULT, RESULT_ZERO)
IMAGE, MATRIX = SHAPE, (64, 8)
FOUR = np.float32([0.01, 0.02, 0.03, 0.005])
BIAS = integers(4, kind=np.int16).astype(np.int32)
OPERANDS: dict[str, tuple[tuple[int, ...], tuple[object, ...], dict[str, Any]]] = {
    "QLinearConv": (
        IMAGE,
        (
            *GRID,
            integers(4, 4, 3, 3, kind=np.int8),
            FOUR,
            np.zeros(4, np.int8),
            *GRID_OF_RESULT,
            BIAS,
        ),
        {"pads": [1, 1, 1, 1]},
    ),
    "QLinearMatMul": (
        MATRIX,
        (*GRID, integers(8, 4, kind=np.int8), OTHER, np.int8(0), *GRID_OF_RESULT),
        {},
    ),
    "QGemm": (
        MATRIX,
        (*GRID, integers(4, 8, kind=np.int8), FOUR, np.zeros(4, np.int8), BIAS, *GRID_OF_RESULT),
        {"transB": 1, "alpha": 1.0},
    ),
    "QLinearAdd": (IMAGE, (*GRID, integers(*SHAPE), OTHER, np.uint8(9), *GRID_OF_RESULT), {}),
    "QLinearMul": (IMAGE, (*GRID, integers(*SHAPE), OTHER, np.uint8(9), *GRID_OF_RESULT), {}),
    "QLinearSigmoid": (IMAGE, (*GRID, np.float32(1 / 256), np.uint8(0)), {}),
    "QLinearLeakyRelu": (IMAGE, (*GRID, *GRID_OF_RESULT), {"alpha": 0.1}),
    "QLinearSoftmax": (
        MATRIX,
        (*GRID, np.float32(1 / 256), np.uint8(0)),
        {"axis": -1, "opset": 13},
    ),
    "QLinearAveragePool": (IMAGE, (*GRID, *GRID_OF_RESULT), {"kernel_shape": [2, 2]}),
    "QLinearGlobalAveragePool": (IMAGE, (*GRID, *GRID_OF_RESULT), {"channels_last": 0}),
    "QLinearConcat": (IMAGE, (*GRID_OF_RESULT, "x", *GRID, integers(*SHAPE), *GRID), {"axis": 1}),
}


def model_of(operator: str) -> onnx.ModelProto:
    """One quantized node behind a network input ``x`` of uint8."""
    shape, operands, attributes = OPERANDS[operator]
    names, weights = [] if "x" in map(str, operands[2:3]) else ["x"], []
    for number, operand in enumerate(operands):
        if isinstance(operand, str):
            names.append(operand)
        else:
            weights.append(numpy_helper.from_array(np.asarray(operand), f"c{number}"))
            names.append(f"c{number}")
    domain = "" if operator in ("QLinearConv", "QLinearMatMul") else "com.microsoft"
    node = helper.make_node(operator, names, ["y"], name="it", domain=domain, **attributes)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, None)],
        weights,
    )
    imports = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def test_that_the_operands_of_every_operator_are_here() -> None:
    assert OPERANDS.keys() == OPERATORS.keys()


@pytest.mark.parametrize("operator", OPERATORS)
def test_that_the_integers_are_those_of_the_quantized_operator(operator: str) -> None:
    model = model_of(operator)
    plain = ir.from_proto(model)
    assert write_plainly(plain) == 1
    written = ir.to_proto(plain)
    assert {node.op_type for node in written.graph.node} == {
        "DequantizeLinear",
        OPERATORS[operator].operator,
        "QuantizeLinear",
    }
    feed = {"x": integers(*OPERANDS[operator][0])}
    expected, found = run(model, feed)["y"], run(written, feed, optimized=False)["y"]
    assert found.shape == expected.shape
    assert len(np.unique(expected)) > 2
    apart = np.abs(found.astype(np.int64) - expected.astype(np.int64))
    assert apart.max() <= 1  # ties, and the runtime's table for functions
    assert np.mean(apart > 0) < 0.05


def test_that_a_gemm_without_a_grid_for_its_result_yields_reals() -> None:
    model = model_of("QGemm")
    node = model.graph.node[0]
    del node.input[7:]
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    plain = ir.from_proto(model)
    write_plainly(plain)
    feed = {"x": integers(*MATRIX)}
    expected, found = run(model, feed)["y"], run(ir.to_proto(plain), feed, optimized=False)["y"]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("operator", OPERATORS)
def test_that_an_operator_without_its_grids_is_refused(operator: str) -> None:
    model = model_of(operator)
    del model.graph.node[0].input[1:]
    with pytest.raises(QuantscopeError, match=f"{operator} lacks inputs"):
        write_plainly(ir.from_proto(model))
