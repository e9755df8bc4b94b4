"""Figures of two networks over the same samples: difference, interval, chance."""

import numpy as np
import pytest

from quantscope.core.metrics.intervals import BONETT_PRICE, BOOTSTRAP, paired_proportions
from quantscope.core.metrics.judging import chance_warning, exact_figure, figure, usual_metrics
from quantscope.core.metrics.labels import LabelKind
from quantscope.core.metrics.table import METRICS

RIGHT, WRONG = np.array([1.0, 1.0]), np.array([0.0, 1.0])


def test_that_a_share_has_the_interval_of_paired_proportions() -> None:
    exact, found = [RIGHT] * 9 + [WRONG], [RIGHT] * 8 + [WRONG] * 2
    result = figure(METRICS["top1"], exact, found)
    assert (result.exact, result.value) == pytest.approx((0.9, 0.8))
    assert result.difference == pytest.approx(-0.1)
    expected = paired_proportions([1] * 9 + [0], [1] * 8 + [0] * 2)
    assert (result.low, result.high) == pytest.approx(expected)
    assert result.method == BONETT_PRICE
    alone = exact_figure(METRICS["top1"], exact)
    assert alone is not None
    assert (alone.value, alone.exact, alone.difference, alone.low) == (0.9, None, None, None)


def test_that_agreement_has_an_interval_of_its_own_and_float_no_figure() -> None:
    result = figure(METRICS["agreement"], [RIGHT] * 4, [RIGHT] * 3 + [WRONG])
    assert (result.value, result.exact) == (0.75, None)
    assert result.low is not None
    assert result.high is not None
    assert result.low < 0.75 < result.high <= 1.0
    assert exact_figure(METRICS["agreement"], [RIGHT]) is None


def test_that_differences_of_other_metrics_are_resampled_together() -> None:
    random = np.random.default_rng(8)
    exact = [np.array([value, 1.0]) for value in random.uniform(1, 9, 60)]
    found = [each + np.array([0.5, 0.0]) for each in exact]  # the same, and always half a unit more
    result = figure(METRICS["mae"], exact, found)
    assert result.difference == pytest.approx(0.5)
    assert (result.low, result.high) == pytest.approx((0.5, 0.5))
    assert result.method == BOOTSTRAP
    assert not result.higher_is_better


def test_that_noise_against_float_is_resampled() -> None:
    powers = [np.array([4.0, each]) for each in (1.0, 2.0, 3.0, 2.0)]
    result = figure(METRICS["sqnr"], powers, powers)
    assert result.value == pytest.approx(10 * np.log10(16 / 8))
    assert result.low is not None
    assert result.low < result.value
    assert result.unit == "dB"
    assert figure(METRICS["sqnr"], powers, [np.array([4.0, 0.0])] * 4).method == ""


@pytest.mark.parametrize(
    ("kind", "has_scores", "classes", "names"),
    [
        (LabelKind.CLASS, True, 10, ["top1", "top5", "agreement", "cosine", "sqnr"]),
        (LabelKind.CLASS, True, 5, ["top1", "agreement", "cosine", "sqnr"]),
        (LabelKind.NONE, True, 10, ["agreement", "cosine", "sqnr"]),
        (LabelKind.ARRAY, False, 0, ["rmse", "mae", "cosine", "sqnr"]),
        (LabelKind.CLASS_MAP, False, 0, ["miou", "cosine", "sqnr"]),
        (LabelKind.BOXES, False, 0, ["map", "cosine", "sqnr"]),
    ],
)
def test_that_labels_allow_the_metrics_that_need_them(
    kind: LabelKind, has_scores: bool, classes: int, names: list[str]
) -> None:
    found = usual_metrics(kind, has_scores=has_scores, classes=classes)
    assert [each.name for each in found] == names


def test_that_an_accuracy_like_chance_is_a_warning() -> None:
    assert "12 of 100 samples" in chance_warning(0.12, 100, 10)
    assert chance_warning(0.3, 100, 10) == ""
