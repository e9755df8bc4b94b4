"""What was measured: figures, ranks, and what is left to do."""

import math
from dataclasses import replace

import pytest

from quantscope.core.data.description import SourceKind
from quantscope.core.diagnosis.sensitivity import Deviation, Metric, Sensitivity, basis_of, decibels
from quantscope.core.planning.settings import PlanSettings
from tests.core.diagnosed import calibration_of, deviation, error, measured, parts
from tests.core.small_networks import conv_relu_conv

CALIBRATION = calibration_of(conv_relu_conv())
BASIS = basis_of(CALIBRATION, PlanSettings(), 16)


def sensitivity(*noises: float, missing: tuple[str, ...] = ()) -> Sensitivity:
    """Layers called 0, 1, ... that cost ``noises`` by their weights."""
    layers = tuple(measured(str(number), noise) for number, noise in enumerate(noises))
    return Sensitivity(basis=BASIS, whole=deviation(1.0), layers=layers, missing=missing)


@pytest.mark.parametrize(
    ("noise", "level"),
    [(1.0, 0.0), (0.01, 20.0), (100.0, -20.0), (0.0, math.inf), (math.inf, -math.inf)],
)
def test_that_noise_reads_as_decibel(noise: float, level: float) -> None:
    assert decibels(noise) == pytest.approx(level)
    assert deviation(noise).sqnr == pytest.approx(level)


def test_that_each_metric_has_its_figure() -> None:
    found = deviation(0.01, agreement=0.75, cosine=0.5)
    assert found.value(Metric.SQNR) == pytest.approx(20.0)
    assert found.value(Metric.AGREEMENT) == 0.75
    assert found.value(Metric.COSINE) == 0.5
    assert deviation(0.01).value(Metric.AGREEMENT) is None


def test_that_the_sum_takes_isolated_errors_as_independent() -> None:
    assert sensitivity(0.25, 0.5).noise == 0.75


def test_that_the_layer_that_costs_most_comes_first() -> None:
    assert [each.layer for each in sensitivity(1e-3, 3e-3, 2e-3).ranked()] == ["1", "2", "0"]


def test_that_another_metric_gives_another_order() -> None:
    layers = tuple(
        measured(name, isolated=replace(parts(0, 0), everything=replace(error(0), outputs=found)))
        for name, found in (
            ("a", deviation(0.2, agreement=0.9)),
            ("b", deviation(0.1, agreement=0.5)),
            ("c", deviation(0.3, agreement=0.9)),
        )
    )
    found = replace(sensitivity(), layers=layers)
    assert [each.layer for each in found.ranked(Metric.AGREEMENT)] == ["b", "c", "a"]


def test_that_noise_decides_where_a_metric_has_no_meaning() -> None:
    found = sensitivity(1e-3, 3e-3)
    assert [each.layer for each in found.ranked(Metric.AGREEMENT)] == ["1", "0"]


def test_that_a_layer_is_found_by_its_name() -> None:
    found = sensitivity(0.1, 0.2)
    assert found.layer("1") is found.layers[1]
    assert found.layer("2") is None


def test_that_layers_are_added_in_the_order_of_the_network() -> None:
    before = sensitivity(0.1, missing=("2", "1"))
    after = before.with_layers([measured("2", 0.3)], ["0", "1", "2"], 1.5)
    assert [each.layer for each in after.layers] == ["0", "2"]
    assert (after.missing, after.seconds) == (("1",), 1.5)
    again = after.with_layers([measured("1"), measured("0", 0.7)], ["0", "1", "2"], 1.0)
    assert [each.noise for each in again.layers] == [0.7, 0.0, 0.3]
    assert again.complete
    assert not after.complete


def test_that_layers_without_the_cumulative_error_are_missing_where_it_is_asked_for() -> None:
    layers = (measured("0", 1.0), measured("1", 2.0), measured("2", cumulative=parts(1, 1)))
    found = replace(sensitivity(missing=("3",)), layers=layers)
    assert found.without_layers_that_lack(cumulative=False) == found
    asked = found.without_layers_that_lack(cumulative=True)
    assert [each.layer for each in asked.layers] == ["2"]
    assert asked.missing == ("1", "0", "3")


def test_that_the_time_taken_makes_no_difference() -> None:
    assert replace(sensitivity(0.1), seconds=5.0) == sensitivity(0.1)


def test_that_results_are_bound_to_all_that_they_depend_on() -> None:
    others = [
        basis_of(CALIBRATION, PlanSettings(word_length=16), 16),
        basis_of(CALIBRATION, PlanSettings(), 17),
        basis_of(replace(CALIBRATION, samples=2), PlanSettings(), 16),
        basis_of(replace(CALIBRATION, fingerprint="other"), PlanSettings(), 16),
        basis_of(
            replace(CALIBRATION, data=replace(CALIBRATION.data, kind=SourceKind.NPY)),
            PlanSettings(),
            16,
        ),
    ]
    assert BASIS not in others


def test_that_an_agreement_to_run_a_file_is_not_kept() -> None:
    assert CALIBRATION.data.trusted
    assert BASIS.data.trusted == ""


def test_that_figures_read_as_their_metric_is_written() -> None:
    found = Deviation(noise=0.01, agreement=0.985, cosine=0.99871)
    assert [found.figure(each) for each in Metric] == ["20.0 dB", "98.5 %", "0.9987"]
    assert found.in_words() == "SQNR 20.0 dB, cosine 0.9987, same class on 98.5 %"
    without = replace(found, agreement=None)
    assert without.figure(Metric.AGREEMENT) == "20.0 dB"
    assert without.in_words() == "SQNR 20.0 dB, cosine 0.9987"
