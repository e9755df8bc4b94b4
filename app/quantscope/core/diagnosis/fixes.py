"""What could be done about the error, one thing at a time: each with its reason and its gain.

Gains are predicted from isolated errors (`noise_budget`): the noise that a fix takes out of the
sum at the network's outputs. Whoever runs the network puts the measured gain beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.fix_costs import FixCost
from quantscope.core.diagnosis.mixing import may_widen
from quantscope.core.diagnosis.noise_budget import (
    NoiseBudget,
    group_numbers,
    handed_over,
    noise_budget,
    rounding_makers,
)
from quantscope.core.diagnosis.noise_sources import noise_sources
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.placement import TieGroup
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import predict
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, decibel, decimal, share

LEAST_GAIN = 0.1  # dB; what gains less is not worth a person's time
LEAST_SPREAD = 8.0  # of channel ranges, for which equalization is suggested


class FixKind(StrEnum):
    """What a fix changes."""

    WIDE = "wide"  # 16-bit activations for a layer
    SCHEME = "scheme"  # another scheme's type for what a layer reads
    FLOAT = "float"  # a layer in float
    CORRECT_BIAS = "correct bias"  # for the whole network, by the export
    EQUALIZE = "equalize"  # for the whole network, by its preparation: calibrate again


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One change, and its gain in dB of the output's error: ``predicted``, and ``measured`` where
    that can be seen without calibrating or exporting anew.

    ``layer`` is empty where the whole network is concerned. ``pins`` are the types of a fix of
    the kind ``SCHEME``. ``cost`` is ``None`` where nobody asked for it.
    """

    kind: FixKind
    title: str
    reason: str
    predicted: float
    layer: str = ""
    measured: float | None = None
    pins: Mapping[str, DataType] = field(default_factory=dict)
    cost: FixCost | None = None

    @property
    def gain(self) -> float:
        """As it was measured, or else predicted."""
        return self.predicted if self.measured is None else self.measured

    @property
    def is_of_plan(self) -> bool:
        """Whether the plan alone shows it, so that its gain can be measured at once."""
        return self.kind not in (FixKind.CORRECT_BIAS, FixKind.EQUALIZE)

    def apply(self, settings: PlanSettings) -> PlanSettings:
        """``settings`` with this fix. Equalization is a choice of preparation and changes none."""
        match self.kind:
            case FixKind.WIDE:
                return settings.with_layer_wide(self.layer, True)
            case FixKind.FLOAT:
                return settings.with_layer_quantized(self.layer, False)
            case FixKind.SCHEME:
                return replace(settings, pinned={**settings.pinned, **self.pins})
            case FixKind.CORRECT_BIAS:
                return settings.with_switch("correct_bias", True)
            case _:
                return settings


def suggest(
    network: Network,
    plan: Plan,
    sensitivity: Sensitivity,
    calibration: Calibration,
    *,
    equalized: bool = False,
) -> tuple[Fix, ...]:
    """Fixes worth at least :data:`LEAST_GAIN` dB, those that gain most first.

    Of the fixes for one layer all are listed: they cost differently. ``equalized`` says that the
    network has been prepared so already.
    """
    budget = noise_budget(network, plan, sensitivity, calibration.statistics)
    work = _Work(network, plan, sensitivity, calibration, budget)
    found = [fix for layer in budget.parameters for fix in work.for_layer(layer)]
    found += work.for_all(equalized)
    worth = [fix for fix in found if fix.predicted >= LEAST_GAIN]
    return tuple(sorted(worth, key=lambda fix: -fix.predicted))


