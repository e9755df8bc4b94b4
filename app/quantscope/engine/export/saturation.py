"""Whether this machine's integer products of unsigned by signed bytes saturate.

x86 processors without VNNI add two such products in 16 bits, which overflow where both are
large; ONNX Runtime's kernels use that instruction. Weights of 7 bits leave room for the sum.
Found out by asking the runtime for a product that must overflow there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from quantscope.core.formats import DataType
from quantscope.core.plan import Plan
from quantscope.engine.preparation.prepared import Prepared

LARGEST_SAFE_WEIGHT = 63
_SIZE = 64
WARNING = (
    "This processor's products of 8-bit words saturate in ONNX Runtime (no VNNI): results are"
    " wrong where activations and weights are large. Choose 7-bit weights"
)


@cache
def products_saturate() -> bool:
    """Whether 255 * 127 summed up comes out too small on this machine."""
    weights = np.full((_SIZE, _SIZE), 127, np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b"], ["y"])],
        "probe",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [_SIZE, _SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [_SIZE, _SIZE])],
        [numpy_helper.from_array(weights, "b")],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bool((run_once(model) != 255 * 127 * _SIZE).any())


def run_once(model: onnx.ModelProto) -> np.ndarray:
    """The product for an operand of the largest unsigned bytes."""
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=providers)
    return np.asarray(session.run(None, {"a": np.full((_SIZE, _SIZE), 255, np.uint8)})[0])


def saturation_warnings(prepared: Prepared, plan: Plan) -> tuple[str, ...]:
    """A sentence where the plan's 8-bit words meet a processor that saturates; else nothing."""
    weights = {layer.weights for layer in prepared.network.layers if layer.weights is not None}
    at_risk = any(_is_large(plan.types[name]) for name in weights if name in plan.types)
    return (WARNING,) if at_risk and products_saturate() else ()


def _is_large(data_type: DataType) -> bool:
    return data_type.word_length == 8 and data_type.limits[1] > LARGEST_SAFE_WEIGHT
