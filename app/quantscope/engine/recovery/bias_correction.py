"""Bias correction: what quantization adds to a layer's output on average is taken from its bias.

Rounding weights and inputs shifts the mean of what a layer yields, by a different amount in
every channel: E[quantized] - E[float] over the calibration data. The layer's bias is lowered by
just that. It is empirical and sequential: layer after layer in network order, each measured in
the quantized network in which all layers before it are corrected already, so that a layer also
makes up for what reaches it through its input. (Nagel et al. 2019, "Data-Free Quantization
Through Weight Equalization and Bias Correction", section 4.2 and appendix D; Banner et al.
2019, "Post training 4-bit quantization of convolutional networks", section 4.)

*Where it is measured*: at the layer's own output before it is rounded to its type, with its
weights and inputs quantized and its bias in float. That is the value of its node in front of
the QuantizeLinear, which is the pre-activation also where a Relu behind it was replaced by the
type's saturation, since that happens in the QuantizeLinear. A product whose bias is added in
float is measured behind the addition. Means are over all axes but the channels'.

*Then the plan has its say again*: the new bias is rounded as the plan says for its values (int32
at the scale of the products, or a short type that follows from the corrected bias). What this
rounding costs is not made up for in the layer itself; the layers behind it see it.

*What it takes*: at most :data:`MOST_SAMPLES` samples, spread evenly over the calibration data,
as running sums. Layers that do not depend on one another are measured in one pass, so there are
as many passes as layers stand behind one another, each up to its layers only, and three more:
the float means, and all mean errors before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.counting.calibration import Calibration
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.events import Progress
from quantscope.core.findings.report import BiasCorrection
from quantscope.core.networks.network import Layer, LayerKind
from quantscope.core.planning.plan import Plan, activation_request
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import Batch, batches
from quantscope.engine.calibration.forecast import worker_count
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery.biases import bias_slot, set_bias, with_own_graph
from quantscope.engine.recovery.channel_means import Means, channel_means
from quantscope.engine.sources.samples import SampleSource

STAGE = "bias correction"
MOST_SAMPLES = 128
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Corrected:
    """A prepared network with corrected biases, the calibration with their statistics, and what
    was done: ``corrections`` by layer, ``notes`` on the layers that have none."""

    prepared: Prepared
    calibration: Calibration
    corrections: tuple[BiasCorrection, ...] = ()
    notes: tuple[str, ...] = ()


def correct_biases(
    prepared: Prepared,
    calibration: Calibration,
    settings: PlanSettings,
    source: SampleSource,
    stop: Callable[[], bool],
    reference: Prepared | None = None,
) -> Generator[Progress, None, Corrected | None]:
    """Correct the biases of all layers that run in integers under ``settings``.

    ``source`` is the calibration data. ``reference`` is the float network whose means are to be
    had, where ``prepared`` computes something else already (its weights were rounded).
    ``prepared`` is left as it is. Returns ``None`` where ``stop``, asked before each batch, said
    so.
    """
    plan = calibration.plan(prepared.network, settings)
    slots, notes = _slots(prepared, plan)
    if not slots:
        return Corrected(prepared, calibration, notes=notes)
    waves = waves_of(prepared.model, slots)
    runs = _Runs(
        slots=slots,
        batches=batches(source, MOST_SAMPLES),
        passes=len(waves) + 3,
        stop=stop,
        where=prepared.source,
        workers=worker_count(prepared.network, list(prepared.network.tensors)),
    )
    try:
        true = yield from runs.means((reference or prepared).model, list(slots))
        found = yield from _correct(prepared, calibration, settings, waves, runs, true)
    except _Stopped:
        return None
    return replace(found, notes=notes + found.notes)


def _correct(
    prepared: Prepared,
    calibration: Calibration,
    settings: PlanSettings,
    waves: Sequence[Sequence[str]],
    runs: _Runs,
    true: Means,
) -> Generator[Progress, None, Corrected]:
    layers = list(runs.slots)
    plan = calibration.plan(prepared.network, settings)
    before = yield from runs.means(rewrite(prepared, plan).model, layers)
    state = Corrected(with_own_graph(prepared), calibration)
    for wave in waves:
        seen = yield from runs.means(_measured(state, settings, wave), wave)
        for name in wave:
            state = _corrected(state, name, seen[name] - true[name])
    plan = state.calibration.plan(state.prepared.network, settings)
    after = yield from runs.means(rewrite(state.prepared, plan).model, layers)
    errors = {name: (before[name] - true[name], after[name] - true[name]) for name in layers}
    found = tuple(_outcome(prepared, state, plan, n, *errors[n]) for n in layers)
    return replace(state, corrections=found, notes=_not_finite(prepared, errors))


def waves_of(model: ir.Model, chosen: Collection[str]) -> list[list[str]]:
    """The ``chosen`` nodes, by name, in groups in the order in which they can be measured.

    No node depends on another one of its group, nor on one of a later group.
    """
    depths: dict[str | None, int] = {}
    waves: dict[int, list[str]] = {}
    for node in model.graph:
        depth = max((depths.get(v.name, 0) for v in node.inputs if v is not None), default=0)
        if any(each.type in _SUBGRAPHS for each in node.attributes.values()):
            depth = max(depths.values(), default=0)  # it may read anything before it
        if node.name in chosen:
            waves.setdefault(depth, []).append(node.name or "")
            depth += 1
        depths.update((output.name, depth) for output in node.outputs)
    return [waves[depth] for depth in sorted(waves)]


_SUBGRAPHS = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a layer is measured: the node whose output has the bias in it, its channel axis."""

    node: str
    axis: int


