"""Figures of a validation as people read them."""

from dataclasses import replace

from quantscope.core.findings.figures import figure_in_words
from tests.core.validations import SQNR, TOP1


def test_that_shares_are_percent_and_differ_in_points() -> None:
    assert figure_in_words(TOP1) == (
        "Top-1",
        "80.0 %",
        "75.0 %",
        "−5.00 points",
        "−10.00 to +0.00 points",
    )


def test_that_what_float_lacks_stays_empty_and_the_interval_is_that_of_the_value() -> None:
    assert figure_in_words(SQNR) == ("Output SQNR", "", "31.2 dB", "", "")
    known = replace(SQNR, low=30.0, high=32.5)
    assert figure_in_words(known)[3:] == ("", "30.0 to 32.5 dB")


def test_that_other_figures_have_four_decimals() -> None:
    rmse = replace(TOP1, title="RMSE", proportion=False, value=1.5, exact=1.0, low=0.25, high=0.75)
    assert figure_in_words(rmse) == ("RMSE", "1.0000", "1.5000", "+0.5000", "+0.2500 to +0.7500")
    assert figure_in_words(replace(rmse, low=None))[4] == ""
