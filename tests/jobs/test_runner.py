"""A job ends with exactly one result, whatever the engine does."""

import itertools
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    CheckData,
    DataChecked,
    Describe,
    Described,
    Event,
    Export,
    Exported,
    Failed,
    Request,
    from_line,
)
from quantscope.jobs.runner import run
from quantscope.session.calibration_file import read_calibration, write_calibration
from tests.jobs import stub_engine
from tests.session.examples import FINGERPRINT, RANDOM_DATA, small_calibration, small_network


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quantscope.engine.tasks", stub_engine)
    monkeypatch.setattr("quantscope.engine.tasks", stub_engine, raising=False)


def never() -> bool:
    return False


def after(questions: int) -> Callable[[], bool]:
    """Says stop from that question on."""
    asked = itertools.count()
    return lambda: next(asked) >= questions


def events_of(request: Request, stop: Callable[[], bool] = never) -> list[Event]:
    """All events, of which the last and no other must be a result."""
    events = list(run(request, stop))
    assert [isinstance(event, Progress | LiveCounts) for event in events] == [True] * (
        len(events) - 1
    ) + [False]
    return events


def calibrate(folder: Path, model: str = "small", **options: bool) -> Calibrate:
    output = str(folder / "statistics.npz")
    return Calibrate(model=model, data=RANDOM_DATA, output=output, **options)


def export(folder: Path) -> Export:
    write_calibration(folder / "statistics.npz", small_calibration())
    return Export(
        model="small",
        calibration=str(folder / "statistics.npz"),
        settings=PlanSettings(target="fixed-point"),
        output="out.onnx",
        verification_samples=3,
    )


def test_that_a_model_is_described() -> None:
    assert events_of(Describe(model="small")) == [Described(network=small_network())]


def test_that_data_is_checked_and_guessed() -> None:
    data = DataDescription(kind=SourceKind.IMAGES, path="a.npy")
    (checked,) = events_of(CheckData(model="small", data=data, guess=True, sample=1))
    assert isinstance(checked, DataChecked)
    assert (checked.data.kind, checked.check.samples) == (SourceKind.NPY, 2)
    assert checked.check.number == 1


def test_that_a_calibration_is_written_where_asked(tmp_path: Path) -> None:
    *events, result = events_of(calibrate(tmp_path))
    assert events[0] == Progress("Calibrating", 1, 2)
    assert isinstance(events[-1], LiveCounts)
    assert isinstance(result, Calibrated)
    assert (result.output, result.samples) == (str(tmp_path / "statistics.npz"), 2)
    assert result.seconds > 0.0
    assert read_calibration(result.output).fingerprint == "all"


def test_that_the_wish_to_log_less_reaches_the_engine(tmp_path: Path) -> None:
    result = events_of(calibrate(tmp_path, only_quantized=True))[-1]
    assert isinstance(result, Calibrated)
    assert read_calibration(result.output).fingerprint == "quantized"


def test_that_the_preparation_reaches_the_engine(tmp_path: Path) -> None:
    chosen = PreparationChoices(equalize=True)
    (described,) = events_of(Describe(model="small", preparation=chosen))
    network = small_network(chosen.fingerprint(FINGERPRINT))
    assert described == Described(network=network)
    events_of(replace(calibrate(tmp_path), preparation=chosen))
    kept = read_calibration(tmp_path / "statistics.npz")
    assert kept.fingerprint == chosen.fingerprint("all")
    *_, exported = events_of(replace(export(tmp_path), preparation=chosen))
    assert isinstance(exported, Exported)
    assert exported.report.notes == (str(chosen),)


def test_that_a_request_without_a_preparation_asks_for_the_usual_one() -> None:
    line = '{"job":1,"request":{"class":"Describe","model":"small"}}'
    assert from_line(line).request == Describe(model="small", preparation=PreparationChoices())


def test_that_a_cancelled_calibration_keeps_the_samples_done(tmp_path: Path) -> None:
    request = calibrate(tmp_path, "endless")
    result = events_of(request, after(4))[-1]
    assert result == Cancelled(samples=3, output=request.output)
    assert read_calibration(request.output).samples == 3


