"""Runs the requests that make statistics, or tell what making them takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import assert_never

from quantscope.core.counting.calibration import Calibration
from quantscope.jobs.messages import (
    Calibrate,
    Calibrated,
    Cancelled,
    Event,
    ForecastCalibration,
    Forecasted,
    Merge,
)
from quantscope.session.calibration_file import read_calibration, write_calibration

Stop = Callable[[], bool]


def make_statistics(
    request: Calibrate | ForecastCalibration | Merge, stop: Stop
) -> Iterator[Event]:
    """Execute a request for statistics, or for what making them takes."""
    match request:
        case Calibrate():
            yield from _calibrate(request, stop)
        case ForecastCalibration():
            yield from _forecast(request, stop)
        case Merge():
            yield from _merge(request, stop)
        case _:
            assert_never(request)


def _calibrate(request: Calibrate, stop: Stop) -> Iterator[Event]:
    """One pass over the data, or what is left of it; what was done is kept when it is stopped."""
    from quantscope.engine import tasks

    began = time.perf_counter()
    basis = read_calibration(request.basis) if request.basis else None
    calibration, finished = yield from tasks.calibrate(
        request.model, request.data, request.only_quantized, stop, request.preparation, basis
    )
    if not finished and calibration.samples == 0:
        yield Cancelled()
        return
    write_calibration(request.output, calibration)
    if finished:
        yield _calibrated(request.output, calibration, began)
    else:
        yield Cancelled(output=request.output, samples=calibration.samples)


def _merge(request: Merge, stop: Stop) -> Iterator[Event]:
    """Several runs as one."""
    from quantscope.engine import tasks

    began = time.perf_counter()
    runs = [read_calibration(path) for path in request.calibrations]
    together = yield from tasks.merge(request.model, runs, stop, request.preparation)
    if stop():
        yield Cancelled()
        return
    write_calibration(request.output, together)
    yield _calibrated(request.output, together, began)


def _forecast(request: ForecastCalibration, stop: Stop) -> Iterator[Event]:
    """What a calibration will take."""
    from quantscope.engine import tasks

    found = tasks.forecast(request.model, request.data, stop, request.preparation, request.counted)
    yield Cancelled() if found is None else Forecasted(forecast=found)


def _calibrated(output: str, calibration: Calibration, began: float) -> Calibrated:
    seconds = time.perf_counter() - began
    return Calibrated(output=output, samples=calibration.samples, seconds=seconds)