def _slots(prepared: Prepared, plan: Plan) -> tuple[dict[str, _Slot], tuple[str, ...]]:
    """Each layer that can be corrected, in network order, and a note on each that can't."""
    nodes = {node.name: node for node in prepared.model.graph}
    slots, notes = {}, []
    for layer in prepared.network.layers:
        if layer.kind is not LayerKind.WEIGHTED or layer.name not in plan.placement.layers:
            continue
        slot = bias_slot(nodes[layer.name])
        if slot is None:
            notes.append(f"{layer.label}: bias not corrected, MatMul has none")
        else:
            axis = 1 if layer.operator in ("Conv", "ConvTranspose") else -1
            slots[layer.name] = _Slot(slot[0].name or "", axis)
    return slots, tuple(notes)


class _Stopped(Exception):  # noqa: N818  it was asked for, nothing failed
    """The passes were asked to stop."""


@dataclass(slots=True)
class _Runs:
    """Passes over the same samples, counted for the progress."""

    slots: Mapping[str, _Slot]
    batches: Sequence[Callable[[], Batch]]
    passes: int
    stop: Callable[[], bool]
    where: str
    workers: int
    done: int = 0

    def means(self, model: ir.Model, layers: Sequence[str]) -> Generator[Progress, None, Means]:
        """The mean output by channel of each of ``layers``."""
        nodes = {node.name: node for node in model.graph}
        values = {name: nodes[self.slots[name].node].outputs[0].name or "" for name in layers}
        axes = {value: self.slots[name].axis for name, value in values.items()}
        steps = channel_means(model, axes, self.batches, self.where, self.workers)
        with closing(steps):
            while not self.stop():
                try:
                    next(steps)
                except StopIteration as end:
                    return {name: end.value[value] for name, value in values.items()}
                self.done += 1
                yield Progress(STAGE, self.done, self.passes * len(self.batches))
        raise _Stopped


def _measured(state: Corrected, settings: PlanSettings, wave: Sequence[str]) -> ir.Model:
    """The quantized network as far as it is corrected, the biases of ``wave`` in float."""
    network = state.prepared.network
    plan = state.calibration.plan(network, settings)
    biases = {network.layer(name).bias for name in wave}
    types = {name: kind for name, kind in plan.types.items() if name not in biases}
    return rewrite(state.prepared, replace(plan, types=types)).model


def _corrected(state: Corrected, name: str, error: Floats) -> Corrected:
    """``state`` with ``error`` taken from the bias of the layer ``name``, where it is finite."""
    layer = state.prepared.network.layer(name)
    old = _bias_of(state.prepared, layer, error.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        new = (old - error).astype(np.float32)
    new = np.where(np.isfinite(new), new, old).astype(np.float32)
    if layer.bias is not None and state.prepared.parameters[layer.bias].size == new.size:
        new = new.reshape(state.prepared.parameters[layer.bias].shape)
    prepared = set_bias(state.prepared, layer, new)
    bias = prepared.network.layer(name).bias
    assert bias is not None
    calibration = state.calibration.with_statistics({bias: TensorStatistics.of_parameter(new)})
    return replace(state, prepared=prepared, calibration=calibration)


def _bias_of(prepared: Prepared, layer: Layer, shape: tuple[int, ...]) -> Floats:
    """One number for each channel; zeros for a layer without a bias."""
    if layer.bias is None:
        return np.zeros(shape)
    values = prepared.parameters[layer.bias].astype(np.float64).reshape(-1)
    return np.broadcast_to(values, shape)


def _outcome(
    prepared: Prepared, state: Corrected, plan: Plan, name: str, before: Floats, after: Floats
) -> BiasCorrection:
    """What became of a layer, in steps of its output's type."""
    layer, now = prepared.network.layer(name), state.prepared.network.layer(name)
    step = _step(layer, plan, state.calibration)
    change = _bias_of(state.prepared, now, before.shape) - _bias_of(prepared, layer, before.shape)
    return BiasCorrection(
        layer=name,
        label=layer.label,
        largest=float(_magnitudes(change).max(initial=0.0)) / step,
        error_before=_average(before) / step,
        error_after=_average(after) / step,
    )


def _step(layer: Layer, plan: Plan, calibration: Calibration) -> float:
    """That of the type which the output has, or would have if it did not stay float."""
    output = layer.outputs[0]
    if output in plan.types:
        return plan.types[output].step
    return calibration.choose((output,), activation_request(plan.settings)).data_type.step


def _magnitudes(values: Floats) -> Floats:
    return np.abs(values[np.isfinite(values)])


def _average(errors: Floats) -> float:
    return float(_magnitudes(errors).sum()) / max(int(np.isfinite(errors).sum()), 1)


def _not_finite(prepared: Prepared, errors: Mapping[str, tuple[Floats, Floats]]) -> tuple[str, ...]:
    """A note on each layer of which some channels have no finite mean."""
    notes = []
    for name, (before, _) in errors.items():
        skipped = int((~np.isfinite(before)).sum())
        if skipped:
            label = prepared.network.layer(name).label
            notes.append(f"{label}: bias of {skipped} channels not corrected, no finite mean")
    return tuple(notes)
