"""The compiled kernel and the numpy path count the same for every bit pattern."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quantscope.core.counting.histogram import BUCKETS, BitHistogram
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.engine.calibration import kernel as kernels
from quantscope.engine.calibration.kernel import NUMPY_KERNEL, Extremes, Kernel, value_of_key

Bits = npt.NDArray[np.uint32]
SPECIAL = np.array(
    [0.0, -0.0, 1e-45, -1e-45, 6.0, -6.0, 3.4028235e38, -3.4028235e38, np.inf, -np.inf, np.nan],
    np.float32,
).view(np.uint32)
PATTERNS = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from(SPECIAL.tolist()))
BITS = st.one_of(
    hnp.arrays(np.uint32, st.integers(0, 80), elements=PATTERNS),
    st.integers(0, 2**32).map(
        lambda seed: np.random.default_rng(seed).choice(SPECIAL, 5_000).astype(np.uint32)
    ),
)


@pytest.fixture(scope="module")
def compiled() -> Kernel:
    return kernels.compiled_kernel()


@pytest.fixture(params=["direct", "lanes"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Few values are counted directly, many in lanes: force one."""
    monkeypatch.setattr(kernels, "LANES_FROM", 0 if request.param == "lanes" else 1 << 40)
    return str(request.param)


def counted(kernel: Kernel, bits: Bits) -> tuple[Extremes, npt.NDArray[np.int64]]:
    counters = np.zeros(BUCKETS, np.int64)
    return kernel.count(bits, counters, threading.Lock()), counters


def tallied(kernel: Kernel, parts: list[Bits], most: int) -> dict[int, int] | None:
    slots = 2 << most.bit_length()
    keys, counts, used = np.zeros(slots, np.uint32), np.zeros(slots, np.int64), 0
    for part in parts:
        used = kernel.tally(part, keys, counts, used, most)
        if used < 0:
            return None
    taken = counts > 0
    assert used == np.count_nonzero(taken)
    return dict(zip(keys[taken].tolist(), counts[taken].tolist(), strict=True))


def assert_same(one: tuple[Extremes, npt.NDArray[np.int64]], two: object) -> None:
    assert isinstance(two, tuple)
    assert one[0] == two[0] or not (one[0][1] or two[0][1])
    np.testing.assert_array_equal(one[1], two[1])


def assert_true_to_core(kernel: Kernel, bits: Bits) -> None:
    """Counts and extremes are those of the reference in core."""
    (low, low_count, high, high_count), counters = counted(kernel, bits)
    reference = TensorStatistics.from_values(bits.view(np.float32))
    assert BitHistogram.from_dense(counters) == reference.histogram
    if reference.minimum is None or reference.maximum is None:
        assert low_count == high_count == 0
        return
    assert (value_of_key(low), low_count) == (reference.minimum.value, reference.minimum.count)
    assert (value_of_key(high), high_count) == (reference.maximum.value, reference.maximum.count)


@pytest.mark.usefixtures("way")
def test_that_both_paths_agree_with_the_reference_on_any_bits(compiled: Kernel) -> None:
    @settings(max_examples=150, deadline=None)
    @given(BITS)
    def check(bits: Bits) -> None:
        for kernel in (compiled, NUMPY_KERNEL):
            assert_true_to_core(kernel, bits)
        assert_same(counted(compiled, bits), counted(NUMPY_KERNEL, bits))

    check()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("low_bits", [0, 1, 0x7FFF, 0xFFFF])
def test_that_every_bucket_is_counted_by_both_paths(compiled: Kernel, low_bits: int) -> None:
    bits = (np.arange(BUCKETS, dtype=np.uint32) << np.uint32(16)) | np.uint32(low_bits)
    for kernel in (compiled, NUMPY_KERNEL):
        extremes, counters = counted(kernel, bits)
        np.testing.assert_array_equal(counters, 1)
        assert_same((extremes, counters), counted(NUMPY_KERNEL, bits))


@pytest.mark.parametrize("length", [0, 1, 2, 4095, 4096, 4097, 8193, 20_479, 20_480, 300_001])
def test_that_no_length_loses_a_value(compiled: Kernel, length: int) -> None:
    values = np.random.default_rng(length).normal(size=length).astype(np.float32)
    values[::3] = 0.0
    for kernel in (compiled, NUMPY_KERNEL):
        assert_true_to_core(kernel, values.view(np.uint32))


@pytest.mark.usefixtures("way")
def test_that_lanes_are_empty_after_each_tensor(compiled: Kernel) -> None:
    positive = np.arange(1, 5_000, dtype=np.float32).view(np.uint32)
    negative = np.full(5_000, np.nan, np.float32).view(np.uint32) | np.uint32(1 << 31)
    for bits in (positive, negative, positive):
        assert_same(counted(compiled, bits), counted(NUMPY_KERNEL, bits))


