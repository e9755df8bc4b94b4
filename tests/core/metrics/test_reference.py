"""The metrics give what pycocotools and scikit-learn give: `reference/make.py` stored it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantscope.core.metrics.classification import confusion_matrix
from quantscope.core.metrics.detection import match
from quantscope.core.metrics.detector import Detections
from quantscope.core.metrics.labels import Boxes
from quantscope.core.metrics.table import METRICS, Judged

HERE = Path(__file__).parent / "reference"
EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
CASES = np.load(HERE / "cases.npz")
CLOSE = 1e-6


def figure(name: str, samples: list[Judged]) -> float:
    """The metric ``name`` over all ``samples``."""
    metric = METRICS[name]
    judge = metric.gather([metric.measure(each) for each in samples])
    return float(judge(np.ones((1, len(samples))))[0])


def judged(output: Any, label: Any, exact: Any = None) -> Judged:
    return Judged(
        {"y": np.asarray(output)}, {"y": np.asarray(output if exact is None else exact)}, "y", label
    )


def corners(rows: Any) -> Any:
    return np.hstack([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]])


@pytest.mark.parametrize("name", EXPECTED["map"])
def test_that_mean_average_precision_is_that_of_pycocotools(name: str) -> None:
    truths, found = CASES[f"map/{name}/truths"], CASES[f"map/{name}/found"]
    pictures = []
    for number in range(int(CASES[f"map/{name}/pictures"])):
        true, seen = truths[truths[:, 0] == number], found[found[:, 0] == number]
        label = Boxes(corners(true), true[:, 1].astype(np.int64), true[:, 6] > 0)
        seen_here = Detections(corners(seen), seen[:, 1].astype(np.int64), seen[:, 6])
        pictures.append(match(seen_here, label))
    metric = METRICS["map"].gather(pictures)(np.ones((1, len(pictures))))[0]
    assert metric == pytest.approx(EXPECTED["map"][name], abs=CLOSE)


@pytest.mark.parametrize("name", EXPECTED["miou"])
def test_that_mean_iou_is_that_of_scikit_learn(name: str) -> None:
    true, found = CASES[f"miou/{name}/true"], CASES[f"miou/{name}/found"]
    samples = [judged(one[np.newaxis], other) for one, other in zip(found, true, strict=True)]
    assert figure("miou", samples) == pytest.approx(EXPECTED["miou"][name], abs=CLOSE)


@pytest.mark.parametrize("metric", ["top1", "top5"])
@pytest.mark.parametrize("name", EXPECTED["classification"])
def test_that_accuracy_is_that_of_scikit_learn(name: str, metric: str) -> None:
    labels = CASES[f"classification/{name}/labels"].tolist()
    table = CASES[f"classification/{name}/scores"]
    samples = [judged(row, label) for row, label in zip(table, labels, strict=True)]
    wanted = EXPECTED["classification"][name][metric]
    assert figure(metric, samples) == pytest.approx(wanted, abs=CLOSE)


@pytest.mark.parametrize("name", EXPECTED["classification"])
def test_that_the_confusion_matrix_is_that_of_scikit_learn(name: str) -> None:
    labels = CASES[f"classification/{name}/labels"]
    table = CASES[f"classification/{name}/scores"]
    matrix = confusion_matrix(labels, table.argmax(axis=1), table.shape[1])
    assert np.array_equal(matrix, CASES[f"classification/{name}/confusion"])


@pytest.mark.parametrize("name", ["rmse", "mae", "cosine"])
def test_that_errors_of_numbers_are_those_of_scikit_learn(name: str) -> None:
    true, found = CASES["regression/true"], CASES["regression/found"]
    pairs = zip(found, true, strict=True)
    samples = [judged(one[np.newaxis], other, exact=other) for one, other in pairs]
    assert figure(name, samples) == pytest.approx(EXPECTED["regression"][name], abs=CLOSE)
