"""What each layer costs to run: parameters, multiply-accumulates, memory, arithmetic intensity.

Known from the description and from how many elements each activation has in one sample, which
shapes tell where they are fixed and calibration where they are not. All formulas are linear in
those counts, so that with mean counts over samples of varying length the costs are means too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.network import Layer, LayerKind, Network, Role, Tensor
from quantscope.core.numbers.formats import DataType

Counts = Mapping[str, float]
"""Elements of each activation in one sample, by tensor name."""
Shape = tuple[int | str, ...]

FLOAT_BYTES = 4
BIAS_BYTES = 4  # float32, or int32 at the scale of the products
_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
# Operators that multiply and accumulate in ways that the description does not tell.
_UNTOLD = frozenset(
    {"Attention", "DeformConv", "Einsum", "GRU", "If", "LSTM", "Loop", "RNN", "Scan"}
    | {"ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCosts:
    """What one layer costs for one sample; ``None`` where it cannot be known.

    ``parameters`` counts the elements of weights, bias, constants and tables, ``macs`` the
    multiply-accumulates. ``activation_bytes`` is what the layer reads and writes.
    """

    layer: str
    label: str
    operator: str
    parameters: int
    parameter_bytes: int
    activation_bytes: int | None
    macs: int | None

    @property
    def arithmetic_intensity(self) -> float | None:
        """Operations (two for each multiply-accumulate) by byte, where every parameter and
        activation is moved once (the roofline model: Williams, Waterman, Patterson, 2009)."""
        if self.macs is None or self.activation_bytes is None:
            return None
        moved = self.parameter_bytes + self.activation_bytes
        return 2.0 * self.macs / moved if moved else 0.0


def layer_costs(
    network: Network, counts: Counts, types: Mapping[str, DataType] | None = None
) -> tuple[LayerCosts, ...]:
    """The costs of every layer in running order.

    ``types`` are those of the quantized tensors (``Plan.types``); all others take four bytes an
    element, and so do biases.
    """
    known = types or {}
    return tuple(_costs(network, layer, counts, known) for layer in network.layers)


def costs_to_run(
    network: Network,
    statistics: Mapping[str, TensorStatistics],
    samples: int,
    types: Mapping[str, DataType] | None = None,
) -> tuple[LayerCosts, ...]:
    """:func:`layer_costs` by all that is known (:func:`counts_of`), without the inputs."""
    costs = layer_costs(network, counts_of(network, statistics, samples), types)
    pairs = zip(network.layers, costs, strict=True)
    return tuple(cost for layer, cost in pairs if layer.kind is not LayerKind.INPUT)


def counts_from_shapes(network: Network) -> dict[str, float]:
    """Elements in one sample of the activations whose shape tells them.

    The first axis counts samples: fixed or by a symbol where all network inputs begin with the
    same, and then for the tensors that begin with that too.
    """
    first = {port.shape[0] for port in network.inputs if port.shape}
    batch = first.pop() if len(first) == 1 else 1
    found = {}
    for name, tensor in network.tensors.items():
        shape = tensor.shape
        inner = shape[1:] if shape and shape[0] == batch else shape
        fixed = [size for size in inner if isinstance(size, int)]
        if tensor.role is Role.ACTIVATION and shape and len(fixed) == len(inner):
            found[name] = float(math.prod(fixed))
    return found


def counts_from_statistics(
    statistics: Mapping[str, TensorStatistics], samples: int
) -> dict[str, float]:
    """Mean elements in one sample of everything that calibration logged over ``samples``."""
    return {name: kept.histogram.total / samples for name, kept in statistics.items()}


def counts_of(
    network: Network, statistics: Mapping[str, TensorStatistics], samples: int
) -> dict[str, float]:
    """Elements in one sample of all activations where shapes or a calibration tell them; what was
    counted goes before what the shapes say. No ``statistics``: before a calibration."""
    shapes = counts_from_shapes(network)
    return shapes | counts_from_statistics(statistics, samples) if samples else shapes


def layer_macs(network: Network, layer: Layer, counts: Counts) -> int | None:
    """Multiply-accumulates of ``layer`` for one sample.

    0 for layers without products; ``None`` where counts or shapes that it takes are unknown.
    Padding counts as if it were multiplied, as is usual.
    """
    if layer.operator in _UNTOLD:
        return None
    if layer.operator not in _PRODUCTS:
        return 0
    if layer.weights is not None:
        found = _with_weights(layer, network.tensors[layer.weights], counts)
    elif layer.operator == "MatMul" and len(layer.inputs) == 2:
        found = _of_two_activations(network, layer, counts)
    else:
        found = None
    return None if found is None else round(found)


def _with_weights(layer: Layer, weights: Tensor, counts: Counts) -> float | None:
    """Each output sums over one slice of the weights; ConvTranspose spreads each input."""
    shape = [size for size in weights.shape if isinstance(size, int)]
    if layer.operator == "ConvTranspose":
        return _times(counts.get(layer.inputs[0]), math.prod(shape[1:]))
    count = counts.get(layer.outputs[0])
    if layer.operator == "MatMul":
        return _times(count, shape[-2] if len(shape) > 1 else shape[0])
    axis = weights.channel_axis or 0
    return _times(count, math.prod(shape) // max(shape[axis], 1))


def _of_two_activations(network: Network, layer: Layer, counts: Counts) -> float | None:
    """(... M K) times (... K N): B M K N from one fixed side and the count of the tensor that
    has the other two. Which of them have all of the B products the leading axes tell."""
    names = (layer.inputs[0], layer.inputs[1], layer.outputs[0])
    left, right, result = (network.tensors[name].shape for name in names)
    if min(len(left), len(right), len(result)) < 2:
        return None
    inner = left[-1] if isinstance(left[-1], int) else right[-2]
    if isinstance(inner, int):
        return _times(counts.get(names[2]), inner)
    if isinstance(right[-1], int) and _same(left[:-2], result[:-2]):
        return _times(counts.get(names[0]), right[-1])
    if isinstance(left[-2], int) and _same(right[:-2], result[:-2]):
        return _times(counts.get(names[1]), left[-2])
    return None


def _same(one: Shape, other: Shape) -> bool:
    """Whether both are known to be the same; ``?`` and the empty symbol know nothing."""
    return one == other and not {"?", ""}.intersection(one)


def _times(count: float | None, factor: int) -> float | None:
    return None if count is None else count * factor


def _costs(
    network: Network, layer: Layer, counts: Counts, types: Mapping[str, DataType]
) -> LayerCosts:
    fixed = [name for name in (layer.weights, layer.bias, *layer.constants) if name is not None]
    sizes = {name: _fixed_size(network.tensors[name].shape) for name in fixed}
    of_bytes = sum(
        size * (BIAS_BYTES if name == layer.bias else _bytes_of(name, types))
        for name, size in sizes.items()
    )
    return LayerCosts(
        layer=layer.name,
        label=layer.label,
        operator=layer.operator,
        parameters=sum(sizes.values()) + layer.float_parameters,
        parameter_bytes=math.ceil(of_bytes) + FLOAT_BYTES * layer.float_parameters,
        activation_bytes=_activation_bytes(layer, counts, types),
        macs=layer_macs(network, layer, counts),
    )


def _activation_bytes(layer: Layer, counts: Counts, types: Mapping[str, DataType]) -> int | None:
    names = dict.fromkeys((*layer.inputs, *layer.outputs))
    if not all(name in counts for name in names):
        return None
    return round(sum(counts[name] * _bytes_of(name, types) for name in names))


def _bytes_of(tensor: str, types: Mapping[str, DataType]) -> float:
    """Two words of four bits share a byte; others lie in whole ones."""
    if tensor not in types:
        return FLOAT_BYTES
    word = types[tensor].word_length
    return 0.5 if word <= 4 else math.ceil(word / 8)


def _fixed_size(shape: Shape) -> int:
    return math.prod(size for size in shape if isinstance(size, int))
