"""Preparation: the same function as a graph with fewer, plainer layers.

What runtimes do silently before they run a network is done here in the open, so that the
layers a person sees are those that the exported file will hold: older opsets are upgraded,
constants folded, batch normalization, added biases and scale factors put into the weights.
Every pass returns sentences that say what it changed. The source model is never changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import onnx
import onnx.defs
import onnx_ir as ir
import onnx_ir.passes.common as common
from onnx import version_converter
from onnxscript import optimizer

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.look_only import FLOAT_MODEL, LOOK_ONLY
from quantscope.core.networks.migration import Migration
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.look_only.operators import is_quantized, write_plainly
from quantscope.engine.look_only.reading import describe_quantized
from quantscope.engine.model.opening import ModelFile
from quantscope.engine.preparation.bias_absorption import absorb_biases
from quantscope.engine.preparation.description import describe
from quantscope.engine.preparation.equalization import equalize, replace_relu6
from quantscope.engine.preparation.folding import (
    fold_added_bias,
    fold_batch_norm,
    fold_gemm_factors,
)
from quantscope.engine.preparation.migration import migrate
from quantscope.engine.preparation.prepared import Prepared

LOWEST_OPSET = 13  # per-channel QuantizeLinear
LARGEST_IN_MEMORY = 2_000_000_000  # bytes of a protobuf message, with room for the graph
FOLDED_SIZE_LIMIT = 1 << 28  # elements; folding makes constants at most this large
Pass = Callable[[ir.Model], list[str]]


def prepare(
    file: ModelFile,
    choices: PreparationChoices | None = None,
    migration: Migration | None = None,
) -> Prepared:
    """The network of ``file``, prepared as ``choices`` say (``None``: as always).

    ``migration`` holds the divisors that calibration found (``None``: not known yet).
    Raises :class:`QuantscopeError` where it cannot be.
    """
    choices = choices or PreparationChoices()
    model, changes = _upgrade_opset(file)
    if is_quantized(model):
        return _prepare_to_look(file, model, changes, choices)
    for step in PASSES:
        changes += step(model)
    changes += _keep_outputs(model, [value.name for value in file.model.graph.outputs])
    _tidy(model)
    if choices.replace_relu6:
        changes += replace_relu6(model)
    if choices.absorb_biases:
        changes += absorb_biases(model)
    if choices.equalize:
        changes += equalize(model)
    in_float: dict[str, str] = {}
    if choices.migrate:
        migrated, in_float = migrate(model, migration)
        changes += migrated
    name, fingerprint = file.path.stem, choices.fingerprint(file.fingerprint)
    network, parameters = describe(model, name, fingerprint, tuple(changes), in_float)
    return Prepared(model, network, str(file.path), file.size, file.files, parameters)


def _prepare_to_look(
    file: ModelFile, model: ir.Model, changes: list[str], choices: PreparationChoices
) -> Prepared:
    """A network that is quantized already: nothing is folded, so that its types stay its own."""
    if choices.chosen:
        raise QuantscopeError(LOOK_ONLY, where=str(file.path), remedy=FLOAT_MODEL)
    changes += _inline_functions(model)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    if count := write_plainly(model):
        changes.append(f"Wrote {count} quantized operators as float ones between Q and DQ")
    _tidy(model)
    network, parameters = describe_quantized(
        model, file.path.stem, file.fingerprint, tuple(changes)
    )
    return Prepared(model, network, str(file.path), file.size, file.files, parameters)


def _in_memory(file: ModelFile) -> ir.Model:
    """A copy with all weights in memory: the runtime is given bytes, which hold no links."""
    if file.size >= LARGEST_IN_MEMORY:
        raise QuantscopeError(
            f"the model has {file.size / 1e9:.1f} GB, and 2 GB is the most that one message holds",
            where=str(file.path),
            remedy="Export a smaller part of the network, and quantize the parts one by one",
        )
    model = file.model.clone()
    if file.external:
        ir.external_data.load_to_model(model)
    return model


def _upgrade_opset(file: ModelFile) -> tuple[ir.Model, list[str]]:
    model = _in_memory(file)
    if file.opset >= LOWEST_OPSET:
        return model, []
    changes = _inline_functions(model)
    changed = next((node for node in _inner_nodes(model) if _has_changed(node, file.opset)), None)
    if changed is not None:
        raise _cannot_upgrade(file, f"{changed.op_type} in a subgraph changed since then")
    proto = ir.to_proto(model)
    proto.ir_version = max(proto.ir_version, 7)
    used = {"", *(node.domain for node in model.graph.all_nodes())}
    kept = [entry for entry in proto.opset_import if entry.domain in used]
    del proto.opset_import[:]
    proto.opset_import.extend(kept)
    try:
        converted = version_converter.convert_version(proto, LOWEST_OPSET)
    except (RuntimeError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise _cannot_upgrade(file, reason.rpartition("failed: ")[2][:200].rstrip(".")) from error
    changes.append(f"Upgraded opset {file.opset} to {LOWEST_OPSET}")
    return ir.from_proto(converted), changes


def _cannot_upgrade(file: ModelFile, reason: str) -> QuantscopeError:
    return QuantscopeError(
        f"cannot be upgraded from opset {file.opset} to {LOWEST_OPSET} ({reason})",
        where=str(file.path),
        remedy=f"Export the network again with opset {LOWEST_OPSET} or later",
    )


def _inner_nodes(model: ir.Model) -> Iterator[ir.Node]:
    """The nodes inside If, Loop and Scan, which onnx's converter does not look at."""
    return (node for node in model.graph.all_nodes() if node.graph is not model.graph)


