"""The commands that repeat a quantization in a terminal, each as a list of words.

The recipe stands in for settings that options cannot say: types set by hand.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind, format_preprocessing
from quantscope.core.data.joined import sources_of, split_names
from quantscope.core.data.sound import format_sound
from quantscope.core.findings.record import Record
from quantscope.core.findings.validation import ValidationRequest
from quantscope.core.metrics.detector import DetectorForm
from quantscope.core.networks.network import LOGGED_DTYPES, Network, Role
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import SWITCHES, PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS

PROGRAM = "quantscope"
RECIPE = "recipe.json"
Words = tuple[str, ...]


def commands(record: Record, calibration: Calibration) -> tuple[Words, ...]:
    """Calibrate, source by source, then quantize, and validate where the types at hand were; what
    they write lies in the folder where they are run."""
    name = PurePath(record.model).stem
    session, output = f"{name}.qscope", f"{name}-quantized.onnx"
    first, *more = _counted_sources(calibration)
    return (
        _calibrate(record, calibration, first, session),
        *(_calibrate_more(source, session) for source in more),
        (
            *(PROGRAM, "quantize", session),
            *settings_words(record.settings, record.network),
            *("-o", output),
        ),
        *(_validate(record.model, output, request) for request in _requests(record)),
    )


def _validate(model: str, output: str, request: ValidationRequest) -> Words:
    return (PROGRAM, "validate", model, output, *validation_words(request))


def _requests(record: Record) -> list[ValidationRequest]:
    """That of the latest validation of a quantized network, where it still is of the record."""
    latest = [run.validation for run in record.validations[:1] if not run.is_stale]
    return [each.request for each in latest if each.variants and _is_read_alike(each.request.data)]


def _is_read_alike(data: DataDescription) -> bool:
    """Whether the same options are for all sources, as one command can say."""
    return len({replace(each, path="", trusted="") for each in sources_of(data)}) == 1


def in_a_shell(words: Sequence[str]) -> str:
    """One line for a POSIX shell, quoted where it must be."""
    return shlex.join(words)


def _calibrate(
    record: Record, calibration: Calibration, data: DataDescription, session: str
) -> Words:
    only = ("--only-quantized",) if _is_partial(record.network, calibration) else ()
    chosen = preparation_words(record.preparation)
    return (PROGRAM, "calibrate", record.model, *data_words(data), *chosen, *only, "-o", session)


def _calibrate_more(data: DataDescription, session: str) -> Words:
    return (PROGRAM, "calibrate", session, *data_words(data), "-o", session, "--overwrite")


def _counted_sources(calibration: Calibration) -> list[DataDescription]:
    """Each source alone; where a run ended early, with what was counted of it as its limit."""
    sources = sources_of(calibration.data)
    if not calibration.left:
        return list(sources)
    names = split_names(len(sources), calibration.sample_names)
    pairs = zip(sources, names, strict=True)
    return [replace(source, samples=len(own)) for source, own in pairs if own]


def _is_partial(network: Network, calibration: Calibration) -> bool:
    """Whether only what will be quantized was counted."""
    return any(
        tensor.role is Role.ACTIVATION
        and tensor.dtype in LOGGED_DTYPES
        and name not in calibration.statistics
        for name, tensor in network.tensors.items()
    )


def data_words(data: DataDescription) -> Words:
    """The options that name ``data``."""
    words = ["--data", "random" if data.is_random else data.path]
    if data.is_random:
        words += ["--seed", str(data.seed)]
    else:
        words += ["--kind", data.kind.value]
    if data.has_pictures:
        words += ["--preprocess", format_preprocessing(data.preprocessing)]
    if data.kind is SourceKind.WAV and (sound := format_sound(data.sound)):
        words += ["--sound", sound]
    if data.samples is not None:
        words += ["--samples", str(data.samples)]
    if data.shuffle is not None:
        words += ["--shuffle", str(data.shuffle)]
    if data.skip_unreadable:
        words += ["--skip-unreadable", str(data.skip_unreadable)]
    return (*words, "--trust-python") if data.kind is SourceKind.PYTHON else tuple(words)


def validation_words(request: ValidationRequest) -> Words:
    """The options that ask for ``request``, its data included, of which all is read alike."""
    first, *more = sources_of(request.data)
    words = [*data_words(first)]
    for each in more:
        words += ["--more-data", each.path]
    words += ["--labels", request.labels] if request.labels else []
    words += _several("--metrics", request.metrics)
    words += ["--output", request.output] if request.output else []
    if request.detector is not None:
        words += _detector_words(request.detector)
    if request.custom:
        agreed = "--trust-python" in words
        words += ["--custom", request.custom, *([] if agreed else ["--trust-python"])]
        words += ["--resamples", str(request.resamples)] if request.resamples else []
    return tuple(words)


def _detector_words(form: DetectorForm) -> list[str]:
    words = ["--boxes", form.boxes, "--scores", form.scores]
    words += ["--classes", form.classes] if form.classes else []
    words += ["--box-format", form.box_format.value, "--coordinates", form.coordinates.value]
    words += ["--background"] if form.background else []
    return [*words, "--least-score", repr(form.least_score), "--suppress", repr(form.suppress)]


def preparation_words(preparation: PreparationChoices) -> Words:
    """The options that make the same choices."""
    return tuple(_option(choice.key) for choice in preparation.chosen)


def settings_words(settings: PlanSettings, network: Network) -> Words:
    """The options that give ``settings``; with types set by hand, the recipe in a file."""
    if settings.pinned:
        return ("--recipe", RECIPE)
    words = ["--target", settings.target, "--scheme", settings.scheme.value]
    words += ["--word-length", str(settings.word_length)]
    if settings.weight_word_length is not None:
        words += ["--weight-word-length", str(settings.weight_word_length)]
    if TARGETS[settings.target].bias_word_lengths:
        words += ["--bias-word-length", str(settings.bias_word_length)]
    words += _several("--only-operators", sorted(settings.only_operators))
    words += _several("--float-layers", _labels(settings.float_layers, network))
    words += _several("--wide-layers", _labels(settings.wide_layers, network))
    if settings.weight_rounding is not WeightRounding.NEAREST:
        words += ["--round-weights", settings.weight_rounding.value]
    return (*words, *(_option(key) for key in sorted(SWITCHES) if getattr(settings, key)))


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _several(option: str, names: Sequence[str]) -> list[str]:
    return [option, *names] if names else []


def _labels(layers: Iterable[str], network: Network) -> list[str]:
    """What the layers are called on the command line, in running order."""
    wanted = frozenset(layers)
    return [layer.label for layer in network.layers if layer.name in wanted]
