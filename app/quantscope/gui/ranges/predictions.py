"""What types cost tensors, predicted from one calibration's statistics and remembered."""

from __future__ import annotations

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.plan import activation_request, weight_request
from quantscope.core.planning.prediction import PredictedError, predict
from quantscope.core.planning.settings import PlanSettings

MOST_KEPT = 50_000


class Predictions:
    """Invariant: everything kept is of ``calibration``."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._kept: dict[tuple[str, DataType], PredictedError | None] = {}

    def error(
        self, network: Network, settings: PlanSettings, tensor: str, data_type: DataType
    ) -> PredictedError | None:
        """What ``data_type`` costs ``tensor``; ``None`` where that cannot be told.

        The type was planned under ``settings``, which tell what was worked out already.
        """
        key = (tensor, data_type)
        if key not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._predict(network, settings, tensor, data_type)
        return self._kept[key]

    def _predict(
        self, network: Network, settings: PlanSettings, tensor: str, data_type: DataType
    ) -> PredictedError | None:
        derived = self._derived(network, settings, tensor, data_type)
        if derived is not None:
            return derived
        statistics = self.calibration.statistics[tensor]
        if isinstance(data_type, ChannelScaled) and statistics.values is None:
            return None
        return predict(statistics, data_type)

    def _derived(
        self, network: Network, settings: PlanSettings, tensor: str, data_type: DataType
    ) -> PredictedError | None:
        """What the worker found already for the type that a scheme chose."""
        operator = network.layer_of(tensor).operator
        for request in (activation_request(settings), weight_request(settings, operator)):
            candidate = self.calibration.known((tensor,), request)
            if candidate is not None and candidate.data_type == data_type:
                return candidate.error
        return None
