"""Requests to and events from a job, as values that travel as JSON lines.

May import ``core`` only: the window speaks these without loading an engine. A request is
complete in itself (paths, settings); the worker keeps nothing between two of them.

On the worker's standard input each line is an :class:`Envelope` with a request or ``cancel``;
on its standard output each line is an :class:`Envelope` with an event. Every job ends with
exactly one of its result event, :class:`Cancelled` or :class:`Failed`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from quantscope.core.codec import decode, encode
from quantscope.core.data import DataDescription, SourceCheck
from quantscope.core.errors import Problem
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.network import Network
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices
from quantscope.core.report import ExportReport


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
    one it is the last.
    """

    model: str
    data: DataDescription
    guess: bool = False
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrate:
    """Run ``data`` through ``model`` and write a calibration file to ``output``.

    Sends :class:`Progress` and :class:`LiveCounts`, then :class:`Calibrated`. On cancel the
    samples done so far are written, and :class:`Cancelled` names the file.
    """

    model: str
    data: DataDescription
    output: str
    only_quantized: bool = False
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


Request = Describe | CheckData | Calibrate | Export


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
class Exported:
    """The file is written and verified."""

    report: ExportReport


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


Result = Described | DataChecked | Calibrated | Exported | Cancelled | Failed
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
    return json.dumps(encode(envelope), allow_nan=False, separators=(",", ":"))


def from_line(line: str) -> Envelope:
    """The envelope on ``line``; ``ValueError`` where there is none."""
    envelope: Envelope = decode(Envelope, json.loads(line))
    return envelope
