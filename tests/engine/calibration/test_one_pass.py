"""One pass over the data counts what the network really computes, the same in every order."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.networks.network import Role, Tensor
from quantscope.engine.calibration import forecast
from quantscope.engine.calibration.counting import Counting
from quantscope.engine.calibration.forecast import worker_count
from quantscope.engine.calibration.one_pass import Pace, calibrate
from tests.engine.text_networks import (
    BY_VALUE,
    IN_PLACE,
    SMALL,
    VARYING,
    Samples,
    assert_equal,
    prepared,
    reference,
    rows,
    run,
    tensors_of,
)

ROOT = Path(__file__).parents[3]


# ---- the values are those that the network computes ----


def test_that_statistics_are_those_of_an_independent_evaluation() -> None:
    network, data = prepared(SMALL.replace("BATCH", "N")), rows(7, (1, 6))
    (found, done), _ = run(network, data)
    assert done == 7
    assert_equal(found, reference(network, data))


def test_that_only_the_named_tensors_are_counted() -> None:
    network, data = prepared(SMALL.replace("BATCH", "N")), rows(3, (1, 6))
    (found, _), _ = run(network, data, ["a", "x"])
    expected = reference(network, data)
    assert_equal(found, {"a": expected["a"], "x": expected["x"]})


def test_that_inputs_alone_can_be_counted() -> None:
    network, data = prepared(SMALL.replace("BATCH", "N")), rows(3, (1, 6))
    (found, _), _ = run(network, data, ["x"])
    assert_equal(found, {"x": reference(network, data)["x"]})


def test_that_values_that_are_not_finite_are_counted_and_raise_nothing() -> None:
    text = """<ir_version: 9, opset_import: ["": 17]>
    g (float[N, 6] x) => (float[N, 6] y) { y = Log(x) }"""
    data = [{"x": np.float32([[0, -1, 1, 0, 2, -3]])}]
    histogram = run(prepared(text), data)[0][0]["y"].histogram
    assert (histogram.infinities, histogram.not_a_number) == (2, 2)


@pytest.mark.parametrize(("kind", "dtype"), [("float16", np.float16), ("double", np.float64)])
def test_that_other_float_types_are_logged_as_float32(kind: str, dtype: type) -> None:
    text = SMALL.replace("BATCH", "N").replace("float[", f"{kind}[")
    network, data = prepared(text), rows(6, (1, 6), dtype=dtype)
    (found, _), _ = run(network, data)
    assert set(found) == {"x", "a", "b", "c", "y"}
    assert_equal(found, reference(network, data))


# ---- bit for bit ----


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_that_threads_and_repetition_change_no_bit(workers: int) -> None:
    network, data = prepared(IN_PLACE), rows(23, (1, 8))
    (expected, _), _ = run(network, data, workers=1)
    (found, done), _ = run(network, data, workers=workers)
    assert done == 23
    assert_equal(found, expected)


def test_that_the_order_of_samples_changes_only_their_numbers() -> None:
    network, data = prepared(IN_PLACE), rows(9, (1, 8))
    (forward, _), _ = run(network, data)
    (backward, _), _ = run(network, data[::-1])
    for name, one in forward.items():
        two = backward[name]
        assert one.histogram == two.histogram
        for end, other in ((one.minimum, two.minimum), (one.maximum, two.maximum)):
            assert end is not None and other is not None
            assert (end.value, end.count) == (other.value, other.count)
            assert end.count > 1 or end.sample == 8 - other.sample


def test_that_two_halves_merge_to_the_whole() -> None:
    network, data = prepared(IN_PLACE), rows(10, (1, 8))
    (whole, _), _ = run(network, data)
    (first, _), _ = run(network, data[:4])
    (second, _), _ = run(network, data[4:])
    for name, statistics in whole.items():
        merged = first[name].merge(second[name])
        assert merged.histogram == statistics.histogram
        assert merged.distinct is not None and statistics.distinct is not None
        np.testing.assert_array_equal(merged.distinct.counts, statistics.distinct.counts)


@pytest.mark.parametrize("count", [1, 8, 10])
def test_that_a_fixed_batch_gives_what_single_samples_give(count: int) -> None:
    data = rows(count, (1, 6))
    (single, _), _ = run(prepared(SMALL.replace("BATCH", "N")), data)
    (stacked, done), _ = run(prepared(SMALL.replace("BATCH", "4")), data)
    assert done == count
    assert_equal(stacked, single)


def test_that_a_batch_is_found_where_a_layer_moved_it() -> None:
    text = """<ir_version: 9, opset_import: ["": 17]>
    g (float[N, 2, 3] x) => (float[N, 3, 2] y) <int64[2] wide = {0, -1}, int64[2] flat = {-1, 3}>
    {
        moved = Transpose<perm = [1, 0, 2]>(x)
        joined = Reshape(x, flat)
        y = Transpose<perm = [0, 2, 1]>(x)
    }"""
    data = rows(10, (1, 2, 3))
    (single, _), _ = run(prepared(text), data)
    (stacked, _), _ = run(prepared(text.replace("[N,", "[4,")), data)
    assert_equal(stacked, single)


# ---- shapes ----


def test_that_samples_of_varying_shape_are_counted_together() -> None:
    network = prepared(VARYING)
    lengths = [3, 3, 3, 5, 5, 3, 7, 7, 9, 9, 11, 11, 3, 4, 13, 13, 13, 3, 3]
    data = [rows(1, (1, length), seed)[0] for seed, length in enumerate(lengths)]
    for workers in (1, 3):
        (found, done), _ = run(network, data, workers=workers)
        assert done == len(lengths)
        assert_equal(found, reference(network, data))


def test_that_shapes_that_depend_on_values_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    network, data = prepared(BY_VALUE), rows(9, (1, 6))
    (found, done), _ = run(network, data, ["x", "a", "y"], workers=1)
    kept = [np.maximum(row["x"], 0)[row["x"] > 0] for row in data]
    assert done == 9
    assert found["y"].histogram.total == sum(part.size for part in kept)
    assert found["y"].histogram == TensorStatistics.from_values(np.concatenate(kept)).histogram
    assert capfd.readouterr().err == ""


def test_that_a_sample_that_the_network_refuses_is_named() -> None:
    data = [*rows(2, (1, 6)), *rows(1, (1, 5))]
    with pytest.raises(QuantscopeError, match="^rows.npy, row 2: "):
        run(prepared(SMALL.replace("BATCH", "N")), data)


# ---- cancel, progress, live counts ----


@pytest.mark.parametrize("workers", [1, 3])
def test_that_stopping_keeps_the_samples_done(workers: int) -> None:
    network, data, asked = prepared(IN_PLACE), rows(50, (1, 8)), []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 6

    (found, done), events = run(network, data, stop=stop, workers=workers)
    assert 0 < done < 50
    assert_equal(found, run(network, data[:done])[0][0])
    assert isinstance(events[-1], Progress) and events[-1].done == done


def test_that_stopping_at_once_gives_empty_statistics() -> None:
    (found, done), _ = run(prepared(IN_PLACE), rows(5, (1, 8)), stop=lambda: True)
    assert done == 0
    assert_equal(found, {name: TensorStatistics.empty() for name in found})


def test_that_an_abandoned_calibration_reads_no_more() -> None:
    source = Samples(rows(40, (1, 8)))
    network = prepared(IN_PLACE)
    running = calibrate(network, source, tensors_of(network))
    next(running)
    running.close()
    assert len(source.read) < 40


def test_that_samples_are_read_once_in_order() -> None:
    source = Samples(rows(12, (1, 8)))
    network = prepared(IN_PLACE)
    list(calibrate(network, source, tensors_of(network)))
    assert source.read == list(range(12))


def test_that_progress_ends_with_all_samples_and_the_last_live_counts() -> None:
    (found, _), events = run(prepared(IN_PLACE), rows(12, (1, 8)))
    first, last = events[0], events[-1]
    assert isinstance(first, Progress) and (first.done, first.total) == (0, 12)
    assert isinstance(last, Progress) and (last.stage, last.done) == ("calibration", 12)
    assert last.rate > 0 and last.remaining == 0
    live = [event for event in events if isinstance(event, LiveCounts)]
    assert live[-1].samples == 12
    for name, counts in live[-1].counts.items():
        expected = found[name].histogram.most_significant_bits()
        np.testing.assert_array_equal(counts.table(), expected)


def test_that_events_come_at_most_ten_times_a_second() -> None:
    clock = 0.0
    pace = Pace(1_000, lambda: clock)
    times: dict[type, list[float]] = {Progress: [], LiveCounts: []}
    for step in range(1_000):
        clock = step * 0.013
        for event in pace.events(step, Counting([], {})):
            times[type(event)].append(clock)
    assert np.diff(times[Progress]).min() >= 0.1
    assert np.diff(times[LiveCounts]).min() >= 0.25
    assert len(times[Progress]) > 100 and len(times[LiveCounts]) > 30


def test_that_rate_and_remaining_time_follow_the_clock() -> None:
    clock = 10.0
    pace = Pace(200, lambda: clock)
    assert (pace.progress(0).rate, pace.progress(0).remaining) == (0.0, 0.0)
    clock = 12.0
    pace.restart()
    clock = 17.0
    progress = pace.progress(50)
    assert (progress.rate, progress.remaining) == (10.0, 15.0)


# ---- memory ----

MEMORY = """
import resource, sys
import numpy as np
from tests.engine.text_networks import IN_PLACE, prepared, run
WIDE = IN_PLACE.replace("8] x", "80000] x").replace("8] y", "80000] y")
WIDE = WIDE.replace("-1, 8", "-1, 80000")
row = {"x": np.random.default_rng(0).normal(size=(1, 80000)).astype(np.float32)}
run(prepared(WIDE), [row] * int(sys.argv[1]), workers=2)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(peak * (1 if sys.platform == "darwin" else 1024))
"""


def test_that_four_times_the_samples_need_no_more_memory() -> None:
    pytest.importorskip("resource")
    peaks = []
    for count in (15, 60):
        command = [sys.executable, "-c", MEMORY, str(count)]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=120, cwd=ROOT
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 8 << 20


def test_that_fewer_samples_run_side_by_side_where_their_tensors_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape: tuple[int | str, ...] = ("N", 1 << 20)
    tensor = Tensor(name="a", role=Role.ACTIVATION, layer="l", shape=shape, dtype="float32")
    network = replace(prepared(IN_PLACE).network, tensors={"a": tensor})
    memory = SimpleNamespace(available=100 << 20)
    monkeypatch.setattr(forecast.psutil, "virtual_memory", lambda: memory)
    monkeypatch.setattr(forecast.os, "cpu_count", lambda: 7)
    assert worker_count(network, ["a"]) == 6
    assert worker_count(network, ["a"] * 100) == 1
    assert worker_count(network, []) == 7
