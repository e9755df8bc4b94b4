"""Validations of a session: what is kept of them, what they are called, and when they are stale."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.session import Session
from quantscope.session.validations import (
    MOST_CONFUSED,
    MOST_KEPT,
    ValidationRun,
    brief,
    with_run,
)
from tests.core.validations import validation_of
from tests.session.examples import FINGERPRINT, small_calibration, small_network

FIXED = PlanSettings().with_target("fixed-point")
RUN = ValidationRun(
    fingerprint=FINGERPRINT,
    settings=FIXED,
    when="2026-11-27T03:00:00+00:00",
    validation=validation_of(),
)


def test_that_the_latest_come_first_and_the_oldest_go() -> None:
    runs: tuple[ValidationRun, ...] = ()
    for number in range(MOST_KEPT + 3):
        runs = with_run(runs, replace(RUN, when=str(number)))
    assert len(runs) == MOST_KEPT
    assert runs[0].when == str(MOST_KEPT + 2)


def test_that_the_confusion_of_many_classes_is_not_kept() -> None:
    def of(classes: int) -> ValidationRun:
        table = ((1,) * classes,) * classes
        found = validation_of(confusion=table)
        variants = tuple(replace(each, confusion=table) for each in found.variants)
        return with_run((), replace(RUN, validation=replace(found, variants=variants)))[0]

    few, many = of(MOST_CONFUSED), of(MOST_CONFUSED + 1)
    assert len(few.validation.confusion) == MOST_CONFUSED
    assert (many.validation.confusion, many.validation.variants[0].confusion) == ((), ())
    assert many.validation.variants[0].figures == RUN.validation.variants[0].figures


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Fixed point, MinMax, 8 bits"),
        ({"weight_word_length": 4}, "Fixed point, MinMax, 8 bits, weights 4"),
        (
            {"pinned": {"w": FixedPoint(8, 3)}, "float_layers": frozenset("ab")},
            "Fixed point, MinMax, 8 bits, 1 set by hand, 2 in float",
        ),
        (
            {"wide_layers": frozenset("a"), "correct_bias": True},
            "Fixed point, MinMax, 8 bits, 1 wide, corrected",
        ),
    ],
)
def test_that_a_plan_is_called_by_what_tells_it_from_others(changes: dict, words: str) -> None:
    assert brief(replace(FIXED, **changes)) == words


def test_that_files_are_called_by_their_names() -> None:
    assert replace(RUN, settings=None).names == ("plan.onnx",)
    alone = replace(RUN, validation=replace(RUN.validation, variants=()))
    assert alone.names == ()
    two = (*RUN.validation.variants, *RUN.validation.variants)
    both = replace(RUN, validation=replace(RUN.validation, variants=two))
    assert both.names == (brief(FIXED), "plan.onnx")


def test_that_a_report_is_told_which_are_of_other_types() -> None:
    session = Session()
    session.open_model("/models/small.onnx", small_network())
    session.attach_calibration(small_calibration())
    now = session.document.settings
    runs = (replace(RUN, settings=now), replace(RUN, settings=None), RUN)
    others = (replace(RUN, fingerprint="another", settings=now),)
    session.attach_validations((*runs, *others))
    record = session.record()
    assert record is not None
    assert [each.is_stale for each in record.validations] == [False, False, now != FIXED, True]
    assert record.validations[0].names == (brief(now),)
