"""Scale migration: outlier channels of an activation are made over to the weights behind it.

A few channels behind a LayerNormalization may be fifteen times wider than the others; rounded to
one type, they leave the others few steps. Dividing channel c by s_c, and multiplying row c of the
weights of every product that reads it by s_c, computes the same (Xiao et al. 2022, SmoothQuant,
section 4); weights have room for it, as they are rounded by column. All s_c are powers of two:
the float network stays the same to the last bit.

*Where*: activations that a MatMul or Gemm with fixed weights reads and that ONNX Runtime computes
in float; behind a layer in integers they would be rounded before they are divided. (Activations
between such layers are what `equalization` is for.)

*How*: one Mul with constants in front of the products. In networks that normalize behind the
residual sum (BERT) the same activation also goes on to the next sum, so that factors in the
normalization's own scale would need their inverse on that way: as much work, and not in
front of the rounding. A Mul also leaves alone what runtimes fuse (Gelu, LayerNormalization with
the sum before it), and costs one multiplication where each product has hundreds. Where nothing
but products reads a LayerNormalization, its scale and bias take the factors, and there is no Mul.
A Mul stays in float; its place does not depend on the factors, so that a network has the same
layers before they are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.migration import Migration, in_words
from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.planning.placement import place
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.preparation.description import describe
from quantscope.engine.preparation.operators import constant_of

Floats = npt.NDArray[np.float32]
IN_FLOAT = "divides channels by migrated scales, before they are rounded"


@dataclass(frozen=True, eq=False)
class Site:
    """An activation whose channels, on its last axis, can be divided in front of ``readers``."""

    value: ir.Value
    readers: tuple[ir.Node, ...]

    @property
    def name(self) -> str:
        """The tensor's name."""
        return self.value.name or ""

    @property
    def weights(self) -> tuple[Floats, ...]:
        """The weights of each reader, (channels, outputs)."""
        found = ((constant_of(node.inputs[1]), node) for node in self.readers)
        return tuple(
            (array.T if _is_transposed(node) else array).astype(np.float32, copy=False)
            for array, node in found
            if array is not None
        )

    @property
    def channels(self) -> int:
        """How many channels the activation has."""
        return int(self.weights[0].shape[0])


def sites(model: ir.Model) -> list[Site]:
    """Every place in ``model``, which has named nodes, where scales can migrate; in graph order."""
    network, _ = describe(model, "", "", ())
    in_integers = place(network, (), PlanSettings().placement_rules).layers
    found = []
    for node in model.graph:
        for value in node.outputs:
            uses = [use for use in value.uses() if use.idx == 0 and _is_product(model, use.node)]
            readers = tuple(use.node for use in uses)
            if readers and value.name and not _is_rounded(network, value.name, in_integers):
                found.append(Site(value, readers))
    return found


