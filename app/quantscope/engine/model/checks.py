"""Reasons to refuse a model before any work starts: each one is a sentence about one layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import onnx
import onnx.checker
import onnx.defs
import onnx_ir as ir

from quantscope.core.errors import QuantscopeError
from quantscope.engine.look_only.operators import READ
from quantscope.engine.model.tensors import is_external, stored_tensors

OLDEST_OPSET = 7
STANDARD = ""
_OTHER_SPELLING = "ai.onnx"
_DOMAINS = frozenset({STANDARD, "ai.onnx.ml", "com.microsoft"})

_CUT_OFF = "The file may be cut off: fetch it again, or export the model again"
_FLOAT = "Open the float model that it was made from"
_EVAL = "Put the network into evaluation mode (model.eval() in PyTorch) and export again"
_AGAIN = "Export the model again"

# Operators that exist only in models that are quantized already.
_QUANTIZED = re.compile(
    r"(QuantizeLinear|DequantizeLinear|DynamicQuantize\w+|ConvInteger|MatMulInteger\w*"
    r"|QLinear\w+|QOrdered\w+|QGemm|QAttention|QMoE|QEmbedLayerNormalization"
    r"|MatMulNBits|MatMulBnb4|MatMulFpQ4|GatherBlockQuantized)"
)
_UNORDERED = re.compile(
    r"topologically sorted, however input '(?P<value>.*?)' of node:\s*"
    r"name: (?P<name>.*?) OpType: (?P<operator>\S+)\s+is not output",
    re.DOTALL,
)
_CONTEXT = re.compile(r"for node\. Name: (?P<name>.*?) OpType: ")

_Opsets = Mapping[str, int]


def check_model(proto: onnx.ModelProto, where: str, newest_opset: int) -> int:
    """Refuse what Quantscope cannot quantize; returns the opset of the standard operators.

    The values of tensors are not looked at: :mod:`quantscope.engine.model.tensors` does that.
    """
    _check_skeleton(proto, where)
    opset = _check_opset(proto, where, newest_opset)
    _refuse_sparse(proto, where)
    truths = _true_values(proto.graph)
    for node, opsets in running_nodes(proto):
        at = f"{where}, layer {layer_name(node)}"
        _check_operator(node, opsets, at)
        _refuse_quantized(node, at)
        _refuse_training(node, truths, at)
    _check_outputs(proto.graph, where)
    _check_structure(proto, where)
    return opset


def layer_name(node: onnx.NodeProto) -> str:
    """The node's name, or its operator and what it makes; cut where it is very long."""
    made = ", ".join(node.output)
    return (node.name or f"{node.op_type} (makes {made})")[:120]


def use_one_spelling(proto: onnx.ModelProto) -> None:
    """Call the standard domain "" everywhere; some exporters write "ai.onnx", which means the same
    and which onnx's checker and onnx-ir take for another."""
    todo = [proto.graph.node]
    imports = list(proto.opset_import)
    for function in proto.functions:
        todo.append(function.node)
        imports.extend(function.opset_import)
    for entry in imports:
        if entry.domain == _OTHER_SPELLING:
            entry.domain = STANDARD
    while todo:
        for node in todo.pop():
            if node.domain == _OTHER_SPELLING:
                node.domain = STANDARD
            todo.extend(graph.node for graph in _subgraphs(node))


def running_nodes(proto: onnx.ModelProto) -> Iterator[tuple[onnx.NodeProto, _Opsets]]:
    """Every node that a run can reach, with the opsets that it means.

    A call of a local function stands for the function's nodes; functions that nobody calls
    are left out.
    """
    functions = {(f.domain, f.name, f.overload): f for f in proto.functions}
    calls = frozenset(functions)
    todo: list[tuple[Iterable[onnx.NodeProto], _Opsets]] = [
        (proto.graph.node, _imports(proto.opset_import))
    ]
    while todo:
        nodes, opsets = todo.pop(0)
        for node in nodes:
            key = (node.domain, node.op_type, node.overload)
            function = functions.pop(key, None)
            if function is not None:
                todo.append((function.node, _imports(function.opset_import)))
            elif key not in calls:
                yield node, opsets
            todo.extend((graph.node, opsets) for graph in _subgraphs(node))


