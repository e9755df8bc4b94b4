"""Figures from evidence: the float network and a quantized one over the same samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quantscope.core.findings.validation import Figure
from quantscope.core.metrics.intervals import (
    BONETT_PRICE,
    BOOTSTRAP,
    Interval,
    bootstrap,
    chance_of,
    paired_proportions,
)
from quantscope.core.metrics.labels import Floats, LabelKind
from quantscope.core.metrics.table import METRICS, Better, Evidence, Metric

SURE = 0.05  # an accuracy that guessing reaches more often than this is no accuracy


def usual_metrics(kind: LabelKind, *, has_scores: bool, classes: int) -> tuple[Metric, ...]:
    """All metrics that labels of ``kind`` allow; ``classes`` is how many scores there are."""
    fitting = [each for each in METRICS.values() if each.needs in (kind, LabelKind.NONE)]
    scored = {"top1", "top5", "agreement"}
    return tuple(
        each
        for each in fitting
        if (has_scores or each.name not in scored) and (each.name != "top5" or classes > 5)
    )


def exact_figure(metric: Metric, evidence: Sequence[Evidence]) -> Figure | None:
    """The float network's own figure; ``None`` for what compares with it."""
    if metric.against_float:
        return None
    return _figure(metric, _over_all(metric, evidence))


def figure(metric: Metric, exact: Sequence[Evidence], found: Sequence[Evidence]) -> Figure:
    """The quantized network's figure, with the interval of what it loses or gains."""
    value = _over_all(metric, found)
    if metric.against_float:
        interval, method = _own_interval(metric, found)
        return _figure(metric, value, None, interval, method)
    interval, method = _paired_interval(metric, exact, found)
    return _figure(metric, value, _over_all(metric, exact), interval, method)


def _figure(
    metric: Metric,
    value: float,
    exact: float | None = None,
    interval: Interval | None = None,
    method: str = "",
) -> Figure:
    low, high = interval or (None, None)
    return Figure(
        metric=metric.name,
        title=metric.title,
        value=value,
        exact=exact,
        unit=metric.unit,
        proportion=metric.proportion,
        higher_is_better=metric.better is Better.HIGHER,
        low=low,
        high=high,
        method=method if interval else "",
    )


def _over_all(metric: Metric, evidence: Sequence[Evidence]) -> float:
    return float(metric.gather(evidence)(np.ones((1, len(evidence))))[0])


def _shares(evidence: Sequence[Evidence]) -> Floats:
    return np.array([each[0] for each in evidence], np.float64)


def _own_interval(metric: Metric, found: Sequence[Evidence]) -> tuple[Interval | None, str]:
    if metric.proportion:
        shares = _shares(found)
        low, high = paired_proportions(np.ones_like(shares), shares)
        return (1.0 + low, min(1.0 + high, 1.0)), BONETT_PRICE
    return bootstrap(metric.gather(found), len(found), metric.resamples), BOOTSTRAP


def _paired_interval(
    metric: Metric, exact: Sequence[Evidence], found: Sequence[Evidence]
) -> tuple[Interval | None, str]:
    if metric.proportion:
        return paired_proportions(_shares(exact), _shares(found)), BONETT_PRICE
    before, after = metric.gather(exact), metric.gather(found)

    def difference(weights: Floats) -> Floats:
        return after(weights) - before(weights)

    return bootstrap(difference, len(found), metric.resamples), BOOTSTRAP


def chance_warning(top1: float, samples: int, classes: int) -> str:
    """A sentence where guessing does as well; empty where the accuracy is more than chance."""
    right = round(top1 * samples)
    if chance_of(right, samples, classes) <= SURE:
        return ""
    return (
        f"The float network is right on {right} of {samples} samples, which guessing among "
        f"{classes} classes reaches too: check preprocessing, the order of the classes and labels"
    )
