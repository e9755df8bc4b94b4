"""The dynamic ranges: as a picture, and as a table with the type of every tensor."""

from __future__ import annotations

from quantscope.core.counting.statistics import Extreme
from quantscope.core.findings.report import TensorAccuracy
from quantscope.core.networks.network import LayerKind
from quantscope.core.picture.heatmap import Depth
from quantscope.core.picture.ranges import RangeRow
from quantscope.core.wording import decibel, decimal, shape, share
from quantscope.engine.html_report.markup import (
    NOTHING,
    Cells,
    Column,
    Markup,
    bullets,
    element,
    figures,
    paragraph,
    section,
    sub_section,
    table,
)
from quantscope.engine.html_report.subject import Subject
from quantscope.engine.picture.drawing import heading_of
from quantscope.engine.picture.layout import lay_out
from quantscope.engine.picture.look import DARK, LIGHT, PIN, Look
from quantscope.engine.picture.svg import svg_element

MOST_DRAWN = 1_000  # tensors; the picture of more takes longer to open than anybody waits


def ranges_section(subject: Subject) -> Markup:
    """The heat map, once for light and once for dark."""
    explained = paragraph(
        "One row for each tensor, one column for each power of two. A cell is darker the more "
        "values have their most significant bit there: blue is kept by the tensor's type, gray is "
        "lost, teal rounds up to one step.",
        class_="note",
    )
    if len(subject.rows) > MOST_DRAWN:
        too_many = f"{len(subject.rows)} tensors are too many for a picture in a page: "
        return section(
            "Dynamic ranges", paragraph(f"{too_many}quantscope heatmap writes it as a file.")
        )
    return section(
        "Dynamic ranges",
        explained,
        _picture(subject, LIGHT, "on-light"),
        _picture(subject, DARK, "on-dark"),
    )


def _picture(subject: Subject, look: Look, when: str) -> Markup:
    heading = heading_of(subject.record.network, subject.calibration, subject.plan)
    drawn = Markup(svg_element(lay_out(subject.rows, heading, look, Depth.LINEAR)))
    words = "Heat map of the dynamic ranges; the table below has its figures"
    return element("figure", drawn, class_=when, role="img", title=words)


COLUMNS = (
    Column("Layer"),
    Column("Tensor"),
    Column("Shape"),
    Column("Type"),
    *figures("Min", "Max", "Predicted SQNR", "Overflow", "Underflow"),
)
MEASURED = (*figures("Measured", "In network"),)
REMARK = Column("", Cells.SENTENCES)


def types_section(subject: Subject) -> Markup:
    """Every tensor with its type and what that costs, predicted and, after an export, measured."""
    report = subject.measured
    found = {each.tensor: each for each in report.tensors} if report else {}
    columns = (*COLUMNS, *(MEASURED if found else ()), REMARK)
    rows = [
        (*_row(row), *(_measured(found.get(row.tensor.name)) if found else ()), _remark(row))
        for row in subject.rows
    ]
    reasons, network = subject.plan.placement.reasons, subject.record.network
    in_float = [
        f"{layer.label}: {reasons[layer.name]}"
        for layer in network.layers
        if layer.kind is not LayerKind.INPUT and layer.name in reasons
    ]
    notes = [f"{network.layer(name).label}: {note}" for name, note in subject.plan.notes.items()]
    return section(
        "Types",
        _explanation() if found else NOTHING,
        table(columns, rows),
        sub_section("Layers that stay in float", bullets(in_float)),
        sub_section("Adjusted", bullets(notes)),
    )


def _explanation() -> Markup:
    return paragraph(
        "Measured SQNR is that of the tensor rounded alone, on the samples of the verification; "
        "in the network all errors before it count too.",
        class_="note",
    )


def _row(row: RangeRow) -> tuple[str, ...]:
    error = row.error
    return (
        row.layer.label,
        row.name,
        shape(row.tensor.shape),
        row.data_type.label() if row.data_type else "float",
        _value(row.statistics.minimum),
        _value(row.statistics.maximum),
        decibel(error.sqnr_db) if error else "",
        share(error.overflow_share) if error else "",
        share(error.underflow_share) if error else "",
    )


def _value(end: Extreme | None) -> str:
    return "" if end is None else decimal(end.value)


def _measured(found: TensorAccuracy | None) -> tuple[str, str]:
    if found is None:
        return "", ""
    inside = "" if found.in_network is None else decibel(found.in_network)
    return decibel(found.measured), inside


def _remark(row: RangeRow) -> str:
    """What is special about the tensor's type."""
    remarks = [f"{PIN} set by hand"] if row.pinned else []
    remarks += [f"shares the type of {row.tied_to}"] if row.tied_to else []
    remarks += ["judged at the layer that follows"] if row.cut_off else []
    remarks += [each for each in (row.conflict, row.reason) if each]
    return "; ".join(remarks)
