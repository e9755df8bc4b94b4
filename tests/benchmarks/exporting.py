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

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.network import LayerKind
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.schemes import Family
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import Target
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

    def peer(self, setting: Peer) -> Path:
        """The file that ``quantize_static`` writes; the next one takes its place."""
        path = self.folder / "peer.onnx"
        with silence():
            quantization.quantize_static(
                str(self._prepared()),
                str(path),
                Reader(self.case.samples(self.case.calibration)),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=setting.kind,
                weight_type=quantization.QuantType.QInt8,
                per_channel=setting.per_channel,
                calibrate_method=setting.method,
                nodes_to_exclude=list(setting.in_float),
                extra_options={"ActivationSymmetric": setting.symmetric},
            )
        return path

    def peers(self, target: Target) -> list[Peer]:
        """Every sensible setting of ``quantize_static`` for ``target``; none for powers of two.

        What ours leaves in float for the target by its operator (a last Softmax) stays so here
        too. Otherwise the output's noise would be that of eight-bit probabilities.
        """
        if target.family is not Family.SCALED:
            return []
        nodes = onnx.load(self._prepared()).graph.node
        in_float = tuple(node.name for node in nodes if _is_float(node.op_type, target))
        kinds, methods = quantization.QuantType, quantization.CalibrationMethod
        activations = [kinds.QInt8] if target.signed_activations else [kinds.QUInt8]
        settings = product(
            (methods.MinMax, methods.Entropy, methods.Percentile),
            list(kinds)[:2] if target.key.startswith("onnxruntime") else activations,
            (False, True),
            (False, True) if target.asymmetric else (True,),
        )
        return [Peer(*setting, in_float) for setting in settings]

    def _prepared(self) -> Path:
        prepared = self.folder / "prepared.onnx"
        if not prepared.exists():
            quantization.shape_inference.quant_pre_process(
                self.case.model, str(prepared), skip_symbolic_shape=True
            )
        return prepared


@dataclass(frozen=True)
class Peer:
    """One setting of ``quantize_static``; ``in_float`` names the nodes that it leaves alone."""

    method: quantization.CalibrationMethod
    kind: quantization.QuantType
    per_channel: bool
    symmetric: bool
    in_float: tuple[str, ...]

    @property
    def name(self) -> str:
        """The setting in words, without the nodes left in float."""
        activations = f"{self.kind.name[1:]} x Int8" + (", symmetric" if self.symmetric else "")
        weights = "channel" if self.per_channel else "tensor"
        return f"{self.method.name}, {activations}, per {weights}"


def _is_float(operator: str, target: Target) -> bool:
    """Whether ours computes ``operator`` in float for ``target``."""
    rule, integers = OPERATORS.get(operator), target.integer_operators
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
