"""The description of a prepared network: what its layers and tensors are, without the graph.

The engine writes it; plan, window and command line read it. Layers stand in the order in
which they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from quantscope.core.numbers.formats import DataType

LOGGED_DTYPES = frozenset({"float32", "float16", "bfloat16", "float64"})
"""The types whose values calibration counts, as float32."""


class Role(StrEnum):
    """What a tensor is to its layer."""

    WEIGHTS = "weights"
    BIAS = "bias"
    CONSTANT = "constant"  # a fixed operand of Add, Mul, Concat ...
    ACTIVATION = "activations"


class LayerKind(StrEnum):
    """How a layer takes part in quantization."""

    INPUT = "input"  # a network input: no node, only its tensor
    WEIGHTED = "weighted"  # Conv, ConvTranspose, Gemm, MatMul with weights: runs in integers
    PRODUCT = "product"  # MatMul of two activations: runs in integers like one with weights
    FOLLOWER = "follower"  # Add, Mul, average pooling ...: in integers where its inputs are
    PASS_THROUGH = "pass-through"  # moves values: input and output share one type
    CONCAT = "concat"  # all inputs and the output share one type
    RECTIFIER = "rectifier"  # Relu, Clip: shares the type of the layer it follows
    FLOAT = "float"  # stays float; the reason says why


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One named value. Unknown dimensions are symbols, or empty where nothing is known.

    ``reason`` says why it is never quantized; empty where it may be.
    """

    name: str
    role: Role
    layer: str
    shape: tuple[int | str, ...]
    dtype: str
    channel_axis: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A node of the prepared network (with what was absorbed into it).

    ``inputs`` and ``outputs`` name float activations; ``constants`` fixed operands. ``reason``
    says why the layer stays float; empty where it may run in integers. ``float_parameters``
    counts the stored elements that it reads and no tensor stands for: tables, gains of norms.
    """

    name: str
    label: str
    operator: str
    kind: LayerKind
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    weights: str | None = None
    bias: str | None = None
    constants: tuple[str, ...] = ()
    reason: str = ""
    float_parameters: int = 0

    @property
    def tensors(self) -> tuple[str, ...]:
        """The tensors shown under this layer: weights, bias, constants, activations."""
        parameters = [name for name in (self.weights, self.bias) if name is not None]
        return (*parameters, *self.constants, *self.outputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A network input or output as the outside sees it; symbols are dimensions that vary."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTypes:
    """What the file of an already quantized network says: the type of each tensor, by name.

    ``integer_layers`` read and write quantized values only. ``fused`` maps a Relu or Clip to
    the layer before it where the file rounds behind both. ``rectified`` tensors can be negative
    and have a type that starts at 0, which stands for the Relu that the file does not have.
    ``reasons`` says why a tensor has no type where the file has one that no type here holds.
    """

    types: Mapping[str, DataType] = field(default_factory=dict)
    integer_layers: frozenset[str] = frozenset()
    fused: Mapping[str, str] = field(default_factory=dict)
    rectified: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A prepared network. ``fingerprint`` identifies the source file and the preparation;
    ``changes`` lists in words what preparation did. ``file_types`` is of a network that is
    quantized already: it can be looked at, and not be changed."""

    name: str
    fingerprint: str
    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    layers: tuple[Layer, ...]
    tensors: dict[str, Tensor]
    changes: tuple[str, ...] = ()
    file_types: FileTypes | None = None
    _by_name: dict[str, Layer] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = {layer.name: layer for layer in reversed(self.layers)}
        object.__setattr__(self, "_by_name", found)  # frozen, and follows from the layers

    @property
    def float_ports(self) -> frozenset[str]:
        """Names of the inputs and outputs that hold float32, which may become integers."""
        ports = (*self.inputs, *self.outputs)
        return frozenset(port.name for port in ports if port.dtype == "float32")

    def layer(self, name: str) -> Layer:
        """The layer called ``name``; ``KeyError`` where there is none."""
        return self._by_name[name]

    def layer_of(self, tensor: str) -> Layer:
        """The layer under which ``tensor`` is shown; ``KeyError`` where there is none."""
        return self.layer(self.tensors[tensor].layer)


def short_labels(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Unique short labels for (name, operator) pairs: operator and number in graph order.

    ``Conv 1``, ``Relu 1``, ``Conv 2``; a name that is short and readable already is kept.
    """
    numbers: dict[str, int] = {}
    labels: dict[str, str] = {}
    pairs = list(names)
    kept = {name for name, _ in pairs if _is_readable(name)}
    for name, operator in pairs:
        if name in kept:
            labels[name] = name
            continue
        label = ""
        while not label or label in kept:
            numbers[operator] = numbers.get(operator, 0) + 1
            label = f"{operator} {numbers[operator]}"
        labels[name] = label
    return labels


def _is_readable(name: str) -> bool:
    return 0 < len(name) <= 24 and ";" not in name and ":" not in name
