"""What tensors would get without their pins: by the scheme in force, or by another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from quantscope.core.networks.network import Network, Role
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.plan import activation_request, weight_request, wider
from quantscope.core.planning.schemes import Scheme, TypeRequest
from quantscope.core.planning.settings import PlanSettings
from quantscope.gui.controller import Controller


class Alternatives:
    """Answers for one controller; the plans behind them are remembered by its calibration."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def types(self, tensors: Iterable[str], scheme: Scheme | None = None) -> Mapping[str, DataType]:
        """The types of ``tensors`` without their pins; by the network's scheme if none is given."""
        session, readings = self._controller.session, self._controller.readings
        calibration, network = session.calibration, session.network
        if calibration is None or network is None or session.plan() is None:
            return {}
        settings, names = session.document.settings, list(tensors)
        members = {member for name in names for member in readings.members(name)}
        beside = {each for name in _beside(network, names) for each in readings.members(name)}
        pinned = {
            name: kind
            for name, kind in settings.pinned.items()
            if name in beside and name not in members
        }
        wanted = replace(settings, pinned=pinned, scheme=scheme or settings.scheme)
        types = calibration.plan(network, wanted).types
        return {name: types[name] for name in names if name in types}

    def schemes_of(self, tensor: str, data_type: DataType) -> list[Scheme]:
        """The other schemes that give ``tensor`` this type, as far as was found before.

        No plan is made for it: it is asked at every change of the selection.
        """
        session = self._controller.session
        calibration, network = session.calibration, session.network
        settings = session.document.settings
        sources = self._controller.readings.rounded_at(tensor) or (tensor,)
        found: list[Scheme] = []
        if calibration is None or network is None:
            return found
        for scheme in Scheme:
            if scheme is settings.scheme:
                continue
            operator = network.layer_of(tensor).operator
            is_weight = network.tensors[tensor].role is Role.WEIGHTS
            for request in _requests(replace(settings, scheme=scheme), is_weight, operator):
                known = calibration.known(sources, request)
                if known is not None and known.data_type == data_type and scheme not in found:
                    found.append(scheme)
        return found


def _beside(network: Network, names: Iterable[str]) -> set[str]:
    """The tensors whose types decide on those of ``names``: of weights and biases, their layers'.

    With the pins of all others left out, the plan is mostly one that is remembered.
    """
    known, found = frozenset(names), set[str]()
    for layer in network.layers:
        if layer.weights in known or layer.bias in known:
            found.update(filter(None, (layer.weights, layer.bias, *layer.inputs)))
    return found


def _requests(settings: PlanSettings, is_weight: bool, operator: str) -> tuple[TypeRequest, ...]:
    if is_weight:
        return (weight_request(settings, operator),)
    usual = activation_request(settings)
    return usual, wider(usual)
