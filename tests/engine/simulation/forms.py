"""One or more forms of every operator that is simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.engine.simulation.files import Activation, Bias, Form, Weights

IMAGE = Activation((2, 4, 9, 8))
SIGNAL = Activation((1, 4, 17))
MATRIX = Activation((6, 12))
SEQUENCE = Activation((2, 5, 12))
CONV = (IMAGE, Weights((6, 4, 3, 3), 0), Bias(6))


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def number(value: float) -> np.ndarray:
    return np.array(value, np.float32)


SUMS = [
    Form("Conv", CONV, {"pads": [1, 1, 1, 1]}),
    Form("Conv", CONV[:2], {"pads": [0, 1, 2, 1], "strides": [2, 1]}),
    Form("Conv", CONV, {"dilations": [2, 3]}),
    Form("Conv", CONV, {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    Form("Conv", CONV, {"auto_pad": "SAME_LOWER", "strides": [2, 2], "dilations": [1, 1]}),
    Form("Conv", CONV, {"auto_pad": "VALID"}),
    Form("Conv", (IMAGE, Weights((6, 2, 3, 3), 0), Bias(6)), {"group": 2, "pads": [1, 1, 1, 1]}),
    Form("Conv", (IMAGE, Weights((4, 1, 3, 3), 0), Bias(4)), {"group": 4}),
    Form("Conv", (IMAGE, Weights((3, 4, 1, 1), 0), floats(0.3, -0.2, 0.1))),
    Form("Conv", (IMAGE, Weights((3, 4, 1, 1), 0), Weights((3,)))),
    Form("Conv", (SIGNAL, Weights((6, 4, 5), 0), Bias(6)), {"strides": [2]}),
    Form("Conv", (Activation((1, 2, 5, 6, 7)), Weights((3, 2, 2, 3, 2), 0), Bias(3))),
    Form("ConvTranspose", (IMAGE, Weights((4, 5, 2, 2), 1), Bias(5)), {"strides": [2, 2]}),
    Form(
        "ConvTranspose",
        (IMAGE, Weights((4, 5, 3, 3), 1), Bias(5)),
        {"strides": [2, 3], "pads": [1, 0, 1, 1], "output_padding": [1, 1]},
    ),
    Form(
        "ConvTranspose",
        (IMAGE, Weights((4, 3, 3, 3)), Bias(6)),
        {"group": 2, "dilations": [2, 1], "pads": [0, 1, 1, 2]},
    ),
    Form(
        "ConvTranspose",
        (IMAGE, Weights((4, 3, 3, 3), 1), Bias(3)),
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
    ),
    Form(
        "ConvTranspose",
        (IMAGE, Weights((4, 3, 4, 3), 1), Bias(3)),
        {"strides": [2, 2], "auto_pad": "SAME_LOWER"},
    ),
    Form(
        "ConvTranspose",
        (IMAGE, Weights((4, 3, 3, 3), 1), Bias(3)),
        {"strides": [2, 2], "output_shape": [18, 17]},
    ),
    Form("ConvTranspose", (SIGNAL, Weights((4, 3, 3), 1)), {"auto_pad": "VALID"}),
    Form("Gemm", (MATRIX, Weights((12, 5), 1), Bias(5))),
    Form("Gemm", (MATRIX, Weights((5, 12), 0), Bias(5)), {"transB": 1}),
    Form("Gemm", (Activation((12, 6)), Weights((12, 5), 1)), {"transA": 1, "alpha": 0.5}),
    Form("Gemm", (MATRIX, Weights((12, 5), 1), floats(1, 2, 3, 4, 5)), {"beta": 0.25}),
    Form("MatMul", (MATRIX, Weights((12, 5), 1))),
    Form("MatMul", (SEQUENCE, Weights((12, 7), 1))),
    Form("MatMul", (Activation((2, 3, 5, 4)), Activation((2, 3, 4, 6)))),
]
PAIRS = [
    Form("Add", (IMAGE, Activation((2, 4, 9, 8), 3.0))),
    Form("Add", (IMAGE, Activation((4, 1, 1), 0.01))),
    Form("Sub", (IMAGE, Activation((2, 4, 9, 8), 0.4))),
    Form("Sub", (SEQUENCE, Weights((12,)))),
    Form("Mul", (IMAGE, Activation((2, 4, 9, 8), 3.0))),
    Form("Max", (IMAGE, Activation((2, 4, 9, 8), 3.0))),
    Form("Max", (IMAGE, Activation((4, 1, 1), 3.0), Activation((1,), 0.2))),
    Form("Min", (IMAGE, Activation((2, 4, 9, 8), 0.3))),
    Form("Mul", (SEQUENCE, Weights((12,)))),
]
AVERAGES = [
    Form("AveragePool", (IMAGE,), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Form("AveragePool", (IMAGE,), {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1]}),
    Form(
        "AveragePool",
        (IMAGE,),
        {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1},
    ),
    Form("AveragePool", (IMAGE,), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    Form(
        "AveragePool",
        (IMAGE,),
        {"kernel_shape": [3, 3], "strides": [3, 3], "pads": [1] * 4, "ceil_mode": 1},
    ),
    Form(
        "AveragePool",
        (IMAGE,),
        {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    ),
    Form("AveragePool", (SIGNAL,), {"kernel_shape": [4]}),
    Form("GlobalAveragePool", (IMAGE,)),
    Form("ReduceSum", (IMAGE, integers(2, -1)), {"keepdims": 0}),
    Form("ReduceSum", (SEQUENCE, integers(1))),
    Form("ReduceMean", (IMAGE, integers(2, -1)), {"keepdims": 0}),
    Form("ReduceMean", (IMAGE, integers(1)), {"keepdims": 1}),
    Form("ReduceMean", (IMAGE,), {"axes": [1, 3]}, opset=17),
    Form("ReduceMean", (SEQUENCE,)),
    Form("ReduceMean", (SEQUENCE,), {"noop_with_empty_axes": 1}),
]
_MOVES = [
    Form("ReduceMax", (IMAGE, integers(2, -1)), {"keepdims": 0}),
    Form("ReduceMax", (IMAGE,), {"axes": [1]}, opset=17),
    Form("ReduceMin", (IMAGE, integers(1))),
    Form("Expand", (Activation((4, 1, 8)), integers(2, 1, 9, 1))),
    Form("Tile", (MATRIX, integers(2, 3))),
    Form("Identity", (MATRIX,)),
    Form("MaxPool", (IMAGE,), {"kernel_shape": [2, 2], "strides": [2, 2]}),
    Form("MaxPool", (IMAGE,), {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    Form("MaxPool", (IMAGE,), {"kernel_shape": [3, 2], "dilations": [2, 2]}),
    Form("MaxPool", (IMAGE,), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    Form(
        "MaxPool", (IMAGE,), {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_LOWER"}
    ),
    Form("GlobalMaxPool", (IMAGE,)),
    Form("Concat", (IMAGE, Activation((2, 2, 9, 8))), {"axis": 1}),
    Form("Concat", (IMAGE, IMAGE), {"axis": -1}),
    Form("Split", (IMAGE, integers(1, 3)), {"axis": 1}, outputs=2),
    Form("Split", (IMAGE,), {"axis": 2, "num_outputs": 2}, outputs=2),
    Form("Split", (IMAGE,), {"axis": -1}, opset=13, outputs=2),
    Form("Gather", (MATRIX, np.array([[0, -1], [3, 3]])), {"axis": 1}),
    Form("Gather", (Weights((20, 6)), integers(3, 0, 19))),
    Form("Slice", (IMAGE, integers(1, 8), integers(7, -99), integers(2, 3), integers(2, -3))),
    Form("Slice", (IMAGE, integers(0, 1), integers(1, 99))),
    Form("Reshape", (IMAGE, integers(0, -1, 4, 8))),
    Form("Reshape", (IMAGE, integers(8, 72)), {"allowzero": 1}),
    Form("Flatten", (IMAGE,), {"axis": 2}),
    Form("Flatten", (IMAGE,), {"axis": -1}),
    Form("Transpose", (IMAGE,), {"perm": [0, 2, 3, 1]}),
    Form("Transpose", (MATRIX,)),
    Form("Squeeze", (Activation((2, 1, 5, 1)), integers(-1))),
    Form("Squeeze", (Activation((2, 1, 5, 1)),)),
    Form("Unsqueeze", (MATRIX, integers(0, -1))),
    Form("DepthToSpace", (IMAGE,), {"blocksize": 2}),
    Form("DepthToSpace", (Activation((2, 8, 3, 3)),), {"blocksize": 2, "mode": "CRD"}),
    Form("SpaceToDepth", (Activation((2, 3, 6, 8)),), {"blocksize": 2}),
    Form("Pad", (IMAGE, integers(0, 0, 1, 2, 0, 1, 0, 3))),
    Form("Pad", (IMAGE, integers(1, 2, 3, 0), floats(0.0), integers(2, -1))),
    Form("Pad", (IMAGE, integers(0, 0, 2, 1, 0, 0, 1, 2)), {"mode": "reflect"}),
    Form("Pad", (IMAGE, integers(0, 0, 2, 1, 0, 0, 1, 2)), {"mode": "edge"}),
    Form("Pad", (IMAGE, integers(0, 0, 2, 1, 0, 0, 1, 2)), {"mode": "wrap"}),
    *(
        Form(
            "Resize",
            (IMAGE, None, floats(1, 1, 2, 1.5)),
            {"coordinate_transformation_mode": mode, "nearest_mode": nearest},
        )
        for mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
        for nearest in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
    ),
    Form("Resize", (IMAGE, None, None, integers(2, 4, 5, 1)), {"mode": "nearest"}),
    Form("Resize", (IMAGE, None, None, integers(3, 20)), {"mode": "nearest", "axes": [2, 3]}),
]
MOVES = [replace(form, keeps_grid=True) for form in _MOVES]
INTERPOLATIONS = [
    Form("Pad", (IMAGE, integers(0, 0, 1, 1, 0, 0, 1, 1), number(-0.7))),
    *(
        Form(
            "Resize",
            (IMAGE, None, floats(1, 1, 2, 1.5)),
            {"mode": "linear", "coordinate_transformation_mode": mode},
        )
        for mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    ),
    Form(
        "Resize",
        (IMAGE, None, None, integers(2, 4, 1, 5)),
        {"mode": "linear", "coordinate_transformation_mode": "pytorch_half_pixel"},
    ),
]
RECTIFIERS = [
    Form("Relu", (IMAGE,)),
    Form("Clip", (IMAGE, number(-0.5), number(1.2))),
    Form("Clip", (IMAGE, None, number(1.2))),
    Form("LeakyRelu", (IMAGE,), {"alpha": 0.25}),
    Form("PRelu", (IMAGE, Weights((4, 1, 1)))),
]
FUNCTIONS = [
    Form("LeakyRelu", (IMAGE,)),
    Form("Elu", (IMAGE,)),
    Form("Elu", (IMAGE,), {"alpha": 0.5}),
    Form("PRelu", (IMAGE, floats(0.1, 0.2, 0.3, 0.4).reshape(4, 1, 1))),
    Form("Sigmoid", (Activation((2, 40), 4.0),)),
    Form("HardSigmoid", (IMAGE,)),
    Form("HardSigmoid", (IMAGE,), {"alpha": 0.1, "beta": 0.6}),
    Form("HardSwish", (Activation((2, 40), 4.0),)),
    Form("Tanh", (Activation((2, 40), 2.0),)),
    Form("Erf", (Activation((2, 40), 2.0),)),
    Form("Gelu", (Activation((2, 40), 2.0),)),
    Form("Gelu", (Activation((2, 40), 2.0),), {"approximate": "tanh"}),
    Form("Div", (IMAGE, Weights((1,)))),
    Form("Softmax", (SEQUENCE,)),
    Form("Softmax", (SEQUENCE,), {"axis": 1}),
    Form("LayerNormalization", (SEQUENCE, Weights((12,)), Weights((12,)))),
    Form("LayerNormalization", (SEQUENCE, floats(*np.linspace(0.5, 2, 12))), {"axis": -1}),
    Form(
        "LayerNormalization",
        (Activation((2, 3, 4)), np.ones((3, 4), np.float32), np.zeros((3, 4), np.float32)),
        {"axis": 1, "epsilon": 0.01},
    ),
]
EXACT = [*SUMS, *PAIRS, *AVERAGES, *MOVES, *RECTIFIERS]
ALL = [*EXACT, *INTERPOLATIONS, *FUNCTIONS]
