"""The door: a record and its statistics become one HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quantscope import __version__
from quantscope.core.counting.calibration import Calibration
from quantscope.core.findings.figures import value_in_words
from quantscope.core.findings.record import Record
from quantscope.core.findings.verdicts import main_figure
from quantscope.core.networks.network import LayerKind
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, count, decibel, share, size
from quantscope.engine.html_report.basis import data_section, network_section
from quantscope.engine.html_report.export import export_section
from quantscope.engine.html_report.markup import (
    Markup,
    element,
    paragraph,
    text,
    together,
)
from quantscope.engine.html_report.ranges import ranges_section, types_section
from quantscope.engine.html_report.repeat import repeat_section
from quantscope.engine.html_report.style import style_sheet
from quantscope.engine.html_report.subject import Subject
from quantscope.engine.html_report.validation import validation_section
from quantscope.engine.writing import write_atomically

RANDOM_MARK = "RANDOM DATA: every figure below is about noise and not about real data."
# No script, no request: what a name might smuggle in could do nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def write_report(
    record: Record, calibration: Calibration, path: str | Path, *, overwrite: bool = False
) -> Path:
    """Write the report to ``path``; returns where it lies.

    Raises :class:`QuantscopeError` where the file may not or cannot be written.
    """
    content = report_text(record, calibration).encode("utf-8")
    return write_atomically(path, lambda passing: _write(passing, content), overwrite=overwrite)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def report_text(record: Record, calibration: Calibration) -> str:
    """The whole page. The same record and statistics give the same text."""
    subject = Subject.of(record, calibration)
    title = f"Quantization of {record.network.name}"
    body = together(
        (
            *_opening(subject, title),
            network_section(subject),
            data_section(subject),
            ranges_section(subject),
            types_section(subject),
            export_section(subject),
            validation_section(subject),
            repeat_section(subject),
            element("footer", text(f"Written by Quantscope {__version__}.")),
        )
    )
    return _page(title, body)


def _page(title: str, body: Markup) -> str:
    head = (
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>\n{style_sheet()}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _opening(subject: Subject, title: str) -> Iterator[Markup]:
    settings = subject.record.settings
    yield element("h1", text(title))
    words = f"words of {settings.word_length} bits"
    if settings.weight_words != settings.word_length:
        words += f", weights of {settings.weight_words}"
    scheme = f"{SCHEME_TITLES[settings.scheme]} scheme"
    subtitle = " · ".join((TARGETS[settings.target].title, scheme, words))
    yield paragraph(subtitle, class_="subtitle")
    if subject.calibration.data.is_random:
        yield paragraph(RANDOM_MARK, class_="mark")
    yield element("div", *(_card(*card) for card in _figures(subject)), class_="cards")


def _card(figure: str, words: str) -> Markup:
    return element("div", element("b", text(figure)), element("span", text(words)), class_="card")


def _figures(subject: Subject) -> Iterator[tuple[str, str]]:
    """What a reader wants first, and what it is a figure of."""
    placed = subject.plan.placement.layers
    layers = [layer for layer in subject.record.network.layers if layer.kind is not LayerKind.INPUT]
    whole = sum(layer.name in placed for layer in layers)
    yield f"{whole} of {len(layers)}", "layers quantized"
    predicted = [row for row in subject.rows if row.error is not None]
    if predicted:
        worst = min(predicted, key=lambda row: row.error.sqnr_db if row.error else 0.0)
        assert worst.error is not None
        name = f"{worst.layer.label}, {worst.name}"
        yield decibel(worst.error.sqnr_db), f"lowest predicted SQNR: {name}"
    yield from _validated(subject)
    report = subject.measured
    if report is None:
        return
    yield size(report.file_bytes), f"file; {size(report.source_bytes)} in float"
    for output in report.outputs:
        yield decibel(output.sqnr), f"SQNR of output {output.output} against float"
        if output.agreement is not None:
            samples = f"of {count(report.samples)} samples"
            yield share(output.agreement), f"{samples} in the same class as float"


def _validated(subject: Subject) -> Iterator[tuple[str, str]]:
    """What the latest validation says of the types at hand."""
    for run in subject.record.validations[:1]:
        main = main_figure(run.validation)
        if main is not None and main.exact is not None and not run.is_stale:
            samples = f"on {count(run.validation.samples)} labelled samples"
            exact = f"{value_in_words(main, main.exact)} in float"
            yield value_in_words(main, main.value), f"{main.title} {samples}; {exact}"
