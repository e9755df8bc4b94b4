"""An already quantized network is looked at: its types and its integer layers are the file's."""

from __future__ import annotations

from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.planning.placement import Placement, TieGroup

LOOK_ONLY = "the model is quantized already: its types are those of the file"
FLOAT_MODEL = "Open the float model that it was made from"
_FLOAT_LAYER = "the file rounds not all that it reads and writes"
_FLOAT_TENSOR = "float in the file"
_RECTIFIED = "its type starts at 0: what is negative is cut off, as by a Relu"


def file_placement(network: Network) -> Placement:
    """Which layers the file of a quantized ``network`` runs in integers, and what is rounded.

    Each activation is rounded by itself, but for what stands before a fused Relu or Clip.
    """
    found = network.file_types
    assert found is not None
    layers = {layer.name: layer for layer in network.layers}
    before = {layers[name].inputs[0]: layers[name].outputs[0] for name in found.fused}
    parameters = {n for layer in network.layers for n in (layer.weights, layer.bias)}
    rounded = [n for n in network.tensors if n in found.types and n not in parameters]
    ahead = {after: name for name, after in before.items()}
    groups = tuple(
        TieGroup((ahead[name], name) if name in ahead else (name,), (name,))
        for name in rounded
        if name not in before
    )
    return Placement(
        layers=found.integer_layers,
        groups=groups,
        fused=found.fused,
        reasons=_reasons(network),
        cut_off=found.rectified.union(before),
    )


def file_notes(network: Network) -> dict[str, str]:
    """What a person should know of layers of a quantized ``network``."""
    found = network.file_types
    rectified = found.rectified if found is not None else frozenset()
    layers = (layer for layer in network.layers if not rectified.isdisjoint(layer.outputs))
    return {layer.name: _RECTIFIED for layer in layers}


def _reasons(network: Network) -> dict[str, str]:
    found = network.file_types
    assert found is not None
    untyped = (tensor for name, tensor in network.tensors.items() if name not in found.types)
    reasons = {tensor.name: tensor.reason or _FLOAT_TENSOR for tensor in untyped}
    return (
        reasons
        | dict(found.reasons)
        | {
            layer.name: layer.reason or _FLOAT_LAYER
            for layer in network.layers
            if layer.name not in found.integer_layers and layer.kind is not LayerKind.INPUT
        }
    )
