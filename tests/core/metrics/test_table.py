"""The rows of the table take what they need and say what they lack."""

from typing import Any

import numpy as np
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.detector import Coordinates, DetectorForm
from quantscope.core.metrics.labels import IGNORED, Boxes
from quantscope.core.metrics.table import METRICS, Judged

CORNERS = np.array([[1.0, 1.0, 5.0, 5.0]])
FORM = DetectorForm(boxes="b", scores="s", coordinates=Coordinates.PIXELS)
LABEL = Boxes(CORNERS, np.array([0]), np.array([False]))


def figure(name: str, *samples: Judged) -> float:
    metric = METRICS[name]
    judge = metric.gather([metric.measure(each) for each in samples])
    return float(judge(np.ones((1, len(samples))))[0])


def judged(output: Any, label: Any = None, exact: Any = None) -> Judged:
    return Judged({"y": output}, {"y": output if exact is None else exact}, "y", label)


def test_that_boxes_are_judged_as_the_detector_is_described() -> None:
    outputs = {"b": CORNERS, "s": np.array([[0.7]])}
    sample = Judged(outputs, outputs, "b", LABEL, FORM, (10, 10))
    assert figure("map", sample) == pytest.approx(1.0)
    with pytest.raises(QuantscopeError, match="which outputs hold boxes"):
        figure("map", Judged(outputs, outputs, "b", LABEL))


def test_that_pictures_without_any_object_have_no_precision() -> None:
    nothing = Boxes(np.zeros((0, 4)), np.zeros(0, int), np.zeros(0, bool))
    outputs = {"b": CORNERS, "s": np.array([[0.7]])}
    sample = Judged(outputs, outputs, "b", nothing, FORM, (10, 10))
    assert np.isnan(figure("map", sample))


def test_that_agreement_and_noise_are_against_the_float_network() -> None:
    same = judged(np.array([[1.0, 3.0]]), exact=np.array([[0.0, 2.0]]))
    other = judged(np.array([[3.0, 1.0]]), exact=np.array([[0.0, 2.0]]))
    assert figure("agreement", same, other) == 0.5
    assert figure("sqnr", same) == pytest.approx(10 * np.log10(4.0 / 2.0))
    assert figure("sqnr", judged(np.array([[1.0, 3.0]]))) == np.inf
    assert figure("cosine", judged(np.zeros(3), exact=np.zeros(3))) == 1.0
    assert figure("cosine", judged(np.ones(3), exact=np.zeros(3))) == 0.0


def test_that_a_target_of_another_size_is_a_sentence() -> None:
    with pytest.raises(QuantscopeError, match="3 numbers and the output 2"):
        figure("rmse", judged(np.zeros((1, 2)), np.zeros(3)))


@pytest.mark.parametrize("layout", ["classes first", "classes last", "integers"])
def test_that_class_maps_are_found_in_every_layout(layout: str) -> None:
    label = np.array([[0, 1, 2, 2], [IGNORED, 1, 1, 0]])
    wanted = np.array([[0, 1, 2, 1], [2, 1, 1, 0]])
    output: Any = wanted[np.newaxis]
    if layout != "integers":
        output = np.eye(3)[wanted]
        output = np.moveaxis(output, -1, 0) if layout == "classes first" else output
        output = output[np.newaxis].astype(np.float32)
    # Class 0: 2 of 2; class 1: 3 of 4; class 2: 1 of 2.
    assert figure("miou", judged(output, label)) == pytest.approx((1 + 3 / 4 + 1 / 2) / 3)


def test_that_a_label_of_another_size_is_brought_to_the_map() -> None:
    small = np.array([[0, 1], [1, 0]])
    large = np.kron(small, np.ones((3, 3), int))
    assert figure("miou", judged(small[np.newaxis], large)) == 1.0


def test_that_maps_with_more_classes_in_one_picture_add_up() -> None:
    two = judged(np.array([[[0, 1]]]), np.array([[0, 1]]))
    four = judged(np.array([[[3, 3]]]), np.array([[3, 1]]))
    # Class 0: 1/1, class 1: 1/2, class 3: 1/2; class 2 does not occur.
    assert figure("miou", two, four) == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


def test_that_what_is_no_class_map_is_a_sentence() -> None:
    with pytest.raises(QuantscopeError, match="not a score for each class and pixel"):
        figure("miou", judged(np.zeros((1, 5), np.float32), np.zeros((2, 2), int)))


def test_that_values_that_are_not_finite_do_not_count() -> None:
    output, label = np.array([[1.0, np.nan, 3.0]]), np.array([0.0, 1.0, np.inf])
    assert figure("rmse", judged(output, label)) == 1.0
    assert figure("mae", judged(output, label)) == 1.0
