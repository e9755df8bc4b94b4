"""The table of simulations: for each operator the function that computes its exact result.

To add an operator, write a function from a :class:`Call` to its exact result (whole numbers of a
step wherever that is possible) beside its like, and add a row. An operator of the rule table
without a row here is listed in the export report as not simulated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quantscope.engine.simulation import elementwise, moving, products, reducing
from quantscope.engine.simulation.arithmetic import Exact
from quantscope.engine.simulation.call import Call, NotSimulatedError
from quantscope.engine.simulation.resizing import resize

SIMULATIONS: dict[str, Callable[[Call], Exact | list[Exact]]] = {
    "Conv": products.conv,
    "ConvTranspose": products.conv_transpose,
    "Gemm": products.gemm,
    "MatMul": products.matmul,
    "Add": elementwise.add,
    "Sub": elementwise.subtract,
    "Mul": elementwise.multiply,
    "Div": elementwise.divide,
    "Max": elementwise.extreme(np.maximum),
    "Min": elementwise.extreme(np.minimum),
    "Relu": elementwise.of_one(elementwise.relu),
    "Clip": elementwise.clip,
    "LeakyRelu": elementwise.leaky_relu,
    "Elu": elementwise.elu,
    "PRelu": elementwise.p_relu,
    "Sigmoid": elementwise.of_one(elementwise.sigmoid),
    "HardSigmoid": elementwise.hard_sigmoid,
    "HardSwish": elementwise.of_one(elementwise.hard_swish),
    "Tanh": elementwise.of_one(np.tanh),
    "Erf": elementwise.of_one(elementwise.erf),
    "Gelu": elementwise.gelu,
    "AveragePool": reducing.average_pool,
    "GlobalAveragePool": reducing.global_average_pool,
    "ReduceMean": reducing.reduce_mean,
    "ReduceSum": reducing.reduce_sum,
    "ReduceMax": reducing.reduce_max,
    "ReduceMin": reducing.reduce_min,
    "MaxPool": reducing.max_pool,
    "GlobalMaxPool": reducing.global_max_pool,
    "Softmax": reducing.softmax,
    "LayerNormalization": reducing.layer_normalization,
    "Concat": moving.concat,
    "Split": moving.split,
    "Gather": moving.moved(moving.gather),
    "Expand": moving.moved(moving.expand),
    "Tile": moving.moved(moving.tile),
    "Identity": moving.moved(moving.identity),
    "Slice": moving.moved(moving.slice_),
    "Reshape": moving.moved(moving.reshape),
    "Flatten": moving.moved(moving.flatten),
    "Transpose": moving.moved(moving.transpose),
    "Squeeze": moving.moved(moving.squeeze),
    "Unsqueeze": moving.moved(moving.unsqueeze),
    "DepthToSpace": moving.moved(moving.depth_to_space),
    "SpaceToDepth": moving.moved(moving.space_to_depth),
    "Pad": moving.pad,
    "Resize": resize,
}


def exact_results(call: Call) -> list[Exact]:
    """The exact results of an operator, one for each output.

    Raises :class:`NotSimulatedError` where it, or a form of it, has no simulation.
    """
    simulation = SIMULATIONS.get(call.operator)
    if simulation is None:
        raise NotSimulatedError("it has no simulation")
    found = simulation(call)
    return found if isinstance(found, list) else [found]
