"""A workaround for ONNX Runtime, which aborts on some rounded values that a subgraph reads.

Behind a DequantizeLinear the runtime adds Q and DQ after each node that only moves values. Where
an If, Loop or Scan takes such a node's result from outside, it looks for that result among the
node's own inputs and the process ends (seen with 1.32). It leaves alone what a QuantizeLinear
reads: so a float result that subgraphs read is rounded once more, to the grid that it is on
already. Can go when a test without it loads.
"""

from __future__ import annotations

import onnx_ir as ir

from quantscope.engine.export.rewritten import Rewritten

_MOVERS = frozenset({"MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice"})


def guard_subgraph_reads(result: Rewritten) -> None:
    """Put Q and DQ between moved rounded values and the subgraphs that read them.

    No value changes.
    """
    graph = result.model.graph
    grids: dict[ir.Node, ir.Node] = {}
    for node in list(graph):
        source = node.inputs[0] if node.inputs else None
        maker = source.producer() if source is not None else None
        if node.op_type not in _MOVERS or maker is None:
            continue
        restore = maker if maker.op_type == "DequantizeLinear" else grids.get(maker)
        if restore is None:
            continue
        grids[node] = restore
        inner = [(use, index) for use, index in node.outputs[0].uses() if use.graph is not graph]
        if inner:
            guarded = _rounded_again(result, node, restore)
            for use, index in inner:
                use.replace_input_with(index, guarded)


def _rounded_again(result: Rewritten, node: ir.Node, restore: ir.Node) -> ir.Value:
    """The output of ``node`` behind Q and DQ with the grid of ``restore``."""
    moved, stored = node.outputs[0], restore.inputs[0]
    assert stored is not None
    name = moved.name or ""
    quantize = ir.node("QuantizeLinear", [moved, *restore.inputs[1:]])
    dequantize = ir.node("DequantizeLinear", [quantize.outputs[0], *restore.inputs[1:]])
    for new, mark, kind in (
        (quantize, "quantized", stored.type),
        (dequantize, "dequantized", moved.type),
    ):
        new.name = f"{name}_subgraph_{new.op_type}"
        out = new.outputs[0]
        out.name = result.free(f"{name}_{mark}_for_subgraphs")
        out.shape, out.type = moved.shape, kind
    result.model.graph.insert_after(node, [quantize, dequantize])
    return dequantize.outputs[0]
