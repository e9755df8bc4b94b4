"""The worker over real pipes: one result for each job, whatever comes in or is printed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quantscope.core.events import LiveCounts, Progress
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    Describe,
    Described,
    Envelope,
    Failed,
    to_line,
)
from quantscope.jobs.worker import Throttle
from quantscope.session.calibration_file import read_calibration
from tests.jobs.worker_pipes import PATIENCE, REAL, STUB, WorkerPipes
from tests.session.examples import RANDOM_DATA, small_network

SMALL = Described(network=small_network())


@pytest.fixture(scope="module")
def living() -> Iterator[WorkerPipes]:
    """One worker for all tests that it must survive."""
    with WorkerPipes() as worker:
        yield worker


def endless(folder: Path) -> Calibrate:
    output = str(folder / "statistics.npz")
    return Calibrate(model="endless", data=RANDOM_DATA, output=output)


def test_that_jobs_are_done_one_after_the_other() -> None:
    with WorkerPipes() as worker:
        for job in (1, 2, 3):
            worker.send(job, Describe(model="small"))
        assert [worker.next() for _ in range(3)] == [(1, SMALL), (2, SMALL), (3, SMALL)]


def test_that_a_job_tells_its_progress_and_then_its_result(tmp_path: Path) -> None:
    request = Calibrate(model="small", data=RANDOM_DATA, output=str(tmp_path / "a.npz"))
    with WorkerPipes() as worker:
        worker.send(5, request)
        assert worker.next() == (5, Progress("Calibrating", 1, 2))
        result = worker.result(5)
    assert isinstance(result, Calibrated)
    assert read_calibration(result.output).samples == 2


def test_that_a_bad_file_is_a_sentence() -> None:
    with WorkerPipes() as worker:
        worker.send(1, Describe(model="bad"))
        result = worker.result(1)
    assert isinstance(result, Failed)
    assert result.problem.sentence() == "bad: is not ONNX. Open another file."


def test_that_a_defect_is_told_with_details_and_the_worker_lives_on() -> None:
    with WorkerPipes() as worker:
        worker.send(1, Describe(model="defect"))
        result = worker.result(1)
        worker.send(2, Describe(model="small"))
        assert worker.result(2) == SMALL
    assert isinstance(result, Failed)
    assert "KeyError: 'forgotten'" in result.details


def test_that_an_event_that_no_line_can_hold_is_a_failure_and_the_worker_lives_on() -> None:
    with WorkerPipes() as worker:
        worker.send(1, Describe(model="unwritable"))
        result = worker.result(1)
        worker.send(2, Describe(model="small"))
        assert worker.result(2) == SMALL
    assert isinstance(result, Failed)
    assert "cannot be written as JSON" in result.problem.sentence()


def test_that_cancel_stops_the_job_and_keeps_what_was_done(tmp_path: Path) -> None:
    request = endless(tmp_path)
    with WorkerPipes() as worker:
        worker.send(1, request)
        assert worker.next()[1] == Progress("Calibrating", 1, 10**9)
        worker.cancel(1)
        result = worker.result(1)
        assert isinstance(result, Cancelled)
        assert result.samples > 0
        assert read_calibration(request.output).samples == result.samples
        worker.send(2, Describe(model="small"))
        assert worker.result(2) == SMALL


def test_that_a_waiting_job_can_be_cancelled_and_the_others_not_with_it(tmp_path: Path) -> None:
    with WorkerPipes() as worker:
        worker.send(1, endless(tmp_path))
        worker.next()
        worker.send(2, Describe(model="small"))
        worker.send(3, Describe(model="small"))
        worker.cancel(2)
        worker.cancel(77)
        worker.cancel(1)
        assert isinstance(worker.result(1), Cancelled)
        assert worker.result(2) == Cancelled()
        assert worker.result(3) == SMALL


def test_that_what_libraries_print_goes_to_standard_error() -> None:
    with WorkerPipes() as worker:
        worker.send(1, Describe(model="noisy"))
        assert worker.next() == (1, SMALL)
        worker.close()
        assert not worker.has_more()
        assert 'noise": 1' in worker.errors
        assert "more noise" in worker.errors


@pytest.mark.parametrize(
    ("line", "job"),
    [
        ("no JSON", 0),
        ("[]", 0),
        ("null", 0),
        ('{"job": "seven"}', 0),
        ("[" * 100_000, 0),
        ('{"job": 7}', 7),
        ('{"job": 7, "request": {"class": "FlyToTheMoon"}}', 7),
        ('{"job": 7, "request": {"class": "Describe"}}', 7),
        ('{"job": 7, "request": {"class": "Describe", "model": 3}}', 7),
        ('{"job": 7, "event": {"class": "Cancelled"}}', 7),
    ],
)
def test_that_a_malformed_line_is_answered_and_the_worker_lives_on(
    living: WorkerPipes, line: str, job: int
) -> None:
    living.write(line)
    number, answer = living.next()
    assert isinstance(answer, Failed)
    assert number == job
    assert "a line was not understood" in answer.problem.sentence()
    assert answer.details
    living.send(8, Describe(model="small"))
    assert living.result(8) == SMALL


def test_that_bytes_that_are_no_text_are_answered() -> None:
    with WorkerPipes() as worker:
        worker.input.write(b"\xff\xfe\n\n  \n")
        worker.input.flush()
        assert isinstance(worker.next()[1], Failed)
        worker.close()
        assert not worker.has_more()


def test_that_the_worker_ends_when_its_input_closes() -> None:
    with WorkerPipes() as worker:
        assert worker.close() == 0
        assert not worker.has_more()
        assert worker.errors == ""


def test_that_the_worker_ends_when_its_input_closes_in_the_middle_of_a_job(
    tmp_path: Path,
) -> None:
    with WorkerPipes() as worker:
        worker.send(1, endless(tmp_path))
        worker.send(2, endless(tmp_path))
        worker.next()
        assert worker.close() == 0


def test_that_the_worker_ends_when_nobody_reads_its_events(tmp_path: Path) -> None:
    with subprocess.Popen(
        STUB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        line = to_line(Envelope(job=1, request=endless(tmp_path)))
        process.stdin.write(line.encode() + b"\n")
        process.stdin.flush()
        assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_that_ctrl_c_in_the_terminal_of_the_window_does_not_end_the_worker() -> None:
    with WorkerPipes() as worker:
        worker.send(1, Describe(model="small"))
        worker.result(1)
        worker.process.send_signal(signal.SIGINT)
        worker.send(2, Describe(model="small"))
        assert worker.result(2) == SMALL


def test_that_the_program_with_the_option_is_the_worker() -> None:
    with WorkerPipes(REAL) as worker:
        worker.write("no JSON")
        assert isinstance(worker.next()[1], Failed)


def test_that_the_worker_loads_no_engine_before_the_first_request() -> None:
    code = (
        "import sys, quantscope.jobs.worker\n"
        "sys.exit(bool({'onnx', 'onnxruntime', 'numba', 'PySide6'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---- at most ten updates a second ----------------------------------------------------------------


class Clock:
    """A clock that stands where it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_that_updates_of_one_kind_are_sent_ten_times_a_second() -> None:
    clock = Clock()
    passes = Throttle(clock)
    sent = 0
    for hundredth in range(1_000):
        clock.now = 100.0 + hundredth / 100
        sent += passes(Progress("Calibrating", hundredth + 1, 10_000))
    assert 90 <= sent <= 100


def test_that_counts_do_not_take_the_place_of_progress() -> None:
    passes = Throttle(Clock())
    assert passes(Progress("Calibrating", 1, 9))
    assert passes(LiveCounts(1, {}))
    assert not passes(Progress("Calibrating", 2, 9))
    assert not passes(LiveCounts(2, {}))


def test_that_the_first_and_last_step_of_a_stage_and_every_result_are_sent() -> None:
    passes = Throttle(Clock())
    assert passes(Progress("Calibrating", 1, 9))
    assert passes(Progress("Calibrating", 9, 9))
    assert passes(Progress("Deriving", 1, 9))
    assert passes(Cancelled())
    assert passes(Cancelled())


def test_that_steps_of_unknown_number_are_throttled_too() -> None:
    passes = Throttle(Clock())
    assert passes(Progress("Reading", 1, 0))
    assert not passes(Progress("Reading", 2, 0))
