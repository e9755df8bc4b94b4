"""How the network answers on labelled data: the latest validation in full, others in a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from quantscope.core.data.description import format_preprocessing
from quantscope.core.data.joined import sources_of
from quantscope.core.findings.record import RecordedValidation
from quantscope.core.findings.validation import Figure, Table, Validation, Variant
from quantscope.core.findings.verdicts import (
    COSTS,
    DISAGREEMENTS,
    FIGURES,
    class_name,
    confused,
    cost_rows,
    disagreement_rows,
    figure_rows,
    named,
    result,
    warnings_of,
)
from quantscope.core.metrics.labels import LabelKind
from quantscope.core.wording import count
from quantscope.engine.html_report.markup import (
    NOTHING,
    Cells,
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

NOT_VALIDATED = "Nothing was validated on labelled data yet."
STALE = (
    "This validation is of other types or of another network than the rest of this report: "
    "validate again to have both together."
)
MOST_CLASSES = 40  # of a table of confusion; beyond, the most frequent mistakes are told
MOST_CONFUSED = 10
MOST_SAMPLES = 200  # with different answers, in a list


def validation_section(subject: Subject) -> Markup:
    """Figures with intervals, memory and time, mistakes, samples; and the runs before."""
    runs = subject.record.validations
    if not runs:
        return section("Validation", paragraph(NOT_VALIDATED, class_="note"))
    latest, *earlier = runs
    found = latest.validation
    return section(
        "Validation",
        paragraph(STALE, class_="mark") if latest.is_stale else NOTHING,
        facts(_facts(latest)),
        bullets([f"{text}." for text in warnings_of(found, latest.names)], class_="warnings"),
        sub_section("Figures", _figures(latest)),
        sub_section("Memory and time", _costs(latest)),
        *_answers(latest),
        sub_section("Earlier validations", _earlier(earlier)),
    )


def _facts(run: RecordedValidation) -> Iterator[tuple[str, str]]:
    found, data = run.validation, run.validation.request.data
    yield "when", _moment(run.when)
    yield "judged", named(run.names)
    yield "samples", count(found.samples)
    for each in sources_of(data):
        yield "data", f"seeded noise, seed {each.seed}" if each.is_random else each.path
    if data.has_pictures:
        yield "preprocessing", format_preprocessing(data.preprocessing)
    yield "labels", _labels(found)
    if found.request.custom:
        yield "metrics of its own", found.request.custom


def _labels(found: Validation) -> str:
    if found.label_kind == LabelKind.NONE:
        return "none"
    return found.request.labels or "the class folders of the data"


def _moment(when: str) -> str:
    """In UTC, so that the same record gives the same page everywhere."""
    return datetime.fromisoformat(when).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _figures(run: RecordedValidation) -> Markup:
    words, numbers = list(FIGURES)[:2], list(FIGURES)[2:]
    rows = table((*map(Column, words), *figures(*numbers)), figure_rows(run.validation, run.names))
    methods = {each.method for each in _all_figures(run.validation) if each.method}
    note = paragraph(f"Intervals: {'; '.join(sorted(methods))}.", class_="note")
    return together((rows, note if methods else NOTHING))


def _all_figures(found: Validation) -> Iterator[Figure]:
    for variant in found.variants:
        yield from variant.figures


def _costs(run: RecordedValidation) -> Markup:
    name, *numbers, operators, time = COSTS
    columns = (
        Column(name),
        *figures(*numbers),
        Column(operators, Cells.SENTENCES),
        *figures(time),
    )
    return table(columns, cost_rows(run.validation, run.names))


def _answers(run: RecordedValidation) -> Iterator[Markup]:
    """Of each quantized network: what it mistakes, and where it answers otherwise than float."""
    found = run.validation
    for name, variant in zip(run.names, found.variants, strict=True):
        mistakes = bullets(confused(found, variant, MOST_CONFUSED))
        yield sub_section(f"Most frequent mistakes of {name}", mistakes)
        if 0 < len(variant.confusion) <= MOST_CLASSES:
            yield folded(f"Confusion of {name}", _confusion(found, variant.confusion))
        if variant.disagreements:
            yield folded(_title(name, variant, found), _disagreements(found, variant))


def _title(name: str, variant: Variant, found: Validation) -> str:
    number = len(variant.disagreements)
    return f"{count(number)} of {count(found.samples)} samples that {name} answers otherwise"


def _confusion(found: Validation, counts: Table) -> Markup:
    """Rows are labels, columns answers."""
    names = [class_name(found, number) for number in range(len(counts))]
    columns = (Column("Label, and what it was called"), *figures(*names))
    rows = [
        (name, *(count(number) if number else "" for number in row))
        for name, row in zip(names, counts, strict=True)
    ]
    return table(columns, rows)


def _disagreements(found: Validation, variant: Variant) -> Markup:
    rows = disagreement_rows(found, variant)
    listed = table(tuple(map(Column, DISAGREEMENTS)), islice(rows, MOST_SAMPLES))
    rest = len(rows) - MOST_SAMPLES
    return together((listed, paragraph(f"and {count(rest)} more") if rest > 0 else NOTHING))


def _earlier(runs: list[RecordedValidation]) -> Markup:
    columns = (
        Column("When"),
        Column("Judged", Cells.SENTENCES),
        Column("Result"),
        *figures("Samples"),
        Column("", Cells.SENTENCES),
    )
    rows = [
        (
            _moment(run.when),
            named(run.names),
            result(run.validation),
            count(run.validation.samples),
            "of other types or another network" if run.is_stale else "",
        )
        for run in runs
    ]
    return table(columns, rows)
