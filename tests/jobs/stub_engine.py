"""An engine that does as the model's name says: what jobs do around an engine, without one.

Run as a program it is the real worker on this engine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceCheck, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from tests.session.examples import FINGERPRINT, small_calibration, small_network, small_report

Stop = Callable[[], bool]


class Stopped(Exception):  # noqa: N818  as the engine calls it
    """The export was asked to stop."""


def describe(model: str, preparation: PreparationChoices) -> Network:
    match Path(model).stem:
        case "bad":
            raise QuantscopeError("is not ONNX", where=model, remedy="Open another file")
        case "defect":
            raise KeyError("forgotten")
        case "huge":
            raise MemoryError
        case "noisy":
            os.write(1, b'{"noise": 1}\nnoise without an end')
            sys.stdout.write("more noise")
            sys.stdout.flush()
        case "unwritable":
            return replace(small_network(), changes=(object(),))  # type: ignore[arg-type]
    return small_network(preparation.fingerprint(FINGERPRINT))


def check_data(
    model: str, data: DataDescription, guess: bool, sample: int, name: str
) -> tuple[DataDescription, SourceCheck]:
    check = SourceCheck(
        samples=2,
        first=model,
        shapes=(("x", (1, 2), "float32"),),
        minimum=-1.0,
        maximum=1.0,
        number=sample,
    )
    return (replace(data, kind=SourceKind.NPY) if guess else data), check


def calibrate(
    model: str,
    data: DataDescription,
    only_quantized: bool,
    stop: Stop,
    preparation: PreparationChoices,
    basis: Calibration | None = None,
) -> Generator[Progress | LiveCounts, None, tuple[Calibration, bool]]:
    """Two samples, after those of ``basis``; from the model ``endless`` until it is stopped."""
    done = basis.samples if basis else 0
    while not stop() and (done < 2 or Path(model).stem == "endless"):
        done += 1
        yield Progress("Calibrating", done, 2 if Path(model).stem != "endless" else 10**9)
        yield LiveCounts(done, {"c": BitCounts(-1, (1, done), (0, 2))})
    name = "all" if not only_quantized else "quantized"
    kept = small_calibration(data, preparation.fingerprint(name))
    return replace(kept, samples=done), not stop()


def export(
    model: str,
    calibration: Calibration,
    settings: PlanSettings,
    output: str,
    verification_samples: int,
    overwrite: bool,
    stop: Stop,
    preparation: PreparationChoices,
) -> Generator[Progress, None, ExportReport]:
    for done in range(verification_samples):
        if stop():
            raise Stopped
        yield Progress("Verifying", done + 1, verification_samples)
    report = small_report(output)
    notes = (str(preparation),) if preparation != PreparationChoices() else report.notes
    return replace(report, target=settings.target, samples=calibration.samples, notes=notes)


if __name__ == "__main__":
    sys.modules["quantscope.engine.tasks"] = sys.modules["__main__"]
    from quantscope.jobs.worker import main

    sys.exit(main())