def test_that_a_calibration_cancelled_before_its_first_sample_writes_nothing(
    tmp_path: Path,
) -> None:
    assert events_of(calibrate(tmp_path, "endless"), after(1)) == [Cancelled()]
    assert list(tmp_path.iterdir()) == []


def test_that_a_job_cancelled_while_it_waited_does_not_begin() -> None:
    assert events_of(Describe(model="bad"), after(0)) == [Cancelled()]


def test_that_a_calibration_that_cannot_be_written_fails_with_the_file_named(
    tmp_path: Path,
) -> None:
    request = calibrate(tmp_path / "nowhere")
    result = events_of(request)[-1]
    assert isinstance(result, Failed)
    assert result.problem.where == request.output
    assert result.details == ""


def test_that_an_export_reports(tmp_path: Path) -> None:
    *events, result = events_of(export(tmp_path))
    assert events == [Progress("Verifying", done, 3) for done in (1, 2, 3)]
    assert isinstance(result, Exported)
    report = result.report
    assert (report.path, report.target, report.samples) == ("out.onnx", "fixed-point", 2)


def test_that_an_export_can_be_cancelled(tmp_path: Path) -> None:
    events = events_of(export(tmp_path), after(2))
    assert events == [Progress("Verifying", 1, 3), Cancelled()]


def test_that_an_export_without_its_calibration_fails_with_the_file_named(tmp_path: Path) -> None:
    request = export(tmp_path)
    Path(request.calibration).unlink()
    (result,) = events_of(request)
    assert isinstance(result, Failed)
    assert result.problem.where == request.calibration


def test_that_an_input_at_fault_is_a_sentence_without_a_traceback() -> None:
    (result,) = events_of(Describe(model="bad"))
    assert isinstance(result, Failed)
    assert result.problem.sentence() == "bad: is not ONNX. Open another file."
    assert result.details == ""


def test_that_a_defect_of_ours_is_a_sentence_with_a_traceback() -> None:
    (result,) = events_of(Describe(model="defect"))
    assert isinstance(result, Failed)
    assert "Quantscope failed with KeyError ('forgotten')" in result.problem.sentence()
    assert "in describe" in result.details


def test_that_too_little_memory_is_said_in_words() -> None:
    (result,) = events_of(Describe(model="huge"))
    assert isinstance(result, Failed)
    assert "memory of this computer does not suffice" in result.problem.sentence()
    assert "MemoryError" in result.details


# ---- inline --------------------------------------------------------------------------------------


def test_that_the_job_in_this_process_returns_its_result_and_tells_the_rest(
    tmp_path: Path,
) -> None:
    heard: list[Event] = []
    result = run_inline(calibrate(tmp_path), heard.append)
    assert isinstance(result, Calibrated)
    assert heard == events_of(calibrate(tmp_path))[:-1]


def test_that_the_job_in_this_process_needs_no_listener(tmp_path: Path) -> None:
    assert isinstance(run_inline(calibrate(tmp_path)), Calibrated)


def test_that_a_failed_job_in_this_process_raises_its_problem() -> None:
    with pytest.raises(QuantscopeError, match="bad: is not ONNX") as caught:
        run_inline(Describe(model="bad"))
    assert not hasattr(caught.value, "__notes__")


def test_that_a_defect_in_this_process_carries_its_traceback_as_a_note() -> None:
    with pytest.raises(QuantscopeError, match="KeyError") as caught:
        run_inline(Describe(model="defect"))
    assert "in describe" in caught.value.__notes__[0]


def test_that_the_first_interrupt_cancels_and_keeps_what_was_done(tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 3:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    result = run_inline(calibrate(tmp_path, "endless"), interrupt)
    assert result == Cancelled(samples=3, output=str(tmp_path / "statistics.npz"))
    assert signal.getsignal(signal.SIGINT) is before


def test_that_the_second_interrupt_ends_the_job_at_once(tmp_path: Path) -> None:
    def interrupt(_: Event) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_inline(calibrate(tmp_path, "endless"), interrupt)
    assert list(tmp_path.iterdir()) == []


def test_that_a_job_runs_in_a_thread_that_hears_no_signals() -> None:
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(run_inline(Describe(model="small"))))
    thread.start()
    thread.join()
    assert results == [Described(network=small_network())]