def _has_changed(node: ir.Node, opset: int) -> bool:
    """Whether a standard operator means something else at the opset that is wanted."""
    if node.domain:
        return False
    old, new = (onnx.defs.get_schema(node.op_type, v) for v in (opset, LOWEST_OPSET))
    kept = all(
        name in new.attributes and new.attributes[name].default_value == attribute.default_value
        for name, attribute in old.attributes.items()
    )
    return new.deprecated or len(old.inputs) != len(new.inputs) or not kept


def _count(model: ir.Model) -> Counter[str]:
    return Counter(node.op_type for node in model.graph)


def _inline_functions(model: ir.Model) -> list[str]:
    count = len(model.functions)
    if not count:
        return []
    common.InlinePass()(model)
    return [f"Inlined {count} local functions"]


def _fold_constants(model: ir.Model) -> list[str]:
    before = _count(model)
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    optimizer.fold_constants(
        model,
        onnx_shape_inference=True,
        input_size_limit=FOLDED_SIZE_LIMIT,
        output_size_limit=FOLDED_SIZE_LIMIT,
    )
    common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    common.RemoveUnusedNodesPass()(model)
    gone = before - _count(model)
    names = ", ".join(f"{count} {kind}" for kind, count in sorted(gone.items()))
    return [f"Folded constants: removed {names}"] if gone else []


def _drop_no_ops(model: ir.Model) -> list[str]:
    before = _count(model)
    for node in list(model.graph):
        if node.op_type == "Dropout" and _mask_unused(node):
            _bypass(model, node)
    common.IdentityEliminationPass()(model)
    common.RemoveUnusedNodesPass()(model)
    gone = before - _count(model)
    return [f"Removed {count} {kind}" for kind, count in sorted(gone.items())]


def _mask_unused(node: ir.Node) -> bool:
    mask = node.outputs[1] if len(node.outputs) > 1 else None
    return mask is None or not (mask.uses() or mask.is_graph_output())


def _bypass(model: ir.Model, node: ir.Node) -> None:
    """Let readers of the node's output read its input; a network output keeps its name."""
    output, source = node.outputs[0], node.inputs[0]
    assert source is not None
    if output.is_graph_output():
        node.domain, node.op_type = "", "Identity"
        node.resize_inputs(1)
        node.resize_outputs(1)
        node.attributes.clear()
        return
    output.replace_all_uses_with(source)
    model.graph.remove(node, safe=True)


def _own_parameters(model: ir.Model) -> list[str]:
    """Give each reader its own copy of a shared parameter, so that it can have its own type.

    A network output and a subgraph are readers too; they keep the original.
    """
    taken = {value.name for node in model.graph.all_nodes() for value in node.outputs}
    taken |= {value.name for value in model.graph.inputs} | set(model.graph.initializers)
    copied = 0
    for value in list(model.graph.initializers.values()):
        if value.dtype is not ir.DataType.FLOAT or value.const_value is None:
            continue
        every = list(value.uses())
        uses = [use for use in every if use.node.graph is model.graph]
        is_shared = value.is_graph_output() or len(uses) < len(every)
        for node, index in uses if is_shared else uses[1:]:
            copy = ir.Value(
                name=_fresh_name(value.name or "", taken),
                shape=value.shape,
                type=value.type,
                const_value=value.const_value,
            )
            model.graph.register_initializer(copy)
            node.replace_input_with(index, copy)
            copied += 1
    return [f"Copied shared parameters for {copied} more readers"] if copied else []


def _fresh_name(name: str, taken: set[str | None]) -> str:
    """``name`` with the first number that makes it new; noted in ``taken``."""
    number = 2
    while f"{name}__{number}" in taken:
        number += 1
    taken.add(f"{name}__{number}")
    return f"{name}__{number}"


def _keep_outputs(model: ir.Model, names: list[str | None]) -> list[str]:
    """Give every network output its name back where two of them became one value."""
    seen: set[str | None] = set()
    changes = []
    for index, name in enumerate(names):
        value = model.graph.outputs[index]
        if value.name != name or name in seen:
            copy = ir.node("Identity", [value])
            output = copy.outputs[0]
            output.name, output.shape, output.type = name, value.shape, value.type
            model.graph.append(copy)
            model.graph.outputs[index] = output
            changes.append(f"Kept {name} as an output, which has the values of {value.name}")
        seen.add(name)
    return changes


def _tidy(model: ir.Model) -> None:
    common.RemoveUnusedNodesPass()(model)
    common.RemoveUnusedFunctionsPass()(model)  # type: ignore[no-untyped-call]
    common.RemoveUnusedOpsetsPass()(model)
    model.graph.sort()
    _name_nodes(model)
    common.ShapeInferencePass()(model)


def _name_nodes(model: ir.Model) -> None:
    """Every node gets a unique name: layers are told apart by it."""
    taken: set[str] = set()
    numbers: Counter[str] = Counter()
    for node in model.graph:
        while not node.name or node.name in taken:
            numbers[node.op_type] += 1
            node.name = f"{node.op_type}_{numbers[node.op_type]}"
        taken.add(node.name)


PASSES: tuple[Pass, ...] = (
    _inline_functions,
    _drop_no_ops,
    _fold_constants,
    _drop_no_ops,
    _own_parameters,
    fold_gemm_factors,
    fold_batch_norm,
    fold_added_bias,
)
