"""Files to measure: ours, under any settings, and those of the runtime's own quantizer."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import onnx
from onnxruntime import quantization

from quantscope.core.calibration import Calibration
from quantscope.core.network import LayerKind
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices
from quantscope.core.targets import TARGETS
from quantscope.engine import tasks
from quantscope.engine.preparation.operators import OPERATORS
from quantscope.engine.sources.samples import SampleSource
from tests.benchmarks.networks import Case


def finish(generator: Any) -> Any:
    """Run a task to its end; its result."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


@dataclass(frozen=True, eq=False)
class Workshop:
    """Makes files of one network in ``folder``; calibrates once for each preparation."""

    case: Case
    folder: Path
    calibrations: dict[PreparationChoices, Calibration] = field(default_factory=dict)

    def calibration(self, choices: PreparationChoices) -> Calibration:
        """The statistics of the network prepared with ``choices``."""
        if choices not in self.calibrations:
            task = tasks.calibrate(
                self.case.model, self.case.calibration, False, lambda: False, choices
            )
            self.calibrations[choices], _ = finish(task)
        return self.calibrations[choices]

    def ours(self, settings: PlanSettings, choices: PreparationChoices) -> Path:
        """The file that we write; the next one takes its place."""
        path = self.folder / "ours.onnx"
        calibration = self.calibration(choices)
        task = tasks.export(
            self.case.model, calibration, settings, str(path), 1, True, lambda: False, choices
        )
        finish(task)
        return path

    def peers(self) -> Iterator[tuple[str, Path]]:
        """Every sensible setting of ``quantize_static``, by name.

        What ours leaves in float for this runtime by its operator (a last Softmax) stays so here
        too. Otherwise the output's noise would be that of eight-bit probabilities.
        """
        prepared = self.folder / "prepared.onnx"
        quantization.shape_inference.quant_pre_process(
            self.case.model, str(prepared), skip_symbolic_shape=True
        )
        nodes = onnx.load(prepared).graph.node
        in_float = [node.name for node in nodes if _is_float(node.op_type)]
        kinds, methods = quantization.QuantType, quantization.CalibrationMethod
        for method, kind, per_channel, symmetric in product(
            (methods.MinMax, methods.Entropy, methods.Percentile),
            (kinds.QInt8, kinds.QUInt8),
            (False, True),
            (False, True),
        ):
            path = self.folder / "peer.onnx"
            with silence():
                quantization.quantize_static(
                    str(prepared),
                    str(path),
                    Reader(self.case.samples(self.case.calibration)),
                    quant_format=quantization.QuantFormat.QDQ,
                    activation_type=kind,
                    weight_type=kinds.QInt8,
                    per_channel=per_channel,
                    calibrate_method=method,
                    nodes_to_exclude=in_float,
                    extra_options={"ActivationSymmetric": symmetric},
                )
            name = f"{method.name}, {kind.name[1:]} x Int8"
            name += ", symmetric" if symmetric else ""
            yield f"{name}, per {'channel' if per_channel else 'tensor'}", path


def _is_float(operator: str) -> bool:
    """Whether ours computes ``operator`` in float for ONNX Runtime."""
    rule, integers = OPERATORS.get(operator), TARGETS["onnxruntime"].integer_operators
    computes = rule is not None and rule.kind is LayerKind.FOLLOWER
    return rule is None or (computes and integers is not None and operator not in integers)


class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    """The calibration samples as the peer wants them."""

    def __init__(self, source: SampleSource) -> None:
        self._samples = iter(source)

    def get_next(self) -> Any:
        """The next sample, or nothing."""
        return next(self._samples, None)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Without the peer's reports of progress and its advice."""
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
