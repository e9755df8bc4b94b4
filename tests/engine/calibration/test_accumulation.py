"""Adding piece by piece gives what the reference computes from all values at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantscope.core.counting.histogram import BUCKETS
from quantscope.core.counting.statistics import (
    MOST_DISTINCT,
    SMALL_TENSOR,
    TensorStatistics,
    merge_all,
)
from quantscope.core.events import BitCounts
from quantscope.engine.calibration import kernel as kernels
from quantscope.engine.calibration.accumulation import Accumulator
from quantscope.engine.calibration.kernel import NUMPY_KERNEL, Kernel

Floats = npt.NDArray[np.float32]
ANY_BITS = hnp.arrays(np.uint32, st.integers(0, 40), elements=st.integers(0, 2**32 - 1))
FEW_VALUES = st.lists(st.sampled_from([0.0, -0.0, 1.5, -3.0, np.inf, np.nan]), max_size=40)
PIECES = st.lists(
    st.one_of(
        ANY_BITS.map(lambda bits: bits.view(np.float32)),
        FEW_VALUES.map(lambda values: np.array(values, np.float32)),
    ),
    max_size=6,
)


@pytest.fixture(params=["numba", "numpy"], scope="module")
def kernel(request: pytest.FixtureRequest) -> Kernel:
    return kernels.compiled_kernel() if request.param == "numba" else NUMPY_KERNEL


def accumulated(kernel: Kernel, pieces: list[tuple[int, Floats]]) -> Accumulator:
    accumulator = Accumulator(kernel)
    for sample, piece in pieces:
        accumulator.add(piece, sample)
    return accumulator


def assert_equal(one: TensorStatistics, two: TensorStatistics) -> None:
    assert one.histogram == two.histogram
    assert one.minimum == two.minimum
    assert one.maximum == two.maximum
    assert one.growth == two.growth
    np.testing.assert_array_equal(one.near_one.counts, two.near_one.counts)
    if one.distinct is None or two.distinct is None:
        assert one.distinct is two.distinct
        return
    np.testing.assert_array_equal(one.distinct.values, two.distinct.values)
    np.testing.assert_array_equal(one.distinct.counts, two.distinct.counts)


def test_that_pieces_in_any_order_give_the_merge_of_their_references(kernel: Kernel) -> None:
    @settings(max_examples=150)
    @given(PIECES, st.randoms(use_true_random=False))
    def check(pieces: list[Floats], random: Random) -> None:
        numbered = list(enumerate(pieces))
        expected = merge_all(TensorStatistics.from_values(piece, i) for i, piece in numbered)
        assert_equal(accumulated(kernel, numbered).snapshot(), expected)
        random.shuffle(numbered)
        assert_equal(accumulated(kernel, numbered).snapshot(), expected)

    check()


@pytest.mark.parametrize("parts", [1, 2, 7, 100])
def test_that_splits_make_no_difference(kernel: Kernel, parts: int) -> None:
    values = np.random.default_rng(0).normal(size=70_001).astype(np.float32)
    values[::2] = 0.0
    pieces = [(4, piece) for piece in np.array_split(values, parts)]
    expected = TensorStatistics.from_values(values, 4)
    assert_equal(accumulated(kernel, pieces).snapshot(), expected)


@pytest.mark.parametrize("last", [1.0, 1.5])
def test_that_saturated_values_are_counted_unless_a_later_one_is_larger(
    kernel: Kernel, last: float
) -> None:
    values = np.tanh(3.0 * np.random.default_rng(1).normal(size=9_001)).astype(np.float32)
    values[-1] = last
    pieces = list(enumerate(np.array_split(values, 5)))
    expected = merge_all(TensorStatistics.from_values(piece, i) for i, piece in pieces)
    assert bool(expected.near_one) == (last == 1.0)
    assert_equal(accumulated(kernel, pieces).snapshot(), expected)


@pytest.mark.parametrize("excess", [0, 1])
def test_that_distinct_values_are_kept_up_to_their_limit(kernel: Kernel, excess: int) -> None:
    values = np.arange(MOST_DISTINCT + excess, dtype=np.float32)
    many = np.zeros(SMALL_TENSOR, np.float32)
    pieces = [(0, values[:900]), (1, values[800:]), (2, values[:3]), (3, many)]
    kept = accumulated(kernel, pieces).snapshot().distinct
    assert (kept is None) == bool(excess)
    if kept is not None:
        np.testing.assert_array_equal(kept.values, values)
        assert kept.counts.sum() == sum(len(piece) for _, piece in pieces)


@pytest.mark.parametrize("excess", [0, 1])
def test_that_all_values_of_a_small_tensor_are_kept(kernel: Kernel, excess: int) -> None:
    values = np.arange(SMALL_TENSOR + excess, dtype=np.float32)
    missing = np.float32([np.nan, np.inf, -np.inf])
    pieces = [(0, values[3_000:]), (1, missing), (2, values[:3_000])]
    kept = accumulated(kernel, pieces).snapshot().distinct
    assert (kept is None) == bool(excess)
    if kept is not None:
        np.testing.assert_array_equal(kept.values, values)


def test_that_distinct_values_once_dropped_do_not_come_back(kernel: Kernel) -> None:
    accumulator = accumulated(kernel, [(0, np.arange(SMALL_TENSOR + 1, dtype=np.float32))])
    accumulator.add(np.zeros(3, np.float32), 1)
    assert accumulator.snapshot().distinct is None


def test_that_no_values_give_the_neutral_statistics(kernel: Kernel) -> None:
    assert_equal(accumulated(kernel, []).snapshot(), TensorStatistics.empty())
    empty = np.empty((0, 3), np.float32)
    assert_equal(accumulated(kernel, [(0, empty)]).snapshot(), TensorStatistics.empty())


def test_that_an_extreme_names_the_first_sample_that_holds_it(kernel: Kernel) -> None:
    pieces = [(5, np.float32([1, 9])), (2, np.float32([9, 3])), (7, np.float32([-4, 9]))]
    snapshot = accumulated(kernel, pieces).snapshot()
    assert snapshot.minimum is not None and snapshot.maximum is not None
    assert (snapshot.minimum.sample, snapshot.maximum.sample) == (7, 2)
    assert snapshot.maximum.count == 3


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ml_dtypes.bfloat16])
def test_that_other_float_types_are_counted_as_float32(dtype: type, kernel: Kernel) -> None:
    values = np.random.default_rng(1).normal(size=(3, 50)).astype(dtype)
    expected = TensorStatistics.from_values(values.astype(np.float32), 0)
    assert_equal(accumulated(kernel, [(0, values)]).snapshot(), expected)


def test_that_doubles_beyond_float32_are_infinities(kernel: Kernel) -> None:
    snapshot = accumulated(kernel, [(0, np.array([1e300, -1e300, 2.0]))]).snapshot()
    assert snapshot.histogram.infinities == 2
    assert snapshot.maximum is not None and snapshot.maximum.value == 2.0


def test_that_values_may_lie_anywhere_in_memory(kernel: Kernel) -> None:
    values = np.random.default_rng(2).normal(size=(40, 900)).astype(np.float32)
    for part in (values.T[1:, ::2], values[3, ::2], values[5:6, 7]):
        found = accumulated(kernel, [(0, part)]).snapshot()
        assert_equal(found, TensorStatistics.from_values(part, 0))


def test_that_bit_counts_are_those_of_the_histogram(kernel: Kernel) -> None:
    every_bucket = (np.arange(BUCKETS, dtype=np.uint32) << np.uint32(16)).view(np.float32)
    accumulator = accumulated(kernel, [(0, every_bucket), (1, every_bucket[40_000:])])
    expected = accumulator.snapshot().histogram.most_significant_bits()
    np.testing.assert_array_equal(accumulator.bit_counts(), expected)
    np.testing.assert_array_equal(BitCounts.of(expected).table(), expected)


def test_that_a_snapshot_does_not_change_when_more_is_added(kernel: Kernel) -> None:
    accumulator = accumulated(kernel, [(0, np.float32([1, 2]))])
    before = accumulator.snapshot()
    accumulator.add(np.float32([1, 3, 4]), 1)
    assert_equal(before, TensorStatistics.from_values([1, 2], 0))


def test_that_threads_may_share_an_accumulator(kernel: Kernel) -> None:
    random = np.random.default_rng(4)
    pieces = [
        (sample, np.maximum(random.normal(size=size), 0).astype(np.float32))
        for sample, size in enumerate([30, 3_000, 50_000] * 8)
    ]
    accumulator = Accumulator(kernel)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(accumulator.add, piece, sample) for sample, piece in pieces]:
            done.result()
    assert_equal(accumulator.snapshot(), accumulated(kernel, pieces).snapshot())
