"""The checker: what a target will not take of a network, layer by layer, before the export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quantscope.core.networks.network import Layer, LayerKind, Network, Port
from quantscope.core.planning.plan import Plan, placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a target will not take.

    ``refused``: it rejects the network for it; otherwise the layer runs, but in float.
    ``tensor`` is empty where it is about the whole layer.
    """

    layer: str
    label: str
    text: str
    remedy: str
    tensor: str = ""
    refused: bool = False

    def sentence(self) -> str:
        """What, where and what to do, on one line."""
        place = f"{self.label}, {self.tensor}" if self.tensor else self.label
        return f"{place}: {self.text}. {self.remedy}."


def check(
    network: Network, settings: PlanSettings, plan: Plan | None = None
) -> tuple[Finding, ...]:
    """What the target of ``settings`` will not take: first what it refuses, then what stays float.

    Types are checked where there is a ``plan``, which needs a calibration.
    """
    found = [*_varying_shapes(network, settings)]
    if plan is not None:
        found += _forbidden_types(network, plan)
    return (*found, *_float_layers(network, settings))


def _varying_shapes(network: Network, settings: PlanSettings) -> Iterator[Finding]:
    target = TARGETS[settings.target]
    if not target.static_shapes:
        return
    for port in network.inputs:
        symbols = [str(size) for size in _rest(port) if not isinstance(size, int)]
        if symbols:
            layer = network.layer_of(port.name)
            yield Finding(
                layer=layer.name,
                label=layer.label,
                text=f"its size varies ({', '.join(symbols)}), and {target.title} takes fixed "
                "sizes",
                remedy="Export the network with a fixed shape",
                refused=True,
            )


def _rest(port: Port) -> tuple[int | str, ...]:
    """All dimensions but the first, which is the batch."""
    return port.shape[1:]


def _forbidden_types(network: Network, plan: Plan) -> Iterator[Finding]:
    for tensor, text in plan.conflicts.items():
        layer = network.layer_of(tensor)
        yield Finding(
            layer=layer.name,
            label=layer.label,
            tensor=tensor,
            text=f"its type is set by hand, but {text}",
            remedy="Reset the tensor to the scheme, or choose another target",
            refused=True,
        )


def _float_layers(network: Network, settings: PlanSettings) -> Iterator[Finding]:
    placement = placement_for(network, settings)
    for layer in network.layers:
        if layer.kind is not LayerKind.INPUT and layer.name not in placement.layers:
            yield Finding(
                layer=layer.name,
                label=layer.label,
                text=placement.reasons[layer.name],
                remedy=_remedy(layer, settings),
            )


def _remedy(layer: Layer, settings: PlanSettings) -> str:
    if layer.name in settings.float_layers:
        return "Quantize the layer again if it may be rounded"
    if settings.only_operators and layer.operator not in settings.only_operators:
        return "Let all operators run in integers if it may be rounded"
    return "It runs in float, so the target must be able to do that"
