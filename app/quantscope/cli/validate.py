"""``quantscope validate``: a float model and quantized ones over labelled data."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from quantscope.api.data import DataOptions
from quantscope.api.judging import settled_as_calibrated
from quantscope.cli.console import RANDOM_WARNING, say, say_facts, say_json, say_table
from quantscope.cli.options import add_data_options, data_facts, data_of, trust_in
from quantscope.cli.running import ask
from quantscope.cli.sessions import SESSION, open_calibrated
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import with_source
from quantscope.core.findings.figures import figure_in_words, value_in_words
from quantscope.core.findings.plain_data import plain
from quantscope.core.findings.validation import FileCosts, Validation, ValidationRequest, Variant
from quantscope.core.findings.verdicts import confused, operators_in_words, warnings_of
from quantscope.core.metrics.detector import NO_SUPPRESSION, BoxFormat, Coordinates, DetectorForm
from quantscope.core.metrics.table import METRICS
from quantscope.core.wording import count, size
from quantscope.jobs.messages import Export, Validate, Validated
from quantscope.session.calibration_file import write_calibration
from quantscope.session.session_file import save_session
from quantscope.session.validations import new_run, with_run

FORMAT = 1
MOST_SAMPLES = 12  # that are named
MOST_CONFUSED = 3  # pairs of classes that are named


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this sub-command."""
    parser.add_argument(
        "source",
        metavar="MODEL_OR_SESSION",
        help="the float .onnx file, or a calibrated session, whose types are judged first",
    )
    parser.add_argument(
        "variants", metavar="QUANTIZED", nargs="*", help="quantized .onnx files made from it"
    )
    add_data_options(parser)
    group = parser.add_argument_group("judging")
    group.add_argument(
        "--more-data",
        action="append",
        default=[],
        metavar="PATH",
        help="more data, read as the first is and judged together with it (may come again)",
    )
    group.add_argument(
        "--labels",
        default="",
        metavar="PATH",
        help="labels: .csv of names and labels, .json (COCO too), .npy, .npz, or a folder of class "
        "maps (without: the class folders of the data)",
    )
    group.add_argument(
        "--metrics",
        nargs="+",
        choices=list(METRICS),
        default=[],
        help="only these (without: all that the labels allow)",
    )
    group.add_argument(
        "--output", default="", metavar="NAME", help="the output to judge (the first one)"
    )
    group.add_argument(
        "--custom",
        default="",
        metavar="FILE.py",
        help="metrics of your own, as in resources/examples/metrics.py; needs --trust-python",
    )
    group.add_argument(
        "--resamples",
        type=int,
        default=0,
        metavar="N",
        help="ask metrics of your own N times anew for their intervals (0: they have none)",
    )
    _add_detector_options(parser)
    parser.add_argument(
        "--keep", action="store_true", help="keep the results in the session, for its report"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_detector_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("detectors")
    group.add_argument("--boxes", metavar="NAME", help="the output with boxes, (n, 4)")
    group.add_argument(
        "--scores", metavar="NAME", help="the output with their scores, (n,) or (n, classes)"
    )
    group.add_argument(
        "--classes", default="", metavar="NAME", help="the output with their classes, (n,)"
    )
    forms = [each.value for each in BoxFormat]
    group.add_argument(
        "--box-format", choices=forms, default=BoxFormat.XYXY.value, help="the numbers of a box"
    )
    units = [each.value for each in Coordinates]
    group.add_argument(
        "--coordinates",
        choices=units,
        default=Coordinates.FRACTION.value,
        help="what they count: fractions of the input picture, or its pixels",
    )
    group.add_argument(
        "--background", action="store_true", help="the first column of scores is no class"
    )
    group.add_argument(
        "--least-score", type=float, default=0.0, metavar="X", help="leave out what is less (0)"
    )
    group.add_argument(
        "--suppress",
        type=float,
        default=NO_SUPPRESSION,
        metavar="X",
        help="leave out the weaker of two boxes of a class that overlap by more (1: none)",
    )


def run(options: argparse.Namespace) -> None:
    """Run everything over the data, and print the figures."""
    is_session = Path(options.source).suffix.lower() == SESSION
    if options.data is None:
        options.parser.error("--data is needed")
    if bool(options.boxes) != bool(options.scores):
        options.parser.error("a detector needs both --boxes and --scores")
    if options.keep and not is_session:
        options.parser.error("--keep needs a session to keep the results in")
    if is_session:
        _validate_session(options)
    else:
        found = _validate(options, options.source, None)
        _say_result(options, found, [Path(each).name for each in options.variants])


def _validate_session(options: argparse.Namespace) -> None:
    """Judge the types of the session, exported for it, before the files."""
    session = open_calibrated(options.source).session
    calibration, document = session.calibration, session.document
    assert calibration is not None
    with tempfile.TemporaryDirectory(prefix="quantscope-") as folder:
        statistics = Path(folder) / "calibration.npz"
        write_calibration(statistics, calibration)
        export = Export(
            model=document.model,
            calibration=str(statistics),
            settings=document.settings,
            output=str(Path(folder) / "plan.onnx"),
            verification_samples=1,
            preparation=document.preparation,
            trusted=trust_in(options, calibration.data),
        )
        found = _validate(options, document.model, export, calibration.data)
    kept = new_run(document, document.settings, found)
    if options.keep:
        session.attach_validations(with_run(session.validations, kept))
        save_session(session, options.source)
    _say_result(options, found, kept.names)


def _validate(
    options: argparse.Namespace,
    model: str,
    export: Export | None,
    known: DataDescription | None = None,
) -> Validation:
    data = _data(options, model, known)
    request = Validate(
        model=model,
        variants=tuple(options.variants),
        request=_request(options, data),
        export=export,
    )
    return ask(request, Validated).validation


def _data(
    options: argparse.Namespace, model: str, known: DataDescription | None
) -> DataDescription:
    """All sources together, each of which is told; prepared as ``known`` was where nothing else is
    said."""
    sources = []
    for path in (options.data, *options.more_data):
        data, facts = _one(_with(options, {"data": path}), model, known)
        sources.append(data)
        if not options.json:
            say_facts(facts)
            say()
    first, *more = sources
    for each in more:
        first = with_source(first, each)
    return first


def _one(
    options: argparse.Namespace, model: str, known: DataDescription | None
) -> tuple[DataDescription, list[tuple[str, str]]]:
    """One source, and what there is to say of it."""

    def settle(given: DataOptions) -> tuple[DataDescription, list[tuple[str, str]]]:
        own = _with(options, given)
        data, check = data_of(own, model)
        return data, data_facts(own, data, check)

    given: DataOptions = {"preprocess": options.preprocess, "sound": options.sound}
    return settle(given) if known is None else settled_as_calibrated(given, known, settle)


def _with(options: argparse.Namespace, changes: Mapping[str, object]) -> argparse.Namespace:
    return argparse.Namespace(**(vars(options) | dict(changes)))


def _say_result(options: argparse.Namespace, found: Validation, names: Sequence[str]) -> None:
    if options.json:
        say_json({"format": FORMAT, "names": list(names)} | plain(found))
    else:
        _say(found, names)


def _request(options: argparse.Namespace, data: DataDescription) -> ValidationRequest:
    detector = None
    if options.boxes:
        detector = DetectorForm(
            boxes=options.boxes,
            scores=options.scores,
            classes=options.classes,
            box_format=BoxFormat(options.box_format),
            coordinates=Coordinates(options.coordinates),
            background=options.background,
            least_score=options.least_score,
            suppress=options.suppress,
        )
    return ValidationRequest(
        data=replace(data, trusted=trust_in(options, data, options.custom)),
        labels=options.labels,
        metrics=tuple(options.metrics),
        output=options.output,
        detector=detector,
        custom=options.custom,
        resamples=max(options.resamples, 0),
    )


# ---- what came out


def _say(found: Validation, names: Sequence[str]) -> None:
    if found.random_data:
        say(RANDOM_WARNING)
    labels = "no labels" if found.label_kind == "none" else f"a {found.label_kind} for each"
    say(f"{count(found.samples)} samples, {labels}")
    say_facts([*_float_facts(found), *(("warning", text) for text in warnings_of(found, names))])
    for name, variant in zip(names, found.variants, strict=True):
        say()
        say(name)
        _say_variant(found, variant)


def _float_facts(found: Validation) -> list[tuple[str, str]]:
    facts = [(f"float {each.title}", value_in_words(each, each.value)) for each in found.figures]
    return [*facts, ("float file", _costs(found.exact, None))]


def _say_variant(found: Validation, variant: Variant) -> None:
    rows = [figure_in_words(each) for each in variant.figures]
    say_table(("METRIC", "FLOAT", "QUANTIZED", "DIFFERENCE", "95 % INTERVAL"), rows)
    facts = [("file", _costs(variant.costs, found.exact))]
    facts.append(("integer operators", count(variant.costs.integer_operators)))
    if operators := operators_in_words(variant.costs):
        facts.append(("in float", operators))
    facts += [("confused", text) for text in confused(found, variant, MOST_CONFUSED)]
    if variant.disagreements:
        facts.append(("answers differ", _disagreements(variant)))
    say_facts(facts)


def _costs(costs: FileCosts, exact: FileCosts | None) -> str:
    text = f"{size(costs.file_bytes)}, parameters {size(costs.parameter_bytes)}"
    if costs.latency_ms is None:
        return text
    text += f", {costs.latency_ms:.3g} ms for a run"
    if exact is not None and exact.latency_ms and costs.latency_ms:
        text += f" ({exact.latency_ms / costs.latency_ms:.2f} times as fast as float)"
    return text


def _disagreements(variant: Variant) -> str:
    names = [each.sample for each in variant.disagreements]
    rest = len(names) - MOST_SAMPLES
    shown = ", ".join(names[:MOST_SAMPLES]) + (f" and {rest} more" if rest > 0 else "")
    return f"on {count(len(names))} samples: {shown}"