def test_that_extremes_count_over_chunks_in_which_they_recur(compiled: Kernel) -> None:
    values = np.random.default_rng(3).uniform(-1, 1, 50_000).astype(np.float32)
    values[[7, 20_000, 49_999]] = 6.0
    values[[11, 12]] = -6.0
    values[30_000] = np.nan
    for kernel in (compiled, NUMPY_KERNEL):
        low, low_count, high, high_count = counted(kernel, values.view(np.uint32))[0]
        assert (value_of_key(low), low_count) == (-6.0, 2)
        assert (value_of_key(high), high_count) == (6.0, 3)


def test_that_zeros_of_either_sign_are_one_extreme(compiled: Kernel) -> None:
    bits = np.array([-0.0, 0.0, -0.0, -1.0], np.float32).view(np.uint32)
    for kernel in (compiled, NUMPY_KERNEL):
        assert counted(kernel, bits)[0][2:] == (0, 3)
        assert counted(kernel, bits[:3])[0] == (0, 3, 0, 3)


def test_that_keys_order_values_and_lead_back_to_them() -> None:
    keys = [-0x7F7FFFFF, -0x3F800000, -1, 0, 1, 0x3F800000, 0x7F7FFFFF]
    values = [value_of_key(key) for key in keys]
    assert values == sorted(values)
    assert values[1] == -1.0 and values[3] == 0.0 and values[5] == 1.0


@settings(max_examples=150, deadline=None)
@given(st.lists(BITS, max_size=4), st.integers(4, 40))
def test_that_both_paths_tally_the_same_distinct_values(parts: list[Bits], most: int) -> None:
    one = tallied(kernels.compiled_kernel(), parts, most)
    assert one == tallied(NUMPY_KERNEL, parts, most)
    every = np.concatenate([*parts, np.empty(0, np.uint32)]).view(np.float32)
    finite = every[np.isfinite(every)] + np.float32(0.0)
    values, counts = np.unique(finite, return_counts=True)
    expected = dict(zip(values.view(np.uint32).tolist(), counts.tolist(), strict=True))
    assert one == (expected if len(expected) <= most else None)


def test_that_a_full_table_still_counts_the_values_it_holds(compiled: Kernel) -> None:
    values = np.arange(7, dtype=np.float32).view(np.uint32)
    for kernel in (compiled, NUMPY_KERNEL):
        again = tallied(kernel, [values, values], 7)
        assert again is not None and set(again.values()) == {2}
        assert tallied(kernel, [values, np.float32([9]).view(np.uint32)], 7) is None


# ---- which kernel is used ----


def test_that_the_compiled_kernel_is_used_where_numba_is_there() -> None:
    kernel = kernels.fastest_kernel()
    assert (kernel.name, kernel.reason) == ("numba", "")


def test_that_numpy_counts_where_numba_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Kernel:
        raise ImportError("no numba here")

    monkeypatch.setattr(kernels, "compiled_kernel", broken)
    kernel = kernels.fastest_kernel.__wrapped__()
    assert kernel.count is NUMPY_KERNEL.count
    assert kernel.reason == "ImportError: no numba here"


def test_that_numpy_counts_where_compiled_code_miscounts(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Kernel("numba", lambda bits, counters, lock: (0, 1, 0, 1), NUMPY_KERNEL.tally)
    monkeypatch.setattr(kernels, "compiled_kernel", lambda: wrong)
    kernel = kernels.fastest_kernel.__wrapped__()
    assert kernel.count is NUMPY_KERNEL.count
    assert "wrongly" in kernel.reason


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_CACHE_HOME", "quantscope"),
        ("win32", "LOCALAPPDATA", "quantscope"),
        ("darwin", "", "Library/Caches/quantscope"),
    ],
)
def test_that_the_cache_lies_where_the_system_wants_caches(
    platform: str, variable: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert kernels.cache_folder() == tmp_path / expected


def test_that_compiled_code_is_kept_in_the_given_folder_for_the_next_start(tmp_path: Path) -> None:
    script = (
        "from quantscope.engine.calibration import compiled, kernel\n"
        "assert kernel.fastest_kernel().name == 'numba'\n"
        "stats = compiled.count.stats\n"
        "assert (stats.cache_hits.total() > 0) == {hit}, stats\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for hit in (False, True):
        command = [sys.executable, "-c", script.format(hit=hit)]
        subprocess.run(command, check=True, env=environment, timeout=120)
        assert list(tmp_path.rglob("*.nbi"))
