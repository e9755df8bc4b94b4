"""The curve says how many ranges and exponents the samples between two checkpoints moved."""

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.convergence import convergence_of, last_move
from quantscope.core.counting.growth import Growth
from quantscope.core.counting.statistics import TensorStatistics, merge_all
from quantscope.core.data.description import DataDescription, SourceKind

DATA = DataDescription(kind=SourceKind.RANDOM)


def calibration_of(*rows):
    """Each row: the values of one tensor, sample by sample."""
    samples = len(rows[0]) if rows else 0
    statistics = {
        str(number): merge_all(TensorStatistics.from_values([v], i) for i, v in enumerate(row))
        for number, row in enumerate(rows)
    }
    statistics["weights"] = TensorStatistics.of_parameter([9.0])
    return Calibration("f", DATA, samples, tuple(map(str, range(samples))), statistics)


def test_that_the_samples_between_checkpoints_double():
    found = convergence_of(calibration_of([1.0] * 11)).checkpoints
    assert [(each.since, each.samples) for each in found] == [(1, 2), (2, 4), (4, 8), (8, 11)]


def test_that_a_range_may_move_without_its_exponent():
    found = convergence_of(calibration_of([1.0, 1.5, 1.6, 3.0], [1.0, 1.01, -1.0, -1.9]))
    first, second = found.checkpoints
    assert (first.ranges, first.exponents) == (1, 0)
    assert (second.ranges, second.exponents) == (2, 1)
    assert found.tensors == 2
    assert found.quiet == 0


def test_that_growth_is_in_bits_of_the_largest_magnitude():
    found = convergence_of(calibration_of([1.0, 4.0, -16.0], [1.0, 1.0, 1.0], [0.0, 0.0, 5.0]))
    assert [each.bits for each in found.checkpoints] == [1.0, 1.0]
    assert found.checkpoints[1].bits_per_sample == 1.0
    assert found.checkpoints[1].ranges == 2


def test_that_quiet_samples_are_counted_from_the_last_that_moved_an_exponent():
    assert convergence_of(calibration_of([1.0, 1.2, 2.5, 2.0, 3.0])).quiet == 2
    assert convergence_of(calibration_of([1.0, 1.0, 1.0])).quiet == 2


@pytest.mark.parametrize("rows", [(), ([],), ([7.0],)])
def test_that_up_to_one_sample_gives_no_curve(rows):
    found = convergence_of(calibration_of(*rows))
    assert (found.checkpoints, found.quiet) == ((), 0)


def test_that_the_last_move_is_that_of_any_tensor():
    grown = [Growth.of(0.0, 1.0, 3), Growth.of(-2.0, 1.0, 5), Growth()]
    assert last_move(grown) == 5
    assert last_move([]) == 0


def test_that_normal_data_comes_to_rest():
    rng = np.random.default_rng(0)
    kept = [TensorStatistics.from_values(rng.normal(size=1_000), i) for i in range(200)]
    calibration = Calibration("f", DATA, 200, ("x",) * 200, {"a": merge_all(kept)})
    found = convergence_of(calibration)
    assert found.quiet > 100
    assert found.checkpoints[-1].exponents == 0


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ([1.0], "One sample says nothing about what the next would change."),
        ([1.0, 1.0, 1.0], "At rest: no exponent moved from sample 3 to 3."),
        (
            [1.0, 1.0, 9.0, 1.0],
            "1 of 1 exponents still moved from sample 3 to 4; the last 1 samples moved none.",
        ),
        ([1.0, 1.0, 9.0], "1 of 1 exponents still moved from sample 3 to 3; the last too."),
    ],
)
def test_that_the_curve_comes_to_a_sentence(row, sentence):
    assert convergence_of(calibration_of(row)).sentence() == sentence
