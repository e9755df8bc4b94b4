"""Runs the requests that ask which layer costs what, and keeps what was measured in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from quantscope.core.counting.calibration import Calibration
from quantscope.core.diagnosis.sensitivity import basis_of
from quantscope.jobs.messages import (
    Cancelled,
    Event,
    FindMix,
    LayersMeasured,
    MeasureSensitivity,
    MixSearched,
)
from quantscope.session.calibration_file import read_calibration
from quantscope.session.sensitivity_file import read_sensitivity, write_sensitivity

Stop = Callable[[], bool]


def measure_sensitivity(request: MeasureSensitivity, stop: Stop) -> Iterator[Event]:
    """Measure layers as far as budget and ``stop`` allow, then the fixes that are asked for."""
    from quantscope.engine import tasks
    from quantscope.engine.diagnosis.sensitivity import Effort

    calibration = _calibration(request)
    basis = basis_of(calibration, request.settings, request.samples)
    before = read_sensitivity(request.output, basis)
    study = tasks.study(request.model, calibration, request.settings, stop, request.preparation)
    effort = Effort(budget=request.budget, cumulative=request.cumulative)
    found = yield from study.layers(basis, before, effort)
    if found is not None:
        write_sensitivity(request.output, found)
    if found is None or stop():
        yield Cancelled(output=request.output if found is not None else "")
        return
    equalized = request.preparation.equalize
    fixes = yield from study.fixes(found, request.fixes, equalized=equalized)
    yield LayersMeasured(sensitivity=found, output=request.output, fixes=fixes)


def search_mix(request: FindMix, stop: Stop) -> Iterator[Event]:
    """Measure the layers that are not known yet, then search."""
    from quantscope.engine import tasks
    from quantscope.engine.diagnosis.sensitivity import Effort

    calibration = _calibration(request)
    basis = basis_of(calibration, request.settings, request.layer_samples)
    before = read_sensitivity(request.output, basis)
    study = tasks.study(request.model, calibration, request.settings, stop, request.preparation)
    known = yield from study.layers(basis, before, Effort())
    if known is not None:
        write_sensitivity(request.output, known)
    if known is None or not known.complete:
        yield Cancelled(output=request.output if known is not None else "")
        return
    found = yield from study.mix(known, request.goal, request.factors, request.samples)
    if found is None:
        yield Cancelled(output=request.output)
    else:
        yield MixSearched(found=found, settings=found.best.mix.apply(request.settings))


def _calibration(request: MeasureSensitivity | FindMix) -> Calibration:
    calibration = read_calibration(request.calibration)
    return replace(calibration, data=replace(calibration.data, trusted=request.trusted))
