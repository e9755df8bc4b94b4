"""Whether this machine's integer products of unsigned by signed bytes saturate.

x86 processors without VNNI add two such products in 16 bits, which overflow where both are
large; ONNX Runtime's kernels use that instruction unless a session asks for exact products, as
all sessions of this program do. Weights of 7 bits leave room for the sum. Whether a machine is one
of these is found out by asking the runtime for a product that must overflow there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from quantscope.core.findings.report import ExportReport
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.plan import Plan
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.runtime import start_session

LARGEST_SAFE_WEIGHT = 63
PROBE_SIZE = 64


@cache
def products_saturate() -> bool:
    """Whether 255 * 127 summed up comes out too small on this machine."""
    return bool((run_once(probe()) != 255 * 127 * PROBE_SIZE).any())


def probe() -> onnx.ModelProto:
    """A product ``y`` of unsigned bytes ``a`` by the largest signed ones, both square."""
    shape = [PROBE_SIZE, PROBE_SIZE]
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])],
        "probe",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT32, shape)],
        [numpy_helper.from_array(np.full(shape, 127, np.int8), "b")],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


def run_once(model: onnx.ModelProto) -> np.ndarray:
    """The product for an operand of the largest unsigned bytes, by the runtime's defaults."""
    session = start_session(model.SerializeToString(), exact_products=False)
    largest = np.full((PROBE_SIZE, PROBE_SIZE), 255, np.uint8)
    return np.asarray(session.run(None, {"a": largest})[0])


def may_saturate(prepared: Prepared, plan: Plan) -> bool:
    """Whether the plan's 8-bit words meet a processor that saturates."""
    weights = {layer.weights for layer in prepared.network.layers if layer.weights is not None}
    at_risk = any(_is_large(plan.types[name]) for name in weights if name in plan.types)
    return at_risk and products_saturate()


def _is_large(data_type: DataType) -> bool:
    return data_type.word_length == 8 and data_type.limits[1] > LARGEST_SAFE_WEIGHT


def saturation_warnings(report: ExportReport) -> tuple[str, ...]:
    """A sentence where the file does worse by the runtime's defaults on this machine; else none."""
    pairs = zip(report.outputs, report.outputs_by_default, strict=False)
    changed = [(exact, default) for exact, default in pairs if exact != default]
    if not changed:
        return ()
    exact, default = min(changed, key=lambda pair: pair[1].sqnr - pair[0].sqnr)
    text = (
        "This processor has no VNNI: by ONNX Runtime's defaults sums of 8-bit products saturate on"
        f" it, and {default.output} has {default.sqnr:.1f} dB instead of {exact.sqnr:.1f} dB. Set"
        " the session option session.x64quantprecision to 1, or choose 7-bit weights"
    )
    return (text,)