def _imports(imports: Iterable[onnx.OperatorSetIdProto]) -> _Opsets:
    return MappingProxyType({entry.domain: entry.version for entry in imports})


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _check_skeleton(proto: onnx.ModelProto, where: str) -> None:
    """There is a network with inputs, outputs and nodes, in a format version that is known."""
    if proto.ir_version > onnx.IR_VERSION:
        raise QuantscopeError(
            f"its format (IR version {proto.ir_version}) is newer than Quantscope knows "
            f"({onnx.IR_VERSION})",
            where=where,
            remedy="Export it with an older version of the exporter, or update Quantscope",
        )
    given = {tensor.name for tensor in proto.graph.initializer}
    inputs = [value.name for value in proto.graph.input if value.name not in given]
    for what, found in (
        ("nodes", proto.graph.node),
        ("outputs", proto.graph.output),
        ("inputs", inputs),
    ):
        if not found:
            raise QuantscopeError(f"the network has no {what}", where=where, remedy=_CUT_OFF)


def _check_opset(proto: onnx.ModelProto, where: str, newest: int) -> int:
    opset = _imports(proto.opset_import).get(STANDARD)
    if opset is None:
        raise QuantscopeError("it does not say its opset", where=where, remedy=_CUT_OFF)
    if opset < OLDEST_OPSET:
        raise QuantscopeError(
            f"its opset {opset} is too old: Quantscope reads {OLDEST_OPSET} to {newest}",
            where=where,
            remedy="Export the model again with a newer opset",
        )
    if opset > newest:
        raise QuantscopeError(
            f"its opset {opset} is too new: Quantscope reads {OLDEST_OPSET} to {newest}",
            where=where,
            remedy=f"Export the model again with opset {newest} or lower",
        )
    return opset


def _refuse_sparse(proto: onnx.ModelProto, where: str) -> None:
    for tensor in proto.graph.sparse_initializer:
        raise QuantscopeError(
            "its values are stored sparse, which Quantscope does not read",
            where=f"{where}, tensor {tensor.values.name[:80]}",
            remedy="Export the model again with dense weights",
        )
    for node, _ in running_nodes(proto):
        for attribute in node.attribute:
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                raise QuantscopeError(
                    "its values are stored sparse, which Quantscope does not read",
                    where=f"{where}, layer {layer_name(node)}",
                    remedy="Export the model again with dense weights",
                )


def _check_operator(node: onnx.NodeProto, opsets: _Opsets, at: str) -> None:
    domain = node.domain
    operator = node.op_type[:80]
    if domain not in _DOMAINS:
        raise QuantscopeError(
            f"its operator {operator} is from the unknown domain {domain[:80]}",
            where=at,
            remedy="Export the model with standard operators only",
        )
    if domain == "com.microsoft" or onnx.defs.has(node.op_type, opsets.get(domain, 0), domain):
        return
    if onnx.defs.has(node.op_type, domain):
        since = onnx.defs.get_schema(node.op_type, domain).since_version
        raise QuantscopeError(
            f"its operator {operator} needs a newer opset ({since}) than the model has "
            f"({opsets.get(domain, 'none')})",
            where=at,
            remedy="Export the model again with a newer opset",
        )
    raise QuantscopeError(
        f"its operator {operator} is unknown",
        where=at,
        remedy="Export the model with standard operators only",
    )


def _refuse_quantized(node: onnx.NodeProto, at: str) -> None:
    if _QUANTIZED.fullmatch(node.op_type) and node.op_type not in READ:
        raise QuantscopeError(
            f"the model is quantized already, by {node.op_type}, whose types are not read",
            where=at,
            remedy=_FLOAT,
        )


def _refuse_training(node: onnx.NodeProto, truths: frozenset[str], at: str) -> None:
    if node.domain != STANDARD:
        return
    if node.op_type == "BatchNormalization":
        mode = next((a.i for a in node.attribute if a.name == "training_mode"), 0)
        training = mode != 0 or len([name for name in node.output if name]) > 1
    elif node.op_type == "Dropout":
        training = len(node.input) > 2 and node.input[2] in truths
    else:
        return
    if training:
        raise QuantscopeError(
            f"{node.op_type} runs in training mode, where results depend on chance and batch",
            where=at,
            remedy=_EVAL,
        )


