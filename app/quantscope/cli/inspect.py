"""``quantscope inspect``: what a network consists of, and what of it will be integers."""

from __future__ import annotations

import argparse
from typing import Any

from quantscope.cli.console import say, say_facts, say_json, say_table
from quantscope.cli.options import add_preparation_options, preparation_of
from quantscope.cli.running import describe
from quantscope.cli.settings_options import add_settings_options, settings_of
from quantscope.core.findings.plain_data import costs_as_data, plain
from quantscope.core.networks.cost_wording import (
    HEADINGS,
    largest_in_words,
    macs_in_words,
    parameters_in_words,
    row_in_words,
)
from quantscope.core.networks.layer_costs import LayerCosts, costs_to_run
from quantscope.core.networks.look_only import LOOK_ONLY
from quantscope.core.networks.network import Layer, LayerKind, Network, Port
from quantscope.core.planning.checker import check
from quantscope.core.planning.placement import Placement
from quantscope.core.planning.plan import placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import row_name, shape

FORMAT = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument("model", metavar="MODEL", help="an .onnx file")
    add_preparation_options(parser)
    add_settings_options(parser)
    parser.add_argument(
        "--costs", action="store_true", help="show what each layer costs to run, in place of types"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print the description of the model."""
    network = describe(options.model, preparation_of(options))
    settings = settings_of(options, PlanSettings(), network)
    placement = placement_for(network, settings)
    is_final = network.file_types is not None
    refused = [] if is_final else [x.sentence() for x in check(network, settings) if x.refused]
    if options.json:
        say_json(_as_data(network, settings, placement, refused))
    else:
        _say(network, settings, placement, refused, with_costs=options.costs)


def _say(
    network: Network,
    settings: PlanSettings,
    placement: Placement,
    refused: list[str],
    *,
    with_costs: bool,
) -> None:
    say(f"{network.name}: {len(network.layers)} layers, opset {network.opset}")
    facts = [("input", _port(port)) for port in network.inputs]
    facts += [("output", _port(port)) for port in network.outputs]
    facts += [("prepared", text) for text in network.changes]
    say_facts(facts)
    say()
    if with_costs:
        _say_costs(_costs(network))
        return
    rows = [_row(layer, network, placement) for layer in network.layers]
    say_table(("LAYER", "OPERATOR", "RUNS IN", "TENSORS", "REASON"), rows)
    say()
    integers = sum(layer.name in placement.layers for layer in network.layers)
    nodes = sum(layer.kind is not LayerKind.INPUT for layer in network.layers)
    if network.file_types is not None:
        say(f"{integers} of {nodes} layers run in integers; {LOOK_ONLY}.")
        return
    title = TARGETS[settings.target].title
    say(f"{integers} of {nodes} layers will be quantized for the target {title}.")
    say_facts([("refused", text) for text in refused])


def _costs(network: Network) -> tuple[LayerCosts, ...]:
    """In float, as nothing is calibrated; by the types of a file that is quantized already."""
    types = network.file_types.types if network.file_types else {}
    return costs_to_run(network, {}, 0, types)


def _say_costs(costs: tuple[LayerCosts, ...]) -> None:
    say_table([heading.upper() for heading in HEADINGS], [row_in_words(each) for each in costs])
    say()
    facts = [("parameters", parameters_in_words(costs)), ("multiplications", macs_in_words(costs))]
    largest = largest_in_words(costs)
    say_facts(facts + ([("most activations", largest)] if largest else []))


def _port(port: Port) -> str:
    return f"{port.name}: {shape(port.shape)} {port.dtype}"


def _row(layer: Layer, network: Network, placement: Placement) -> tuple[str, ...]:
    tensors = (network.tensors[name] for name in layer.tensors)
    parts = ", ".join(
        f"{row_name(tensor, layer)} {shape(tensor.shape)}{_type_in_file(tensor.name, network)}"
        for tensor in tensors
    )
    return layer.label, layer.operator, _runs_in(layer, placement), parts, _reason(layer, placement)


def _type_in_file(tensor: str, network: Network) -> str:
    data_type = network.file_types.types.get(tensor) if network.file_types else None
    return f" {data_type.label()}" if data_type else ""


def _runs_in(layer: Layer, placement: Placement) -> str:
    if layer.kind is LayerKind.INPUT:
        return "integers" if set(layer.outputs) & placement.quantized else "float"
    return "integers" if layer.name in placement.layers else "float"


def _reason(layer: Layer, placement: Placement) -> str:
    """Why the layer is in float; where it is not, why some of its tensors are."""
    if layer.name in placement.reasons:
        return placement.reasons[layer.name]
    reasons = [placement.reasons[name] for name in layer.tensors if name in placement.reasons]
    return "; ".join(dict.fromkeys(reasons))


def _as_data(
    network: Network, settings: PlanSettings, placement: Placement, refused: list[str]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": network.name,
        "fingerprint": network.fingerprint,
        "opset": network.opset,
        "inputs": plain(network.inputs),
        "outputs": plain(network.outputs),
        "changes": list(network.changes),
        "target": None if network.file_types else settings.target,
        "quantized_already": network.file_types is not None,
        "refused": refused,
        "layers": [_layer_as_data(layer, network, placement) for layer in network.layers],
        "costs": costs_as_data(_costs(network)),
    }


def _layer_as_data(layer: Layer, network: Network, placement: Placement) -> dict[str, Any]:
    types = network.file_types.types if network.file_types else {}
    return {
        "name": layer.name,
        "label": layer.label,
        "operator": layer.operator,
        "kind": layer.kind.value,
        "quantized": _runs_in(layer, placement) == "integers",
        "reason": placement.reasons.get(layer.name, ""),
        "tensors": [
            {
                "name": name,
                "role": network.tensors[name].role.value,
                "shape": list(network.tensors[name].shape),
                "dtype": network.tensors[name].dtype,
                "reason": placement.reasons.get(name, ""),
                **({"type": plain(types[name])} if name in types else {}),
            }
            for name in layer.tensors
        ],
    }
