"""The metrics of a validation, one row each: what it needs, what it sums, which way is better.

Each metric keeps a little of every sample, its evidence, and is a function of the evidence and of
how often each sample is taken; so its interval can be had by taking samples anew. To add one, add
a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics import deviation, segmentation
from quantscope.core.metrics.classification import answer, is_among_largest, required_scores
from quantscope.core.metrics.detection import match, mean_average_precision
from quantscope.core.metrics.detector import DetectorForm, detections
from quantscope.core.metrics.intervals import Judge
from quantscope.core.metrics.labels import Array, Boxes, Floats, Label, LabelKind

Evidence = Any
"""What a metric keeps of a sample: an array, or the matches of a picture."""


class Better(StrEnum):
    """Which way a metric improves."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One sample to judge: all ``outputs`` of a network, those of the float network, the label.

    ``output`` names the one that holds scores or numbers; ``detector`` and ``size`` (width,
    height) of the input picture are for boxes.
    """

    outputs: Mapping[str, Array]
    exact: Mapping[str, Array]
    output: str
    label: Label = None
    detector: DetectorForm | None = None
    size: tuple[int, int] = (1, 1)

    @property
    def main(self) -> Array:
        """The output that is judged."""
        return self.outputs[self.output]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. ``measure`` keeps the evidence of a sample, ``gather`` turns all of it into a
    figure by weights of the samples. ``proportion``: a share of samples, each 0 or 1.
    ``against_float``: compares with the float network, which has no figure of its own."""

    name: str
    title: str
    needs: LabelKind
    better: Better
    measure: Callable[[Judged], Evidence]
    gather: Callable[[Sequence[Evidence]], Judge]
    unit: str = ""
    proportion: bool = False
    against_float: bool = False
    resamples: int = 1000


def _sums(value: Callable[[Floats], Floats]) -> Callable[[Sequence[Evidence]], Judge]:
    """Figures that are a function of the evidence summed over samples. Evidence with fewer
    classes (its last axis) than that of other samples is filled up with zeros."""

    def gather(evidence: Sequence[Evidence]) -> Judge:
        longest = max((each.shape[-1] for each in evidence), default=0)
        filled = [_filled(each, longest) for each in evidence]
        table = np.stack(filled).astype(np.float64)
        rows = table.reshape(len(table), -1)
        return lambda weights: value((weights @ rows).reshape(len(weights), *table.shape[1:]))

    return gather


def _filled(evidence: Array, length: int) -> Array:
    room = [(0, 0)] * (evidence.ndim - 1) + [(0, length - evidence.shape[-1])]
    return np.pad(evidence, room)


_mean_of = _sums(deviation.mean)


def _one(value: float) -> Floats:
    """A figure of one sample, as its part of a mean."""
    return np.array([value, 1.0])


def _is_top(judged: Judged, count: int) -> Floats:
    scores = required_scores(judged.main, judged.output)
    assert isinstance(judged.label, int)
    return _one(is_among_largest(scores, judged.label, count))


def _agrees(judged: Judged) -> Floats:
    mine = required_scores(judged.main, judged.output)
    exact = required_scores(judged.exact[judged.output], judged.output)
    return _one(answer(mine) == answer(exact))


def _overlap(judged: Judged) -> Floats:
    assert isinstance(judged.label, np.ndarray)
    found = segmentation.class_map(judged.main, judged.label, judged.output)
    return segmentation.overlap(found, judged.label)


def _matches(judged: Judged) -> Evidence:
    assert isinstance(judged.label, Boxes)
    if judged.detector is None:
        raise QuantscopeError(
            "it is not said which outputs hold boxes and scores",
            where="mean average precision",
            remedy="Describe the detector",
        )
    return match(detections(judged.outputs, judged.detector, judged.size), judged.label)


def _target(judged: Judged) -> Array:
    assert isinstance(judged.label, np.ndarray)
    if judged.label.size != judged.main.size:
        raise QuantscopeError(
            f"the label has {judged.label.size} numbers and the output {judged.main.size}",
            where=f"output `{judged.output}`",
            remedy="Save one number for each value of the output, or choose another output",
        )
    return judged.label


def _rows() -> tuple[Metric, ...]:
    higher, lower = Better.HIGHER, Better.LOWER
    classes, array, none = LabelKind.CLASS, LabelKind.ARRAY, LabelKind.NONE
    return (
        Metric(
            "top1", "Top-1", classes, higher, lambda j: _is_top(j, 1), _mean_of, proportion=True
        ),
        Metric(
            "top5", "Top-5", classes, higher, lambda j: _is_top(j, 5), _mean_of, proportion=True
        ),
        Metric(
            "miou",
            "Mean IoU",
            LabelKind.CLASS_MAP,
            higher,
            _overlap,
            _sums(segmentation.mean_iou),
        ),
        Metric(
            "map",
            "Mean average precision",
            LabelKind.BOXES,
            higher,
            _matches,
            mean_average_precision,
            resamples=200,
        ),
        Metric(
            "rmse",
            "RMSE",
            array,
            lower,
            lambda j: deviation.squared_errors(j.main, _target(j)),
            _sums(deviation.root_mean),
        ),
        Metric(
            "mae",
            "MAE",
            array,
            lower,
            lambda j: deviation.absolute_errors(j.main, _target(j)),
            _mean_of,
        ),
        Metric(
            "agreement",
            "Same answer as float",
            none,
            higher,
            _agrees,
            _mean_of,
            proportion=True,
            against_float=True,
        ),
        Metric(
            "cosine",
            "Cosine to float",
            none,
            higher,
            lambda j: _one(deviation.cosine(j.main, j.exact[j.output])),
            _mean_of,
            against_float=True,
        ),
        Metric(
            "sqnr",
            "Output SQNR",
            none,
            higher,
            lambda j: deviation.noise(j.main, j.exact[j.output]),
            _sums(deviation.decibels),
            unit="dB",
            against_float=True,
        ),
    )


METRICS: dict[str, Metric] = {metric.name: metric for metric in _rows()}
"""By name, in the order in which they are shown."""