@dataclass(frozen=True, eq=False)
class _Work:
    network: Network
    plan: Plan
    sensitivity: Sensitivity
    calibration: Calibration
    budget: NoiseBudget

    @cached_property
    def _makers(self) -> dict[int, frozenset[str]]:
        return rounding_makers(self.plan, self.network)

    def for_layer(self, layer: str) -> list[Fix]:
        found = [self._in_float(layer), *self._other_schemes(layer)]
        if may_widen(self.plan.settings):
            found.append(self._wide(layer))
        return found

    def for_all(self, equalized: bool) -> list[Fix]:
        found = []
        if self.sensitivity.layers and not self.plan.settings.correct_bias:
            found.append(self._correct_bias())
        spread = self._spread_of_channels()
        if spread and not equalized:
            found.append(self._equalize(spread))
        return found

    def _label(self, layer: str) -> str:
        return self.network.layer(layer).label

    def _groups(self, layer: str) -> set[int]:
        numbers = group_numbers(self.plan)
        return {numbers[name] for name in self.network.layer(layer).inputs if name in numbers}

    def _noise_in(self, groups: set[int]) -> float:
        return sum(each.noise for each in self.budget.portions if each.group in groups)

    def _part(self, removed: float) -> str:
        """Of the error at the outputs, in percent."""
        return share(removed / self.budget.total if self.budget.total else 0.0)

    def _wide(self, layer: str) -> Fix:
        groups = self._groups(layer) | handed_over(self.plan, self.network, layer)
        removed = self._noise_in(groups)
        return Fix(
            kind=FixKind.WIDE,
            layer=layer,
            title=f"16-bit activations for {self._label(layer)}",
            reason=f"rounding what it reads makes {self._part(removed)} of the output's error",
            predicted=self.budget.gain(removed),
        )

    def _in_float(self, layer: str) -> Fix:
        others = {
            group
            for each in self.budget.parameters
            if each != layer
            for group in self._groups(each)
        }
        others |= {group for group, layers in self._makers.items() if layers - {layer}}
        own = sum(
            each.noise
            for each in self.budget.portions
            if each.layer == layer and not (each.reads and each.group in others)
        )
        removed = self.budget.parameters[layer] + own
        weights = share(self.budget.parameters[layer] / removed if removed else 0.0)
        return Fix(
            kind=FixKind.FLOAT,
            layer=layer,
            title=f"{self._label(layer)} in float",
            reason=f"it makes {self._part(removed)} of the output's error, {weights} of that by "
            "its weights",
            predicted=self.budget.gain(removed),
        )

    def _other_schemes(self, layer: str) -> list[Fix]:
        """The best scheme's type for each group that the layer is the first to read."""
        found = []
        order = list(self.budget.parameters)
        for number in sorted(self._groups(layer)):
            readers = [each for each in order if number in self._groups(each)]
            group = self.plan.placement.groups[number]
            if readers[0] == layer and not set(group.members) & set(self.plan.settings.pinned):
                found += self._other_scheme(layer, number, group)
        return found

    def _other_scheme(self, layer: str, number: int, group: TieGroup) -> list[Fix]:
        now = self.plan.types[group.members[0]]
        settings = self.plan.settings
        target = TARGETS[settings.target]
        kept = self._noise_of(group, now)
        tried = []
        for scheme in (each for each in Scheme if each is not settings.scheme):
            request = target.activation_request(
                scheme, now.word_length, either_sign=settings.unsigned
            )
            data_type = self.calibration.choose(group.sources, request).data_type
            tried.append((self._noise_of(group, data_type), scheme, data_type))
        left, scheme, data_type = min(tried, key=lambda each: each[0])
        if left >= kept:
            return []
        better = f"{decibel(10.0 * math.log10(kept / left))} better" if left else "exactly"
        title = SCHEME_TITLES[scheme]
        return [
            Fix(
                kind=FixKind.SCHEME,
                layer=layer,
                title=f"{title} type for the input of {self._label(layer)}",
                reason=f"{data_type.label()} instead of {now.label()} rounds it {better}",
                predicted=self.budget.gain(self._noise_in({number}) * (1.0 - left / kept)),
                pins=dict.fromkeys(group.members, data_type),
            )
        ]

    def _noise_of(self, group: TieGroup, data_type: DataType) -> float:
        statistics = self.calibration.statistics
        known = [statistics[name] for name in group.sources if name in statistics]
        return sum(predict(each, data_type).squared_error for each in known)

    def _correct_bias(self) -> Fix:
        shares = {each.layer: each.noise * each.mean_share for each in self.sensitivity.layers}
        removed = min(sum(shares.values()), self.budget.total)
        worst = max(shares, key=lambda name: shares[name])
        found = self.sensitivity.layer(worst)
        assert found is not None
        return Fix(
            kind=FixKind.CORRECT_BIAS,
            title="Correct biases",
            reason=f"{share(found.mean_share)} of the error of {self._label(worst)} is a constant "
            "shift of its channels",
            predicted=self.budget.gain(removed),
        )

    def _spread_of_channels(self) -> dict[str, tuple[float, float]]:
        """By layer whose weights share one step: the range of its largest channel by that of its
        median one, and the part of its weights' noise that a step for each channel would save."""
        found = {}
        for sources in noise_sources(self.network, self.plan):
            weights = self.network.layer(sources.layer).weights
            if weights is None or sources.layer not in self.budget.parameters:
                continue
            if isinstance(self.plan.types.get(weights), ChannelScaled):
                continue
            spread = self._spread_of(weights)
            if spread[0] >= LEAST_SPREAD:
                found[sources.layer] = spread
        return found

    def _spread_of(self, weights: str) -> tuple[float, float]:
        axis = self.network.tensors[weights].channel_axis
        values = self.calibration.statistics[weights].values
        if axis is None or values is None:
            return 1.0, 0.0
        rows = np.abs(np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1))
        ranges = np.where(np.isfinite(rows), rows, 0.0).max(axis=1).astype(np.float64)
        largest, median = float(ranges.max()), float(np.median(ranges))
        if largest <= 0.0 or median <= 0.0:
            return 1.0, 0.0
        return largest / median, 1.0 - float(np.square(ranges / largest).mean())

    def _equalize(self, spread: Mapping[str, tuple[float, float]]) -> Fix:
        removed = sum(self.budget.parameters[layer] * saved for layer, (_, saved) in spread.items())
        worst = max(spread, key=lambda layer: spread[layer][0])
        return Fix(
            kind=FixKind.EQUALIZE,
            title="Equalize channels and calibrate again",
            reason=f"the largest channel of {self._label(worst)} has {decimal(spread[worst][0])} "
            "times the range of a usual one, and all share one step",
            predicted=self.budget.gain(removed),
        )
