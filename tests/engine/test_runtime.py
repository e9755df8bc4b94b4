"""Sessions start as asked, and what the runtime raises becomes a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import parser

from quantscope.core.errors import QuantscopeError
from quantscope.engine.runtime import Optimization, runtime_errors, start_session

NETWORK = """<ir_version: 9, opset_import: ["": 17]>
g (float[N, 8] x) => (float[N, 8] y) { a = Relu(x) b = Identity(a) y = Neg(b) }"""


def model(text: str) -> bytes:
    proto = parser.parse_model(text)
    for node in proto.graph.node:
        node.name = f"the_{node.op_type}"
    return bytes(proto.SerializeToString())


def nodes(path: Path) -> list[str]:
    return [node.op_type for node in onnx.load(path).graph.node]


def test_that_threads_sleep_between_runs() -> None:
    options = start_session(model(NETWORK), threads=2).get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.intra_op_num_threads == 2


@pytest.mark.parametrize(
    ("optimized", "count"),
    [(False, 3), (Optimization.NONE, 3), (True, 2), (Optimization.ALL, 2)],
)
def test_that_the_graph_is_saved_as_the_runtime_runs_it(
    optimized: bool | Optimization, count: int, tmp_path: Path
) -> None:
    saved = tmp_path / "optimized.onnx"
    start_session(model(NETWORK), optimized=optimized, optimized_model_path=saved)
    assert len(nodes(saved)) == count


def test_that_a_file_is_opened_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model(NETWORK))
    session = start_session(path)
    assert session.run(None, {"x": np.ones((1, 8), np.float32)})[0].sum() == -8


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QuantscopeError) as caught:
        start_session(tmp_path / "gone.onnx")
    assert caught.value.problem.where == str(tmp_path / "gone.onnx")
    assert "exist" in caught.value.problem.what


def test_that_bytes_that_are_no_network_are_refused_in_one_line() -> None:
    with pytest.raises(QuantscopeError) as caught:
        start_session(b"not a network", where="photo.onnx")
    assert caught.value.problem.where == "photo.onnx"
    assert "[ONNXRuntimeError]" not in str(caught.value)


def test_that_a_layer_without_a_kernel_is_named() -> None:
    text = """<ir_version: 9, opset_import: ["": 17]>
    g (double[N, 8] x) => (double[N, 8] y) { y = Atan(x) }"""
    with pytest.raises(QuantscopeError) as caught:
        start_session(model(text), where="net.onnx")
    assert caught.value.problem.where == "net.onnx, layer the_Atan"


def test_that_a_layer_that_fails_in_a_run_is_named() -> None:
    text = """<ir_version: 9, opset_import: ["": 17]>
    g (float[N, 8] x) => (float[M, 5] y) <int64[2] s = {-1, 5}> { y = Reshape(x, s) }"""
    session = start_session(model(text))
    with pytest.raises(QuantscopeError) as caught, runtime_errors("cat.png", "Remove it"):
        session.run(None, {"x": np.ones((1, 8), np.float32)})
    problem = caught.value.problem
    assert problem.where == "cat.png, layer the_Reshape"
    assert "requested shape" in problem.what and ".h:" not in problem.what


def test_that_errors_of_others_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), runtime_errors("here", "do that"):
        raise ZeroDivisionError
    known = QuantscopeError("it is bad", where="there", remedy="Repair it")
    with pytest.raises(QuantscopeError, match="there: it is bad"), runtime_errors("here", "do"):
        raise known


def test_that_nothing_is_printed_beside_the_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QuantscopeError):
        start_session(model(NETWORK).replace(b"Relu", b"Rely"))
    assert capfd.readouterr() == ("", "")
