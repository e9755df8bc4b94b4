"""Runs one request on the engine and tells what happens as events, ending with one result.

Whatever goes wrong becomes a :class:`Failed` event: a sentence for the person, and a traceback
where the program is at fault. The engine is imported when the first request comes, so that a
worker is there at once.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from quantscope.core.errors import Problem, QuantscopeError
from quantscope.core.findings.validation import OwnMetric
from quantscope.jobs.calibrating import make_statistics
from quantscope.jobs.channels import count_channels
from quantscope.jobs.diagnosis import measure_sensitivity, search_mix
from quantscope.jobs.files import write_file
from quantscope.jobs.messages import (
    Cancelled,
    CheckData,
    CountChannels,
    DataChecked,
    Describe,
    Described,
    Event,
    Export,
    Exported,
    Failed,
    FindMix,
    MeasureSensitivity,
    Request,
    Validate,
    Validated,
    WriteFile,
)
from quantscope.session.calibration_file import read_calibration

Stop = Callable[[], bool]
"""Asked between steps: whether the job was cancelled."""


def run(
    request: Request, stop: Stop, metrics: Mapping[str, OwnMetric] | None = None
) -> Iterator[Event]:
    """Execute ``request``; the last event, and no other, is its result.

    ``metrics`` are functions of a script, for a :class:`Validate`: they can't travel in a request.
    """
    if stop():
        yield Cancelled()
        return
    try:
        yield from _work(request, stop, metrics)
    except Exception as error:  # noqa: BLE001  a job must end with a result, whatever happens
        yield failure(request, error)


def failure(request: Request, error: Exception) -> Failed:
    """``error`` as the result of ``request``."""
    if isinstance(error, QuantscopeError):
        return Failed(problem=error.problem)
    return Failed(
        problem=_problem(request, error), details="".join(traceback.format_exception(error))
    )


def _problem(request: Request, error: Exception) -> Problem:
    if isinstance(error, MemoryError):
        return Problem(
            what="the memory of this computer does not suffice",
            where=request.model,
            remedy="Close other programs, or use fewer layers or smaller samples",
        )
    return Problem(
        what=f"Quantscope failed with {type(error).__name__} ({error})",
        where=request.model,
        remedy="Please report this with the details; your session is intact",
    )


def _work(request: Request, stop: Stop, metrics: Mapping[str, OwnMetric] | None) -> Iterator[Event]:
    match request:
        case Describe():
            yield from _describe(request)
        case CheckData():
            yield from _check_data(request)
        case Export():
            yield from _export(request, stop)
        case Validate():
            yield from _validate(request, stop, metrics)
        case WriteFile():
            yield from write_file(request)
        case CountChannels():
            yield from count_channels(request, stop)
        case MeasureSensitivity():
            yield from measure_sensitivity(request, stop)
        case FindMix():
            yield from search_mix(request, stop)
        case _:
            yield from make_statistics(request, stop)


def _describe(request: Describe) -> Iterator[Event]:
    from quantscope.engine import tasks

    yield Described(network=tasks.describe(request.model, request.preparation))


def _check_data(request: CheckData) -> Iterator[Event]:
    from quantscope.engine import tasks

    data, check = tasks.check_data(
        request.model, request.data, request.guess, request.sample, request.name
    )
    yield DataChecked(data=data, check=check)


def _export(request: Export, stop: Stop) -> Iterator[Event]:
    from quantscope.engine import tasks

    calibration = read_calibration(request.calibration)
    data = replace(calibration.data, trusted=request.trusted)
    try:
        report = yield from tasks.export(
            request.model,
            replace(calibration, data=data),
            request.settings,
            request.output,
            request.verification_samples,
            request.overwrite,
            stop,
            request.preparation,
        )
    except tasks.Stopped:
        yield Cancelled()
    else:
        yield Exported(report=report)


def _validate(
    request: Validate, stop: Stop, metrics: Mapping[str, OwnMetric] | None
) -> Iterator[Event]:
    from quantscope.engine import tasks

    variants = request.variants
    if request.export is not None:
        for event in _export(request.export, stop):
            if isinstance(event, Cancelled):
                yield event
                return
            if not isinstance(event, Exported):
                yield event
        variants = (request.export.output, *variants)
    found = yield from tasks.validate(request.model, variants, request.request, stop, metrics)
    yield Cancelled() if found is None else Validated(validation=found)
