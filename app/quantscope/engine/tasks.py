"""The engine's front door: what a job may ask for, each a function or a generator of events.

Window and command line come in here and nowhere else, so that both get the same file byte for
byte.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.channels import ChannelBits, activation_channel_axis
from quantscope.core.data.description import DataDescription, SourceCheck, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.findings.report import ExportReport, PreparedWeights
from quantscope.core.findings.validation import OwnMetric, Validation, ValidationRequest
from quantscope.core.networks.look_only import FLOAT_MODEL, LOOK_ONLY
from quantscope.core.networks.migration import Migration
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.checker import check
from quantscope.core.planning.plan import Plan, placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.engine.calibration import run as calibration_run
from quantscope.engine.calibration import trial
from quantscope.engine.calibration.activation_channels import count_channels as run_channels
from quantscope.engine.calibration.batching import batches
from quantscope.engine.diagnosis.study import Study
from quantscope.engine.export.integer_ports import open_integer_ports
from quantscope.engine.export.prepared_weights import prepared_weights
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.export.saturation import may_saturate, saturation_warnings
from quantscope.engine.export.verification import Verification
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.effect import effect_of_choices
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.recovery.steps import recover
from quantscope.engine.sources.opening import check_source, guess_source, open_source
from quantscope.engine.sources.picture_folder import guess_preprocessing
from quantscope.engine.validation.judging import validate as judge
from quantscope.engine.writing import check_target, save_model

Stop = Callable[[], bool]
calibrate = calibration_run.calibrate
merge = calibration_run.merge
forecast = trial.forecast


class Stopped(Exception):  # noqa: N818  it was asked for, nothing failed
    """Raised by an export that was asked to stop; nothing was written."""


def describe(model: str, preparation: PreparationChoices | None = None) -> Network:
    """Open and prepare the model at ``model``; its description."""
    return _prepared(model, preparation).network


def check_data(
    model: str, data: DataDescription, guess: bool, sample: int = 0, name: str = ""
) -> tuple[DataDescription, SourceCheck]:
    """Read one sample of ``data`` for ``model``, the one called ``name`` where that is given.

    ``guess`` fills in the kind from the path, and for pictures the preprocessing from the
    model's input. Returns the description that was used, and what was found.
    """
    inputs = _prepared(model).network.inputs
    if guess and data.kind is not SourceKind.RANDOM:
        kind = guess_source(data.path)
        data = replace(data, kind=kind)
        if kind is SourceKind.IMAGES and inputs:
            guessed = guess_preprocessing(inputs[0])
            data = replace(data, preprocessing=guessed, as_pictures=False)
    return data, check_source(data, inputs, sample, name)


def export(
    model: str,
    calibration: Calibration,
    settings: PlanSettings,
    output: str,
    verification_samples: int,
    overwrite: bool,
    stop: Stop,
    preparation: PreparationChoices | None = None,
) -> Generator[Progress, None, ExportReport]:
    """Write the quantized model to ``output`` and verify it; returns the report.

    The file appears only once it has passed the checker and run.
    """
    prepared = _prepared(model, preparation, calibration.migration)
    _check_fingerprint(prepared, calibration)
    check_target(output, sources=prepared.files, overwrite=overwrite)
    _check_logged(prepared.network, settings, calibration)
    _check_plan(prepared.network, settings, calibration)
    source = open_source(calibration.data, prepared.network.inputs, calibration.skipped)
    given = yield from recover(prepared, calibration, settings, source, stop)
    if given is None:
        raise Stopped
    _check_plan(given.prepared.network, settings, given.calibration)
    plan = given.calibration.plan(given.prepared.network, settings)
    rewritten = rewrite(given.prepared, plan)
    if settings.integer_ports:
        open_integer_ports(rewritten, plan)
    checked = batches(source, max(verification_samples, 1))
    effect: tuple[str, ...] = ()
    changed: tuple[PreparedWeights, ...] = ()
    if preparation is not None and preparation.chosen:
        plain = _prepared(model)
        effect = yield from effect_of_choices(prepared, plain, checked)
        changed = prepared_weights(prepared, plain, plan, calibration)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.onnx"
        save_model(rewritten.model, draft)
        verification = Verification(
            prepared=given.prepared,
            reference=prepared,
            rewritten=rewritten,
            plan=plan,
            calibration=given.calibration,
            path=draft,
            batches=checked,
            saturates=may_saturate(given.prepared, plan),
        )
        report = yield from verification.run(stop)
    if stop():
        raise Stopped
    files = save_model(rewritten.model, output, sources=prepared.files, overwrite=overwrite)
    return replace(
        report,
        path=str(files[0]),
        file_bytes=sum(file.stat().st_size for file in files),
        notes=effect + report.notes + given.notes,
        warnings=_refusals(given.prepared.network, plan)
        + saturation_warnings(report)
        + report.warnings,
        corrections=given.corrections,
        rounded_weights=given.rounded_weights,
        prepared_weights=changed,
    )


def _refusals(network: Network, plan: Plan) -> tuple[str, ...]:
    """What the target refuses: the file is right, but not for there."""
    found = check(network, plan.settings, plan)
    title = TARGETS[plan.settings.target].title
    return tuple(f"{title} refuses this file: {each.sentence()}" for each in found if each.refused)


def study(
    model: str,
    calibration: Calibration,
    settings: PlanSettings,
    stop: Stop,
    preparation: PreparationChoices | None = None,
) -> Study:
    """The network at ``model`` set up to be asked what its layers cost under ``settings``."""
    prepared = _prepared(model, preparation, calibration.migration)
    _check_fingerprint(prepared, calibration)
    _check_logged(prepared.network, settings, calibration)
    _check_plan(prepared.network, settings, calibration)
    source = open_source(calibration.data, prepared.network.inputs, calibration.skipped)
    return Study.of(prepared, calibration, settings, source, stop)


def count_channels(
    model: str,
    calibration: Calibration,
    tensor: str,
    stop: Stop,
    preparation: PreparationChoices | None = None,
) -> Generator[Progress, None, tuple[int, ChannelBits] | None]:
    """The bits of one activation by channel, and which axis counts the channels.

    ``None`` where it was stopped.
    """
    prepared = _prepared(model, preparation, calibration.migration)
    _check_fingerprint(prepared, calibration)
    axis = activation_channel_axis(prepared.network, tensor)
    if axis is None:
        raise QuantscopeError(
            "it has no channels", where=tensor, remedy="Choose an activation of two axes or more"
        )
    source = open_source(calibration.data, prepared.network.inputs, calibration.skipped)
    samples = min(calibration.samples, len(source))
    found = yield from run_channels(prepared, source, tensor, axis, samples, stop)
    return None if found is None else (axis, found)


def validate(
    model: str,
    variants: Sequence[str],
    request: ValidationRequest,
    stop: Stop,
    own: Mapping[str, OwnMetric] | None = None,
) -> Generator[Progress, None, Validation | None]:
    """The float ``model`` and quantized files over the data of ``request``; ``None``: stopped."""
    inputs = _prepared(model).network.inputs
    files = [Path(each) for each in variants]
    return (yield from judge(Path(model), files, inputs, request, stop, own))


def _check_fingerprint(prepared: Prepared, calibration: Calibration) -> None:
    if prepared.network.fingerprint != calibration.fingerprint:
        raise QuantscopeError(
            "the calibration belongs to another version or preparation of this model",
            where=prepared.source,
            remedy="Calibrate again",
        )


def _prepared(
    model: str,
    preparation: PreparationChoices | None = None,
    migration: Migration | None = None,
) -> Prepared:
    """``migration`` is that of the calibration under which the network is looked at."""
    return prepare(open_model(model), preparation, migration)


def _check_logged(network: Network, settings: PlanSettings, calibration: Calibration) -> None:
    """Refuse settings that ask for a type of what a calibration of less did not log."""
    if not calibration.samples:
        raise QuantscopeError(
            "the calibration was stopped before its first sample",
            where=calibration.data.path or network.name,
            remedy="Calibrate again",
        )
    for group in placement_for(network, settings).groups:
        for tensor in group.sources:
            if tensor not in calibration.statistics:
                raise QuantscopeError(
                    "its values were not logged, and now it would be quantized",
                    where=f"{network.layer_of(tensor).label}, {tensor}",
                    remedy="Calibrate again with all activations logged",
                )


def _check_plan(network: Network, settings: PlanSettings, calibration: Calibration) -> None:
    """Refuse a plan that would give a file which its target rejects or which means nothing."""
    if network.file_types is not None:
        raise QuantscopeError(LOOK_ONLY, where=network.name, remedy=FLOAT_MODEL)
    plan = calibration.plan(network, settings)
    weighted = [layer for layer in network.layers if layer.weights is not None]
    if not any(layer.name in plan.placement.layers for layer in weighted):
        raise QuantscopeError(
            "no layer would run in integers",
            where=network.name,
            remedy="Quantize at least one convolution, Gemm or MatMul layer with fixed weights",
        )
    for tensor, reason in plan.conflicts.items():
        raise QuantscopeError(
            f"its type is set by hand, but {reason}",
            where=f"{network.layer_of(tensor).label}, {tensor}",
            remedy="Reset the tensor to the scheme, or choose another target",
        )
    for tensor in plan.types:
        statistics = calibration.statistics.get(tensor)  # none where only sources were logged
        if statistics is not None and statistics.histogram.not_a_number:
            raise QuantscopeError(
                "the float network yields NaN here",
                where=f"{network.layer_of(tensor).label}, {tensor}",
                remedy="Check the model and the preprocessing, or keep this layer in float",
            )
