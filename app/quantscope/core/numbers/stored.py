"""The integers that an exported file holds for a parameter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import DataType, FixedPoint
from quantscope.core.planning.plan import Plan, product_fraction_length


def written_type(network: Network, plan: Plan, tensor: str) -> DataType:
    """The type in the file: the plan's, but int32 at the products' scale for a bias."""
    layer, data_type = network.layer_of(tensor), plan.types[tensor]
    if layer.bias != tensor or layer.weights is None or not isinstance(data_type, FixedPoint):
        return data_type
    weights, source = plan.types[layer.weights], plan.types[layer.inputs[0]]
    assert isinstance(weights, FixedPoint)  # of no other does a plan give such a bias
    assert isinstance(source, FixedPoint)
    return FixedPoint(32, product_fraction_length(weights, source))


def stored_integers(
    network: Network, plan: Plan, tensor: str, values: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """The integers for ``values`` of the parameter ``tensor``, of the same shape.

    A short bias of the fixed-point family is shifted up to the scale of the products.
    """
    data_type = plan.types[tensor]
    integers = data_type.quantize(values)
    written = written_type(network, plan, tensor)
    if isinstance(data_type, FixedPoint) and isinstance(written, FixedPoint):
        return integers << (written.fraction_length - data_type.fraction_length)
    return integers
