"""Outputs of detectors in their several forms hold the same boxes."""

import numpy as np
import pytest

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.detector import BoxFormat, Coordinates, DetectorForm, detections

CORNERS = np.array([[10.0, 20.0, 50.0, 60.0], [12.0, 20.0, 52.0, 60.0], [0.0, 0.0, 100.0, 40.0]])
SCORES = np.array([[0.9, 0.0], [0.8, 0.3], [0.0, 0.6]])
SIZE = (200, 100)
FORM = DetectorForm(boxes="b", scores="s", coordinates=Coordinates.PIXELS)


def boxes_in(form: BoxFormat) -> np.ndarray:
    left, top, right, bottom = CORNERS.T
    wide, high = right - left, bottom - top
    columns = {
        BoxFormat.XYXY: (left, top, right, bottom),
        BoxFormat.YXYX: (top, left, bottom, right),
        BoxFormat.XYWH: (left, top, wide, high),
        BoxFormat.CXCYWH: (left + wide / 2, top + high / 2, wide, high),
    }
    return np.stack(columns[form], axis=1)


@pytest.mark.parametrize("box_format", BoxFormat)
def test_that_every_format_of_boxes_gives_the_same_corners(box_format: BoxFormat) -> None:
    form = DetectorForm(
        boxes="b", scores="s", box_format=box_format, coordinates=Coordinates.PIXELS
    )
    found = detections({"b": boxes_in(box_format)[np.newaxis], "s": SCORES[np.newaxis]}, form, SIZE)
    assert found.scores.tolist() == [0.9, 0.8, 0.3, 0.6]
    assert found.classes.tolist() == [0, 0, 1, 1]
    np.testing.assert_allclose(found.corners, CORNERS[[0, 1, 1, 2]])


def test_that_fractions_are_of_width_and_height() -> None:
    form = DetectorForm(boxes="b", scores="s")
    found = detections({"b": CORNERS / [200, 100, 200, 100], "s": SCORES}, form, SIZE)
    np.testing.assert_allclose(found.corners, CORNERS[[0, 1, 1, 2]])


def test_that_an_output_of_classes_names_them() -> None:
    form = DetectorForm(
        boxes="b", scores="s", classes="c", coordinates=Coordinates.PIXELS, least_score=0.5
    )
    outputs = {"b": CORNERS, "s": np.array([[[0.9], [0.5], [0.6]]]), "c": np.array([4, 5, 6])}
    found = detections(outputs, form, SIZE)
    assert found.classes.tolist() == [4, 6]
    assert found.scores.tolist() == [0.9, 0.6]


def test_that_a_background_column_is_no_class() -> None:
    form = DetectorForm(boxes="b", scores="s", background=True, coordinates=Coordinates.PIXELS)
    found = detections({"b": CORNERS, "s": SCORES}, form, SIZE)
    assert found.classes.tolist() == [0, 0]
    assert found.scores.tolist() == [0.3, 0.6]


def test_that_the_weaker_of_two_overlapping_boxes_of_a_class_is_suppressed() -> None:
    form = DetectorForm(boxes="b", scores="s", coordinates=Coordinates.PIXELS, suppress=0.5)
    found = detections({"b": CORNERS, "s": SCORES}, form, SIZE)
    assert found.scores.tolist() == [0.9, 0.3, 0.6]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"s": np.zeros((1, 2, 2))}, "an entry for each of 3 boxes"),
        ({"b": np.zeros((3, 5))}, "four numbers for each box"),
        ({"b": np.zeros((2, 3, 4))}, "the boxes of one picture in 2 axes"),
        ({"x": np.zeros(1)}, "no such output for the boxes"),
    ],
)
def test_that_outputs_that_do_not_fit_are_a_sentence(changed: dict, words: str) -> None:
    outputs = {"b": CORNERS, "s": SCORES} | changed
    if "x" in changed:
        del outputs["b"]
    with pytest.raises(QuantscopeError, match=words):
        detections(outputs, FORM, SIZE)