def _true_values(graph: onnx.GraphProto) -> frozenset[str]:
    """The names of the constants that are not all zero bytes: what switches a Dropout on."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            found = (a.t for a in node.attribute if a.name == "value")
            tensors.update((node.output[0], tensor) for tensor in found)
    wanted = {n.input[2] for n in graph.node if n.op_type == "Dropout" and len(n.input) > 2}
    return frozenset(
        name
        for name in wanted & tensors.keys()
        if any(tensors[name].raw_data) or any(tensors[name].int32_data)
    )


def _check_outputs(graph: onnx.GraphProto, where: str) -> None:
    made = {name for node in graph.node for name in node.output}
    made.update(value.name for value in graph.input)
    made.update(tensor.name for tensor in graph.initializer)
    for output in graph.output:
        if output.name not in made or not output.name:
            raise QuantscopeError(
                f"no layer makes the network's output {output.name[:80]}",
                where=where,
                remedy=_AGAIN,
            )


def _check_structure(proto: onnx.ModelProto, where: str) -> None:
    """What onnx's own checker says about the graph, in one sentence.

    The checker looks at a copy without weights: sizes are checked elsewhere, and it would copy
    gigabytes. Nodes in the wrong order are not an error (ONNX Runtime sorts them): they are
    sorted and checked once more.
    """
    bare = without_weights(proto)
    try:
        try:
            onnx.checker.check_model(bare)
        except onnx.checker.ValidationError as failure:
            unordered = _UNORDERED.search(str(failure))
            if unordered is None:
                raise
            onnx.checker.check_model(_sorted(bare, where, unordered))
    except onnx.checker.ValidationError as failure:
        raise _structure_error(str(failure), where) from failure


def without_weights(proto: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in which initializers and external tensors are empty: the structure alone."""
    bare = onnx.ModelProto(ir_version=proto.ir_version)
    bare.opset_import.extend(proto.opset_import)
    bare.functions.extend(proto.functions)
    bare.graph.name = proto.graph.name or "network"
    bare.graph.node.extend(proto.graph.node)
    bare.graph.input.extend(proto.graph.input)
    bare.graph.output.extend(proto.graph.output)
    for tensor in proto.graph.initializer:
        bare.graph.initializer.add(name=tensor.name, data_type=onnx.TensorProto.FLOAT, dims=[0])
    for tensor in stored_tensors(bare):
        if is_external(tensor):
            tensor.CopyFrom(
                onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=[0])
            )
    return bare


def _sorted(bare: onnx.ModelProto, where: str, unordered: re.Match[str]) -> onnx.ModelProto:
    """The model with its nodes in running order; an error where there is none.

    ``unordered`` is the checker's complaint about a node that comes too early.
    """
    value = unordered["value"]
    where = f"{where}, layer {(unordered['name'] or unordered['operator'])[:120]}"
    if value not in _made_anywhere(bare.graph):
        raise QuantscopeError(
            f"it reads {value[:80]}, which nothing makes", where=where, remedy=_AGAIN
        )
    model = ir.from_proto(bare)
    try:
        model.graph.sort()
    except ValueError as cycle:
        raise QuantscopeError(
            f"it waits for {value[:80]}, which waits for it: the layers go in a circle",
            where=where,
            remedy=_AGAIN,
        ) from cycle
    return ir.to_proto(model)


def _made_anywhere(graph: onnx.GraphProto) -> set[str]:
    """What the nodes of a graph make, and those of the graphs inside it."""
    made = {name for node in graph.node for name in node.output}
    for node in graph.node:
        for inner in _subgraphs(node):
            made |= _made_anywhere(inner)
    return made


def _structure_error(message: str, where: str) -> QuantscopeError:
    named = _CONTEXT.search(message)
    if named and named["name"]:
        where = f"{where}, layer {named['name'][:120]}"
    short = " ".join(message.split("==> Context")[0].split()).strip().rstrip(".")
    return QuantscopeError(
        f"it is not valid ONNX: {short[:300]}",
        where=where,
        remedy="Export the model again, with a newer exporter if that does not help",
    )
