"""Statistics grow from a script: more samples, a stop, a merge give what one run gives."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from quantscope import STOP, Quantizer, QuantscopeError, Stopped, open_session
from quantscope.core.counting.calibration import Calibration
from quantscope.core.events import Progress
from tests.engine.models import conv_relu, save

ROWS = 200
Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def values() -> Floats:
    """Samples whose range grows, so that each is told from the next."""
    random = np.random.default_rng(3)
    growing = np.linspace(0.1, 3.0, ROWS)[:, np.newaxis, np.newaxis, np.newaxis]
    return (random.random((ROWS, 3, 16, 16)) * growing).astype(np.float32)


@pytest.fixture(scope="module")
def rows(values: Floats, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "x.npy"
    np.save(path, values)
    return path


@pytest.fixture(scope="module")
def whole(model: Path, rows: Path) -> Quantizer:
    """All samples at once."""
    quantizer = Quantizer(model)
    quantizer.calibrate(rows)
    return quantizer


def saved(quantizer: Quantizer, path: Path) -> bytes:
    return quantizer.save(path, overwrite=True).read_bytes()


def counts(calibration: Calibration) -> dict[str, Any]:
    """All that was counted, without the numbers of samples."""
    return {
        name: (
            kept.histogram.buckets.tolist(),
            kept.histogram.counts.tolist(),
            kept.minimum and (kept.minimum.value, kept.minimum.count),
            kept.maximum and (kept.maximum.value, kept.maximum.count),
        )
        for name, kept in calibration.statistics.items()
    }


def answering(answer: Callable[[Progress], object]) -> Callable[[Progress], object]:
    """A listener that answers once the first samples are counted."""
    return lambda event: answer(event) if event.stage == "calibration" and event.done else None


# ---- more samples


def test_that_a_hundred_and_a_hundred_are_two_hundred_bit_for_bit(
    model: Path, rows: Path, whole: Quantizer, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    grown = Quantizer(model, progress=heard.append)
    grown.calibrate(rows, samples=ROWS // 2)
    assert grown.calibration.samples == ROWS // 2
    half = saved(grown, tmp_path / "half.qscope")
    at_once = Quantizer(model)
    at_once.calibrate(rows, samples=ROWS)
    heard.clear()
    table = grown.calibrate_more(samples=ROWS)
    assert heard[0].done == ROWS // 2  # what was counted is not run again
    assert saved(grown, tmp_path / "a.qscope") == saved(at_once, tmp_path / "b.qscope") != half
    assert np.array_equal(table.counts, whole.ranges().counts)


def test_that_without_a_limit_the_rest_is_counted(
    model: Path, rows: Path, whole: Quantizer, tmp_path: Path
) -> None:
    quantizer = Quantizer(model)
    quantizer.calibrate(rows, samples=3)
    quantizer.save(tmp_path / "few.qscope")
    again = open_session(tmp_path / "few.qscope")
    again.calibrate_more(rows)
    assert counts(again.calibration) == counts(whole.calibration)


def test_that_samples_in_memory_are_counted_as_well(
    model: Path, values: Floats, whole: Quantizer
) -> None:
    quantizer = Quantizer(model)
    quantizer.calibrate(values[:100])
    quantizer.calibrate_more({"x": values[100:150]})
    quantizer.calibrate_more(iter(values[150:]))
    assert quantizer.calibration.samples == ROWS
    assert len(quantizer.calibration.data.added) == 2
    assert counts(quantizer.calibration) == counts(whole.calibration)


def test_that_many_parts_keep_their_order(model: Path, values: Floats) -> None:
    at_once, quantizer = Quantizer(model), Quantizer(model)
    at_once.calibrate(values[:12])
    quantizer.calibrate(values[:2])
    for part in np.split(values[2:12], 5):
        quantizer.calibrate_more(part)
    assert counts(quantizer.calibration) == counts(at_once.calibration)
    assert quantizer.convergence() == at_once.convergence()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"samples": 2}, "are not the first ones any more"),
        ({"samples": 0}, "0 is no whole number of at least 1"),
        ({"sampels": 9}, 'there is no option "sampels"'),
    ],
)
def test_that_more_that_is_less_is_one_sentence(
    calibrated: Quantizer, more: Any, words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words):
        calibrated.calibrate_more(**more)
    assert calibrated.calibration.samples == 6


def test_that_a_limit_of_several_sources_needs_the_source(
    calibrated: Quantizer, rows: Path
) -> None:
    calibrated.calibrate_more(rows, samples=2)
    with pytest.raises(QuantscopeError, match="Name the source with data as well"):
        calibrated.calibrate_more(samples=9)
    calibrated.calibrate_more(rows, samples=4)
    assert calibrated.calibration.samples == 6 + 4


def test_that_more_needs_something_to_begin_with(model: Path, samples: Floats) -> None:
    with pytest.raises(QuantscopeError, match="there is no data to calibrate with"):
        Quantizer(model).calibrate_more()
    fresh = Quantizer(model)
    fresh.calibrate_more(samples)
    assert fresh.calibration.samples == len(samples)


# ---- ending early


def test_that_a_listener_ends_a_run_that_goes_on_to_the_one_run(
    model: Path, rows: Path, whole: Quantizer, tmp_path: Path
) -> None:
    quantizer = Quantizer(model, progress=answering(lambda event: STOP))
    table = quantizer.calibrate(rows)
    kept = quantizer.calibration
    assert 0 < kept.samples < ROWS
    assert kept.left == ROWS - kept.samples
    assert (table.totals[table.tensors.index("x")]) == kept.samples * 3 * 16 * 16
    path = quantizer.save(tmp_path / "part.qscope")
    again = open_session(path)
    again.calibrate_more()
    assert saved(again, tmp_path / "a.qscope") == saved(whole, tmp_path / "b.qscope")


def test_that_what_else_a_listener_returns_ends_nothing(model: Path, samples: Floats) -> None:
    quantizer = Quantizer(model, progress=lambda event: True)
    quantizer.calibrate(samples)
    assert quantizer.calibration.left == 0


def test_that_ctrl_c_keeps_what_was_counted(model: Path, rows: Path) -> None:
    pressed: list[Progress] = []

    def press(event: Progress) -> None:
        if not pressed:
            pressed.append(event)
            signal.raise_signal(signal.SIGINT)

    quantizer = Quantizer(model, progress=answering(press))
    with pytest.raises(KeyboardInterrupt):
        quantizer.calibrate(rows)
    assert 0 < quantizer.calibration.samples < ROWS


def test_that_a_run_without_a_result_says_so(
    model: Path, samples: Floats, calibrated: Quantizer, tmp_path: Path
) -> None:
    path = calibrated.save(tmp_path / "net.qscope")
    stopping = open_session(path, progress=lambda event: STOP)
    with pytest.raises(Stopped):
        stopping.quantize(tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()
    with pytest.raises(Stopped):
        stopping.validate(samples)


def test_that_what_a_listener_raises_reaches_the_script(model: Path, samples: Floats) -> None:
    def refuse(event: Progress) -> None:
        raise LookupError(event.stage)

    with pytest.raises(LookupError, match="calibration"):
        Quantizer(model, progress=refuse).calibrate(samples)


def test_that_a_run_ends_when_exponents_are_at_rest(model: Path, values: Floats) -> None:
    same = np.repeat(values[:1], 40, axis=0)
    quantizer = Quantizer(model)
    quantizer.calibrate(same, stop_when_stable=8)
    assert (quantizer.calibration.samples, quantizer.calibration.left) == (16, 24)
    quantizer.calibrate_more(stop_when_stable=12)
    assert quantizer.calibration.samples == 24
    quantizer.calibrate_more()
    assert (quantizer.calibration.samples, quantizer.calibration.left) == (40, 0)


# ---- what it will take, and whether it was enough


def test_that_convergence_tells_ranges_that_still_grow(whole: Quantizer) -> None:
    found = whole.convergence()
    assert [each.samples for each in found.checkpoints] == [2, 4, 8, 16, 32, 64, 128, 200]
    assert found.checkpoints[-1].ranges > found.tensors // 2
    assert found.sentence()


def test_that_a_forecast_runs_a_few_samples_and_keeps_nothing(model: Path, rows: Path) -> None:
    quantizer = Quantizer(model)
    found = quantizer.forecast(rows, samples=150)
    assert (found.samples, found.tried > 0) == (150, True)
    assert found.seconds is not None and found.seconds > 0.0 < found.memory
    assert "150 samples" in found.sentence()
    with pytest.raises(QuantscopeError, match="no statistics"):
        _ = quantizer.calibration


# ---- merging


def test_that_merged_runs_are_one_run_in_any_order(
    model: Path, values: Floats, tmp_path: Path
) -> None:
    files = []
    for number, part in enumerate(np.split(values[:150], 3)):
        quantizer = Quantizer(model)
        quantizer.calibrate(part, keep_in=tmp_path / f"part-{number}")
        files.append(quantizer.save(tmp_path / f"{number}.qscope"))
    at_once, first, last = Quantizer(model), open_session(files[0]), open_session(files[2])
    at_once.calibrate(values[:150])
    first.configure(scheme="histogram")
    table = first.merge(files[1], open_session(files[2]))
    last.merge(*files[:2])
    assert np.array_equal(table.counts, at_once.ranges().counts)
    assert counts(first.calibration) == counts(last.calibration) == counts(at_once.calibration)
    assert first.calibration.sample_names == last.calibration.sample_names
    assert first.settings.scheme.value == "histogram"
    report = first.quantize(tmp_path / "net.onnx")
    assert report.samples == 32


def test_that_samples_in_memory_of_another_quantizer_outlive_it(
    model: Path, values: Floats, tmp_path: Path
) -> None:
    def another() -> Quantizer:
        quantizer = Quantizer(model)
        quantizer.calibrate(values[:4])
        return quantizer

    quantizer = Quantizer(model)
    quantizer.calibrate(values[4:8])
    quantizer.merge(another())
    assert quantizer.quantize(tmp_path / "net.onnx").samples == 8


def test_that_what_does_not_go_together_is_one_sentence(
    calibrated: Quantizer, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(QuantscopeError, match="would count twice"):
        calibrated.merge(calibrated)
    other = Quantizer(save(conv_relu(), tmp_path, "tiny.onnx"))
    other.calibrate("random", samples=2)
    with pytest.raises(QuantscopeError, match="another network"):
        calibrated.merge(other)
    with pytest.raises(QuantscopeError, match="no statistics of this network"):
        calibrated.merge(Quantizer(model))
    assert calibrated.calibration.samples == 6
