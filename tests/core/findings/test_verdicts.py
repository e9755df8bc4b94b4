"""What a validation found out, in rows and sentences."""

from dataclasses import replace

from quantscope.core.findings.verdicts import (
    COSTS,
    DISAGREEMENTS,
    FIGURES,
    confused,
    cost_rows,
    disagreement_rows,
    figure_rows,
    main_figure,
    named,
    operators_in_words,
    result,
    warnings_of,
)
from tests.core.validations import EXACT, QUANTIZED, SQNR, TOP1, validation_of

NAMES = ("8 bits",)
FOUND = validation_of()
(VARIANT,) = FOUND.variants
ALONE = replace(FOUND, variants=())


def only(*figures: object) -> object:
    return replace(FOUND, variants=(replace(VARIANT, figures=figures),))


def test_that_what_stood_beside_float_is_named() -> None:
    assert named(("a", "b")) == "a, b"
    assert named(()) == "the float network alone"


def test_that_the_figure_that_says_most_is_one_that_float_has_too() -> None:
    assert main_figure(only(SQNR, TOP1)) == TOP1
    assert main_figure(ALONE) is None
    assert result(only(SQNR, TOP1)) == "Top-1 80.0 % → 75.0 % (−5.00 points)"
    assert result(only(SQNR)) == "Output SQNR 31.2 dB"
    assert result(ALONE) == "Top-1 80.0 %"
    assert result(replace(ALONE, figures=())) == ""


def test_that_every_metric_of_every_network_has_a_row() -> None:
    rows = figure_rows(FOUND, NAMES)
    assert [row[:2] for row in rows] == [("8 bits", "Top-1"), ("8 bits", "Output SQNR")]
    assert figure_rows(ALONE, ()) == [("Float network", "Top-1", "80.0 %", "", "", "")]
    assert {len(row) for row in (*rows, *figure_rows(ALONE, ()))} == {len(FIGURES)}


def test_that_memory_and_time_stand_beside_those_of_float() -> None:
    exact, quantized = cost_rows(FOUND, NAMES)
    assert exact == ("Float network", "4 KB", "4.1 KB", "0", "Conv (2), Relu (1)", "2 ms")
    assert quantized == (
        *("8 bits", "1.06 KB (26%)", "1.5 KB", "2", "none", "0.5 ms (4.00 × as fast)"),
    )
    assert len(exact) == len(COSTS)


def test_that_costs_without_times_or_parameters_say_what_they_can() -> None:
    silent = replace(QUANTIZED, latency_ms=None)
    untimed = replace(EXACT, latency_ms=None, parameter_bytes=0)
    found = replace(FOUND, exact=untimed, variants=(replace(VARIANT, costs=silent),))
    assert cost_rows(found, NAMES)[1][1] == "1.06 KB"
    assert cost_rows(found, NAMES)[1][-1] == "–"
    timed = replace(found, variants=(VARIANT,))
    assert cost_rows(timed, NAMES)[1][-1] == "0.5 ms"
    assert operators_in_words(QUANTIZED) == ""


def test_that_samples_with_different_answers_say_who_is_right() -> None:
    rows = disagreement_rows(FOUND, VARIANT)
    assert rows == [
        ("cat/1.png", "cat", "dog", "cat", "float"),
        ("dog/7.png", "cat", "dog", "dog", "quantized"),
        ("dog/8.png", "cat", "2", "dog", "neither"),
        ("odd.png", "cat", "dog", "–", "–"),
    ]
    assert {len(row) for row in rows} == {len(DISAGREEMENTS)}


def test_that_the_most_frequent_mistakes_come_first() -> None:
    assert confused(FOUND, VARIANT, 5) == [
        "cat taken for dog: 3 times (float 2)",
        "dog taken for cat: 2 times (float 2)",
    ]
    assert confused(FOUND, VARIANT, 1) == ["cat taken for dog: 3 times (float 2)"]
    less = replace(FOUND, confusion=((8,), (2,)))
    assert confused(less, VARIANT, 1) == ["cat taken for dog: 3 times (float 0)"]
    once = replace(VARIANT, confusion=((1, 0), (1, 0)))
    assert confused(replace(FOUND, confusion=()), once, 5) == ["dog taken for cat: once (float 0)"]


def test_that_warnings_call_networks_by_name() -> None:
    found = replace(FOUND, warnings=("plan.onnx: something", "few samples"))
    assert warnings_of(found, NAMES) == ["8 bits: something", "few samples"]
