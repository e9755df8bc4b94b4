"""What plans of one network share, remembered: an edit of types asks for no new placement.

A person goes back and forth between a few choices; undo, redo and another look at a scheme
then cost a look-up.
"""

from __future__ import annotations

from collections.abc import Mapping

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.networks.network import Network
from quantscope.core.planning.placement import Placement, PlacementRules
from quantscope.core.planning.plan import Chooser, Plan, placement_for, resolve
from quantscope.core.planning.settings import PlanSettings

MOST_KEPT = 16  # plans, and placements


class Planner:
    """The latest plans of one network.

    Invariant: everything kept is of ``_network`` and of one set of statistics.
    """

    def __init__(self) -> None:
        self._start(None)

    def _start(self, network: Network | None) -> None:
        self._network = network
        self._placements: dict[tuple[frozenset[str], PlacementRules], Placement] = {}
        self._plans: list[Plan] = []

    def plan(
        self,
        network: Network,
        settings: PlanSettings,
        choose: Chooser,
        statistics: Mapping[str, TensorStatistics],
    ) -> Plan:
        """What :func:`resolve` returns for the same arguments."""
        for number, plan in enumerate(self._plans):
            if network is self._network and plan.settings == settings:
                self._plans.append(self._plans.pop(number))
                return plan
        placement = self.place(network, settings)
        self._plans.append(resolve(network, settings, choose, statistics, placement))
        del self._plans[:-MOST_KEPT]
        return self._plans[-1]

    def place(self, network: Network, settings: PlanSettings) -> Placement:
        """What :func:`placement_for` returns; a third of the work of a first plan."""
        if network is not self._network:
            self._start(network)
        key = settings.float_layers, settings.placement_rules
        if key not in self._placements:
            if len(self._placements) == MOST_KEPT:
                del self._placements[next(iter(self._placements))]
            self._placements[key] = placement_for(network, settings)
        return self._placements[key]
