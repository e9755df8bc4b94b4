"""Requests to and events from a job, as values that travel as JSON lines.

May import ``core`` only: the window speaks these without loading an engine. A request is
complete in itself (paths, settings); the worker keeps nothing between two of them.

On the worker's standard input each line is an :class:`Envelope` with a request or ``cancel``;
on its standard output each line is an :class:`Envelope` with an event. Every job ends with
exactly one of its result event, :class:`Cancelled` or :class:`Failed`.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, field

from quantscope.core.codec import decode, decoding, encode, json_text
from quantscope.core.counting.forecast import Forecast
from quantscope.core.data.description import DataDescription, SourceCheck
from quantscope.core.diagnosis.fixes import Fix
from quantscope.core.diagnosis.mixing import CostFactors, Goal, MixFound
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.errors import Problem
from quantscope.core.events import BitCounts, LiveCounts, Progress
from quantscope.core.findings.record import Record
from quantscope.core.findings.report import ExportReport
from quantscope.core.findings.validation import Validation, ValidationRequest
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.picture.look import PictureLook
from quantscope.core.planning.settings import PlanSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """Open and prepare the model at ``model``; answered by :class:`Described`."""

    model: str
    preparation: PreparationChoices = field(default_factory=PreparationChoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckData:
    """Read one sample of ``data`` for ``model``; answered by :class:`DataChecked`.

    ``guess`` asks to fill in kind and preprocessing from the path and the model's input. Inputs
    are the same whatever the preparation. ``sample`` is the number of the sample; past the last
    one it is the last. With ``name`` it is the one called so.
    """

    model: str
    data: DataDescription
    guess: bool = False
    sample: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """Run ``data`` through ``model`` and write a calibration file to ``output``.

    ``basis`` is a calibration file to go on from, whose samples are the first ones of ``data``.
    Sends :class:`Progress` and :class:`LiveCounts`, then :class:`Calibrated`. On cancel the
    samples done so far are written, and :class:`Cancelled` names the file.
    """

    model: str
    data: DataDescription
    output: str
    only_quantized: bool = False
    basis: str = ""
    preparation: PreparationChoices = field(default_factory=PreparationChoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastCalibration:
    """Try a few samples of ``data``, to tell what calibrating takes; answered by
    :class:`Forecasted`. ``counted`` samples are known already."""

    model: str
    data: DataDescription
    counted: int = 0
    preparation: PreparationChoices = field(default_factory=PreparationChoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Put the samples of several calibration files together, as if they were of one run.

    ``calibrations`` are calibration or session files of ``model``; ``output`` is the calibration
    file to write. Answered by :class:`Calibrated`.
    """

    model: str
    calibrations: tuple[str, ...]
    output: str
    preparation: PreparationChoices = field(default_factory=PreparationChoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Write the quantized model to ``output`` and verify it; answered by :class:`Exported`.

    The plan follows from ``settings`` and the calibration file, as in the window. ``trusted`` is
    the agreement to run the data's Python file, which a calibration file does not hold.
    """

    model: str
    calibration: str
    settings: PlanSettings
    output: str
    verification_samples: int = 32
    overwrite: bool = False
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    trusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSensitivity:
    """Measure what each layer's rounding costs the network; answered by :class:`LayersMeasured`.

    ``output`` is a file of earlier results to go on from, and to which these are added, also on
    cancel. At most ``samples`` samples of the calibration data are run, for ``budget`` seconds
    (``None``: until all layers are done). ``cumulative`` asks for the error of each layer with all
    before it too, ``fixes`` for that many suggestions, measured one by one.
    """

    model: str
    calibration: str
    settings: PlanSettings
    output: str
    samples: int = 16
    budget: float | None = None
    cumulative: bool = False
    fixes: int = 0
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    trusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindMix:
    """Find the cheapest mix of words that meets ``goal``; answered by :class:`MixSearched`.

    What a search needs to know of the layers is measured as by :class:`MeasureSensitivity` and
    kept in ``output``; ``samples`` samples judge each mix.
    """

    model: str
    calibration: str
    settings: PlanSettings
    output: str
    goal: Goal
    factors: CostFactors = field(default_factory=CostFactors)
    samples: int = 64
    layer_samples: int = 16
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    trusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChannels:
    """Count the bits of one activation channel by channel, over the samples that ``calibration``
    was made from; answered by :class:`ChannelsCounted`."""

    model: str
    calibration: str
    tensor: str
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    trusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validate:
    """Run the float ``model`` and quantized files over labelled data; answered by
    :class:`Validated`.

    With ``export``, that file is written first, and judged before the others.
    """

    model: str
    variants: tuple[str, ...]
    request: ValidationRequest
    export: Export | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Write what ``record`` and the calibration file hold to ``output``, by its ending: a report
    (.html), statistics (.csv, .json) or the picture of the ranges (.png, .svg); answered by
    :class:`FileWritten`. ``look`` is for the picture."""

    model: str
    calibration: str
    record: Record
    output: str
    look: PictureLook = field(default_factory=PictureLook)


Request = (
    WriteFile
    | Validate
    | CountChannels
    | Describe
    | CheckData
    | Calibrate
    | ForecastCalibration
    | Merge
    | Export
    | MeasureSensitivity
    | FindMix
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The prepared network."""

    network: Network


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChecked:
    """The data fits; ``data`` is the request's, with what was to be guessed filled in."""

    data: DataDescription
    check: SourceCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """The calibration file at ``output`` holds ``samples`` samples."""

    output: str
    samples: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasted:
    """What a calibration will take."""

    forecast: Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The file is written and verified."""

    report: ExportReport


@dataclass(frozen=True, slots=True, kw_only=True)
class LayersMeasured:
    """What is known of the layers by now, which the file ``output`` holds too."""

    sensitivity: Sensitivity
    output: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MixSearched:
    """``found``, and ``settings`` with its best mix."""

    found: MixFound
    settings: PlanSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """Stopped as asked. ``output`` is the file with what was done so far, empty if none."""

    samples: int = 0
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Stopped by a problem. ``details`` is a traceback where the program is at fault."""

    problem: Problem
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsCounted:
    """The bits of ``tensor`` for each channel along ``axis``, and each one's largest magnitude."""

    tensor: str
    axis: int
    channels: tuple[BitCounts, ...]
    largest: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """What the validation found out."""

    validation: Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWritten:
    """The file is at ``path``, whole."""

    path: str


Result = (
    FileWritten
    | Validated
    | ChannelsCounted
    | Described
    | DataChecked
    | Calibrated
    | Forecasted
    | Exported
    | LayersMeasured
    | MixSearched
    | Cancelled
    | Failed
)
Event = Progress | LiveCounts | Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One line: what it says, and the number of the job that it belongs to."""

    job: int
    request: Request | None = None
    event: Event | None = None
    cancel: bool = False


def to_line(envelope: Envelope) -> str:
    """One JSON line, without the line end."""
    return json_text(encode(envelope))


def from_line(line: str) -> Envelope:
    """The envelope on ``line``; ``ValueError`` where there is none."""
    envelope: Envelope = decode(Envelope, json.loads(line))
    return envelope


def reading_line(line: str) -> Generator[None, None, Envelope]:
    """:func:`from_line` in steps: the description of a large network takes long."""
    data = json.loads(line)
    yield
    envelope: Envelope = yield from decoding(Envelope, data)
    return envelope
