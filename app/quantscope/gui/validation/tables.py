"""The validations of a session as rows of strings."""

from __future__ import annotations

from datetime import datetime

from quantscope.core.verdicts import Row, named, result
from quantscope.core.wording import count
from quantscope.session.document import Document
from quantscope.session.validations import ValidationRun

RUNS = {
    "When": "When it was run; the latest is first",
    "Result": "Float, quantized, and the difference, by the first metric that has all three",
    "Judged": "What stood beside the float network",
    "Samples": "Labelled samples that were run",
    "": "⚠ types or network have changed since",
}


def run_row(run: ValidationRun, document: Document) -> Row:
    """One validation in the list of all."""
    when = datetime.fromisoformat(run.when).astimezone().strftime("%Y-%m-%d %H:%M")
    stale = "" if run.fits(document) else "⚠"
    return (when, result(run.validation), named(run.names), count(run.validation.samples), stale)
