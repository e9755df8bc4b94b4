"""What the export found out about the file that it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quantscope.core.findings.report import (
    BiasCorrection,
    ExportReport,
    IntegerPort,
    LayerKernel,
    OperatorDifference,
    OutputAccuracy,
    RoundedWeights,
)
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import count, decibel, share, size
from quantscope.engine.html_report.markup import (
    NOTHING,
    Column,
    Markup,
    bullets,
    facts,
    figures,
    folded,
    paragraph,
    section,
    sub_section,
    table,
    together,
)
from quantscope.engine.html_report.subject import Subject

NOT_EXPORTED = "No export has been reported yet: there is nothing measured in this report."
STALE = (
    "This export was made from other settings or statistics than the rest of this report: "
    "export again to have both together."
)


def export_section(subject: Subject) -> Markup:
    """The file, its accuracy, its kernels, and what was done to its weights and biases."""
    report = subject.record.export
    if report is None:
        return section("Export", paragraph(NOT_EXPORTED, class_="note"))
    return section(
        "Export",
        paragraph(STALE, class_="mark") if subject.record.export_is_stale else NOTHING,
        facts(_facts(report)),
        bullets(report.warnings, class_="warnings"),
        sub_section("Notes", bullets(report.notes)),
        _outputs(report),
        _ports(report),
        _prepared(report),
        _weights(report),
        _biases(report),
        _kernels(report),
        _simulation(report),
    )


def _facts(report: ExportReport) -> Iterator[tuple[str, str]]:
    target = TARGETS.get(report.target)
    yield "file", Path(report.path).name
    yield "target", target.title if target else report.target
    yield "opset", str(report.opset)
    yield "size", f"{size(report.file_bytes)} (float {size(report.source_bytes)})"
    yield "integer kernels", f"{report.integer_kernels} of {len(report.kernels)} layers"
    yield "verified on", f"{count(report.samples)} samples of the calibration data"
    unit = "step" if report.largest_difference == 1.0 else "steps"
    between = "between the file as ONNX Runtime optimizes it and as it is written"
    yield "largest difference", f"{report.largest_difference:g} {unit} {between}"


def _outputs(report: ExportReport) -> Markup:
    columns = (
        Column("Output"),
        *figures("SQNR against float", "Same class as float"),
    )
    return sub_section("Accuracy of the outputs", table(columns, map(_output, report.outputs)))


def _output(found: OutputAccuracy) -> tuple[str, ...]:
    agreement = "" if found.agreement is None else share(found.agreement)
    return found.output, decibel(found.sqnr), agreement


def _ports(report: ExportReport) -> Markup:
    columns = (
        Column("Port"),
        Column("Type"),
        *figures("Scale", "Zero point"),
    )
    rows = [("input", port) for port in report.integer_inputs]
    rows += [("output", port) for port in report.integer_outputs]
    return sub_section(
        "Integer inputs and outputs",
        table(columns, [_port(kind, port) for kind, port in rows]),
    )


def _port(kind: str, port: IntegerPort) -> tuple[str, ...]:
    return f"{kind} {port.name}", port.dtype, f"{port.scale:.9g}", str(port.zero_point)


def _prepared(report: ExportReport) -> Markup:
    columns = (
        Column("Layer"),
        *figures("Widest channel before", "After", "Weights' SQNR before", "After"),
    )
    rows = (
        (
            each.label,
            f"{each.spread_before:.1f}",
            f"{each.spread_after:.1f}",
            decibel(each.sqnr_before),
            decibel(each.sqnr_after),
        )
        for each in report.prepared_weights
    )
    return sub_section("Prepared weights", table(columns, rows))


def _weights(report: ExportReport) -> Markup:
    columns = (
        Column("Layer"),
        *figures("Weights to nearest", "Compensated"),
    )
    return sub_section(
        "Rounded weights",
        table(columns, map(_rounded, report.rounded_weights)),
    )


def _rounded(found: RoundedWeights) -> tuple[str, ...]:
    return found.label, decibel(found.sqnr_before), decibel(found.sqnr_after)


def _biases(report: ExportReport) -> Markup:
    columns = (
        Column("Layer"),
        *figures("Largest change, in steps", "Mean error before", "After"),
    )
    return sub_section("Corrected biases", table(columns, map(_corrected, report.corrections)))


def _corrected(found: BiasCorrection) -> tuple[str, ...]:
    return (
        found.label,
        f"{found.largest:.2f}",
        f"{found.error_before:.3f}",
        f"{found.error_after:.3f}",
    )


def _kernels(report: ExportReport) -> Markup:
    columns = (Column("Layer"), Column("Kernel"), Column("Computes in"))
    rows = table(columns, map(_kernel, report.kernels))
    return folded(f"Kernels of {len(report.kernels)} layers", rows) if rows else NOTHING


def _kernel(found: LayerKernel) -> tuple[str, ...]:
    return found.label, found.kernel, "integers" if found.integer else "float"


def _simulation(report: ExportReport) -> Markup:
    """What our own integer arithmetic says of each operator, and of ties."""
    columns = (
        Column("Layer"),
        Column("Operator"),
        Column("Kernel"),
        *figures(
            "From the file as written",
            "As it runs",
            "Values that run otherwise",
            "Ties away from zero",
            "Ties up",
        ),
    )
    rows = table(columns, map(_difference, report.simulation))
    left_out = [f"{label}: {why}" for label, why in report.not_simulated]
    summary = report.simulated()
    if not summary:
        return NOTHING
    return sub_section(
        "Integer simulation",
        together(
            (
                paragraph(f"{summary[0].upper()}{summary[1:]}."),
                folded("Operator by operator", _ties_explained(), rows) if rows else NOTHING,
                bullets(left_out),
            )
        ),
    )


def _ties_explained() -> Markup:
    return paragraph(
        "Differences are in steps of the output. The two last columns say how many values come "
        "out one step apart on hardware that does not round a tie to the even step.",
        class_="note",
    )


def _difference(found: OperatorDifference) -> tuple[str, ...]:
    return (
        found.label,
        found.operator,
        found.kernel,
        str(found.as_written.steps),
        str(found.as_run.steps),
        share(found.as_run.share),
        share(found.ties_away),
        share(found.ties_up),
    )
