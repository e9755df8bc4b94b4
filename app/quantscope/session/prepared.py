"""A network under one preparation together with what was counted of it."""

from __future__ import annotations

from dataclasses import dataclass

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices, model_of


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """``network`` as prepared, and statistics of just that."""

    network: Network
    calibration: Calibration

    @property
    def fingerprint(self) -> str:
        """That of the prepared network."""
        return self.network.fingerprint

    @property
    def preparation(self) -> PreparationChoices:
        """What was chosen."""
        return PreparationChoices.of(self.fingerprint)


def prepared(network: Network | None, calibration: Calibration | None) -> Prepared | None:
    """Both together; ``None`` where one is missing or they do not belong to each other."""
    if network is None or calibration is None:
        return None
    return Prepared(network, calibration) if _fit(network, calibration) else None


def _fit(network: Network, calibration: Calibration) -> bool:
    return network.fingerprint == calibration.fingerprint


def kept_beside(network: Network, candidates: tuple[Prepared | None, ...]) -> Prepared | None:
    """The first of ``candidates`` that is the model of ``network`` under another preparation."""
    model = model_of(network.fingerprint)
    for each in candidates:
        if each is None or each.fingerprint == network.fingerprint:
            continue
        if model_of(each.fingerprint) == model:
            return each
    return None
