"""The validations of a session as rows of strings."""

from __future__ import annotations

from datetime import datetime

from quantscope.core.findings.verdicts import Row, named, result
from quantscope.core.wording import count
from quantscope.gui.translation import mark
from quantscope.session.document import Document
from quantscope.session.validations import ValidationRun

RUNS = {
    mark("When"): mark("When it was run; the latest is first"),
    mark("Result"): mark(
        "Float, quantized, and the difference, by the first metric that has all three"
    ),
    mark("Judged"): mark("What stood beside the float network"),
    mark("Samples"): mark("Labelled samples that were run"),
    "": mark("⚠ types or network have changed since"),
}


def run_row(run: ValidationRun, document: Document) -> Row:
    """One validation in the list of all."""
    when = datetime.fromisoformat(run.when).astimezone().strftime("%Y-%m-%d %H:%M")
    stale = "" if run.fits(document) else "⚠"
    return (when, result(run.validation), named(run.names), count(run.validation.samples), stale)
