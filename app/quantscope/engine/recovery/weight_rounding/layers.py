"""Layer after layer: weights rounded with what reaches them in the partly quantized network.

The moments are those of a layer's inputs with all layers before it rounded already, beside those
of the float network in the same samples: its weights are fitted to what they will be multiplied
with, and make up for part of what is wrong with that. Layers that do not depend on one another
are measured in one pass of both networks, each up to its layers only, so there are as many passes
as layers stand behind one another, over at most :data:`MOST_SAMPLES` samples spread evenly over
the calibration data.

Types stay as the plan has them. The rounded weights go back into the prepared network as the
reals that they stand for, so that rounding them again to the same type gives the same integers
and all that comes after need not know. Biases are corrected after weights are rounded: what is
left of the mean error is theirs to take.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt
import onnx_ir as ir

from quantscope.core.counting.calibration import Calibration
from quantscope.core.events import Progress
from quantscope.core.findings.report import RoundedWeights
from quantscope.core.networks.network import Layer, LayerKind
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.calibration.batching import batches
from quantscope.engine.calibration.forecast import worker_count
from quantscope.engine.export.rewriting import rewrite
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery.bias_correction import waves_of
from quantscope.engine.recovery.biases import with_own_graph
from quantscope.engine.recovery.passes import Batches
from quantscope.engine.recovery.weight_rounding.compensation import (
    round_compensated,
    squared_errors,
)
from quantscope.engine.recovery.weight_rounding.moments import Moments, Reader, input_moments
from quantscope.engine.recovery.weight_rounding.patches import Patches, patches_of
from quantscope.engine.sources.samples import SampleSource

STAGE = "weight rounding"
MOST_SAMPLES = 128
MOST_INPUTS = 5120  # of one output: each matrix of moments takes 200 MB then, of some six
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rounded:
    """A prepared network whose weights are whole numbers of steps, and what was done: ``layers``
    in network order, ``notes`` on those that keep nearest rounding."""

    prepared: Prepared
    layers: tuple[RoundedWeights, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Chosen:
    """A layer whose weights are to be rounded. No other reads them (preparation gives each its
    own)."""

    layer: Layer
    weights: str
    patches: Patches


def round_weights(
    prepared: Prepared,
    calibration: Calibration,
    settings: PlanSettings,
    source: SampleSource,
    stop: Callable[[], bool],
) -> Generator[Progress, None, Rounded | None]:
    """Round the weights of all layers that run in integers under ``settings``.

    ``source`` is the calibration data. ``prepared`` is left as it is. Returns ``None`` where
    ``stop``, asked before each batch, said so.
    """
    plan = calibration.plan(prepared.network, settings)
    chosen, notes = _choose(prepared, plan)
    if not chosen:
        return Rounded(prepared, notes=notes)
    waves = waves_of(prepared.model, chosen)
    samples = batches(source, MOST_SAMPLES)
    state, found = with_own_graph(prepared), dict[str, RoundedWeights]()
    for number, names in enumerate(waves):
        wave = [chosen[name] for name in names]
        steps = _measure(prepared, rewrite(state, plan).model, wave, samples)
        with closing(steps):
            for done in count(1 + number * len(samples)):
                if stop():
                    return None
                try:
                    next(steps)
                except StopIteration as end:
                    moments = end.value
                    break
                yield Progress(STAGE, done, len(waves) * len(samples))
        for each in wave:
            name = each.layer.name
            state, found[name] = _round(state, plan, each, moments[name])
    return Rounded(state, tuple(found[name] for name in chosen), notes)


def _choose(prepared: Prepared, plan: Plan) -> tuple[dict[str, _Chosen], tuple[str, ...]]:
    """The layers to round, by name in network order, and a note on each that stays."""
    nodes = {node.name: node for node in prepared.model.graph}
    chosen, notes = {}, []
    for layer in prepared.network.layers:
        is_integer = layer.kind is LayerKind.WEIGHTED and layer.name in plan.placement.layers
        if not is_integer or layer.weights is None:
            continue
        patches = patches_of(nodes[layer.name])
        reason = _objection(patches, prepared.parameters[layer.weights])
        if reason or patches is None:
            notes.append(f"{layer.label}: weights rounded to nearest, {reason}")
        else:
            chosen[layer.name] = _Chosen(layer, layer.weights, patches)
    return chosen, tuple(notes)


def _objection(patches: Patches | None, values: npt.NDArray[np.float32]) -> str:
    """Why the weights of a layer cannot be rounded together; empty where they can."""
    if patches is None:
        return "each index of a further axis has its own"
    if patches.inputs > MOST_INPUTS:
        return f"an output has more than {MOST_INPUTS}"
    return "" if np.isfinite(values).all() else "not all of them are finite"


def _measure(
    prepared: Prepared, quantized: ir.Model, wave: Sequence[_Chosen], samples: Batches
) -> Generator[None, None, dict[str, Moments]]:
    """The moments of the inputs of ``wave``, by name of the layer."""
    models = (quantized, prepared.model)
    own, true = ({node.name: node for node in model.graph} for model in models)
    readers = {
        each.layer.name: Reader(
            _source(own[each.layer.name]), _source(true[each.layer.name]), each.patches
        )
        for each in wave
    }
    workers = worker_count(prepared.network, 2 * [each.layer.inputs[0] for each in wave])
    return (yield from input_moments(models, readers, samples, prepared.source, workers))


def _source(node: ir.Node) -> str:
    source = node.inputs[0]
    assert source is not None
    return source.name or ""


def _round(
    state: Prepared, plan: Plan, chosen: _Chosen, moments: Moments
) -> tuple[Prepared, RoundedWeights]:
    """``state`` with the weights of ``chosen`` rounded, and what that gains. Its graph is
    changed in place."""
    values, data_type = state.parameters[chosen.weights], plan.types[chosen.weights]
    weights = chosen.patches.matrices(values)
    steps = chosen.patches.matrices(_steps(data_type, values.shape))
    whole = round_compensated(weights, steps, data_type.limits, moments)
    nearest = chosen.patches.matrices(data_type.quantize(values))
    signal = float(squared_errors(weights, np.zeros_like(weights), moments).sum())
    before, after = (
        _decibels(signal, float(squared_errors(weights, each * steps, moments).sum()))
        for each in (nearest, whole)
    )
    rounded = chosen.patches.weights(whole * steps, values.shape).astype(np.float32)
    name, label = chosen.layer.name, chosen.layer.label
    return _with_weights(state, chosen.weights, rounded), RoundedWeights(
        layer=name, label=label, sqnr_before=before, sqnr_after=after
    )


def _steps(data_type: DataType, shape: tuple[int, ...]) -> Floats:
    """The step of each weight."""
    if isinstance(data_type, ChannelScaled):
        return np.broadcast_to(data_type.steps_for(shape), shape)
    return np.full(shape, data_type.step)


def _decibels(signal: float, noise: float) -> float:
    if noise <= 0.0:
        return math.inf
    return 10.0 * math.log10(signal / noise) if signal > 0.0 else -math.inf


def _with_weights(prepared: Prepared, name: str, values: npt.NDArray[np.float32]) -> Prepared:
    """``prepared`` with ``values`` as a parameter. Its graph is changed in place."""
    prepared.model.graph.initializers[name].const_value = ir.tensor(values, name=name)
    return replace(prepared, parameters={**prepared.parameters, name: values})
