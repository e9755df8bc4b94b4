"""Requests to measure layers and to search a mix, and what their results mean for the session."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from quantscope.core.diagnosis.mixing import CostFactors, Goal
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.errors import QuantscopeError
from quantscope.gui.work.job import Job
from quantscope.jobs import messages
from quantscope.session.diagnosis import LayersKnown, MixKnown
from quantscope.session.document import Document
from quantscope.session.sensitivity_file import read_all
from quantscope.session.session import Session

SAMPLES = 16
MIX_SAMPLES = 64
SUGGESTIONS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEffort:
    """How thoroughly layers are measured: on at most ``samples`` samples, for ``budget`` seconds
    (``None``: until done), ``cumulative`` with all before each layer too."""

    samples: int = SAMPLES
    budget: float | None = None
    cumulative: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MixSearch:
    """What is searched: the cheapest mix by ``factors`` that meets ``goal`` on ``samples``
    samples, from layers measured on ``layer_samples``."""

    goal: Goal
    factors: CostFactors = field(default_factory=CostFactors)
    samples: int = MIX_SAMPLES
    layer_samples: int = SAMPLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The statistics, the results to go on from, and the agreement to run the data's file."""

    calibration: str
    output: str
    trusted: str


def layers_request(
    document: Document, files: Files, effort: LayerEffort
) -> messages.MeasureSensitivity:
    """Measure the layers of ``document`` that ``files`` does not know yet."""
    return messages.MeasureSensitivity(
        model=document.model,
        calibration=files.calibration,
        settings=document.settings,
        output=files.output,
        samples=effort.samples,
        budget=effort.budget,
        cumulative=effort.cumulative,
        fixes=SUGGESTIONS,
        preparation=document.preparation,
        trusted=files.trusted,
    )


def mix_request(document: Document, files: Files, search: MixSearch) -> messages.FindMix:
    """Search a mix on top of the settings of ``document``."""
    return messages.FindMix(
        model=document.model,
        calibration=files.calibration,
        settings=document.settings,
        output=files.output,
        goal=search.goal,
        factors=search.factors,
        samples=search.samples,
        layer_samples=search.layer_samples,
        preparation=document.preparation,
        trusted=files.trusted,
    )


def attach_measured(session: Session, job: Job, result: messages.Result) -> bool:
    """Keep what ``result`` tells of the layers, also that of a job that was stopped.

    False where it is about something else.
    """
    request, kept = job.request, session.diagnosis
    if not isinstance(request, messages.MeasureSensitivity | messages.FindMix):
        return False
    if isinstance(result, messages.LayersMeasured):
        kept = kept.with_layers(LayersKnown(sensitivity=result.sensitivity, fixes=result.fixes))
    else:
        for found in reversed(_in_file(request.output)):
            kept = kept.with_layers(LayersKnown(sensitivity=found))
    basis = session.basis(request.samples)
    if isinstance(result, messages.MixSearched) and basis is not None:
        under = replace(basis, settings=request.settings)
        kept = kept.with_mix(MixKnown(basis=under, found=result.found))
    session.attach_diagnosis(kept)
    return True


def _in_file(path: str) -> tuple[Sensitivity, ...]:
    """What a job has written by its end; nothing where it could not."""
    try:
        return read_all(path)
    except QuantscopeError:
        return ()