def _is_product(model: ir.Model, node: ir.Node) -> bool:
    """Whether ``node`` multiplies its first input by fixed weights that nothing else reads."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in ("MatMul", "Gemm"):
        return False
    if node.graph is not model.graph or node.attributes.get_int("transA", 0) != 0:
        return False
    weights = node.inputs[1]
    if weights is None or weights.dtype is not ir.DataType.FLOAT or weights.is_graph_output():
        return False
    array = constant_of(weights)
    return array is not None and array.ndim == 2 and len(list(weights.uses())) == 1


def _is_transposed(node: ir.Node) -> bool:
    return node.op_type == "Gemm" and node.attributes.get_int("transB", 0) != 0


def _is_rounded(network: Network, name: str, in_integers: frozenset[str]) -> bool:
    """Whether the tensor is the result of a layer in integers, or a network input's.

    A product of two activations yields float.
    """
    layer = network.layer_of(name)
    while layer.kind is LayerKind.PASS_THROUGH and layer.inputs:
        layer = network.layer_of(layer.inputs[0])
    if layer.operator == "MatMul" and layer.weights is None:
        return False
    return layer.kind is LayerKind.INPUT or layer.name in in_integers


# ---- the graph ---------------------------------------------------------------------------------


def migrate(model: ir.Model, migration: Migration | None) -> tuple[list[str], dict[str, str]]:
    """Divide activations of ``model`` as ``migration`` says, and multiply the weights behind.

    ``None`` says that the divisors are not known yet: all are 1. Returns what was done, in words,
    and the nodes that were added, each with the reason why it is float.
    """
    found, added = sites(model), {}
    for site in found:
        exponents = _exponents(site, migration or {})
        if _feeds_products_only(site):
            _scale_normalization(site.value.producer(), exponents)
        else:
            added[_insert_division(model, site, exponents)] = IN_FLOAT
        for node in site.readers:
            _scale_rows(node, exponents)
    return _told(found, migration), added


def _told(found: list[Site], migration: Migration | None) -> list[str]:
    if not found:
        return ["No scales to migrate: no product with fixed weights reads a float result"]
    if migration is None:
        return [f"Scales of {len(found)} activations can migrate; calibration says how far"]
    rest = len(found) - len(migration)
    nothing = [f"Nothing to gain by migrating scales: {rest} of {len(found)} activations"]
    return [*in_words(migration), *(nothing if rest else [])]


def _exponents(site: Site, migration: Migration) -> npt.NDArray[np.int64]:
    exponents = migration.get(site.name, (0,) * site.channels)
    if len(exponents) != site.channels:
        raise QuantscopeError(
            f"{len(exponents)} migrated scales were kept for {site.channels} channels",
            where=site.name,
            remedy="Calibrate again",
        )
    return np.asarray(exponents, np.int64)


def _feeds_products_only(site: Site) -> bool:
    """Whether a LayerNormalization of its own yields the activation to products alone."""
    node = site.value.producer()
    if node is None or node.op_type != "LayerNormalization" or node.domain not in ("", "ai.onnx"):
        return False
    own = all(_is_own(value, site.channels) for value in node.inputs[1:] if value is not None)
    alone = len(list(site.value.uses())) == len(site.readers)
    return own and alone and not site.value.is_graph_output()


def _is_own(value: ir.Value, channels: int) -> bool:
    array = constant_of(value)
    single = len(list(value.uses())) == 1 and not value.is_graph_output()
    is_float = value.dtype is ir.DataType.FLOAT
    return array is not None and array.shape == (channels,) and single and is_float


def _scale_normalization(node: ir.Node | None, exponents: npt.NDArray[np.int64]) -> None:
    assert node is not None
    for value in node.inputs[1:]:
        if value is not None:
            _multiply(value, np.exp2(-exponents))


def _scale_rows(node: ir.Node, exponents: npt.NDArray[np.int64]) -> None:
    factors = np.exp2(exponents)
    weights = node.inputs[1]
    assert weights is not None
    _multiply(weights, factors if _is_transposed(node) else factors[:, None])


def _multiply(value: ir.Value, factors: npt.NDArray[np.float64]) -> None:
    array = constant_of(value)
    assert array is not None
    scaled = array * factors.astype(np.float32)
    value.const_value = ir.tensor(np.ascontiguousarray(scaled), name=value.name)


def _insert_division(model: ir.Model, site: Site, exponents: npt.NDArray[np.int64]) -> str:
    """A Mul by the inverse factors in front of the readers; its name."""
    taken = set(_taken(model))
    factors = ir.Value(
        name=_free(f"{site.name}_migration", taken),
        shape=ir.Shape((site.channels,)),
        type=ir.TensorType(ir.DataType.FLOAT),
    )
    factors.const_value = ir.tensor(np.exp2(-exponents).astype(np.float32), name=factors.name)
    model.graph.register_initializer(factors)
    name = _free(f"{site.name}_migrate", taken)
    node = ir.node("Mul", [site.value, factors], name=name)
    divided = node.outputs[0]
    divided.name = _free(f"{site.name}_migrated", taken)
    divided.shape, divided.type = site.value.shape, site.value.type
    for reader in site.readers:
        reader.replace_input_with(0, divided)
    producer = site.value.producer()
    assert producer is not None
    model.graph.insert_after(producer, [node])
    return name


def _taken(model: ir.Model) -> Iterator[str | None]:
    yield from model.graph.initializers
    yield from (value.name for value in model.graph.inputs)
    for node in model.graph.all_nodes():
        yield node.name
        yield from (value.name for value in node.outputs)


def _free(name: str, taken: set[str | None]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
