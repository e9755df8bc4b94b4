"""What a validation found out, as rows of strings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from quantscope.core.figures import change_in_words, figure_in_words, value_in_words
from quantscope.core.targets import TARGETS
from quantscope.core.validation import FileCosts, Validation, Variant
from quantscope.core.wording import SCHEME_TITLES, count, size
from quantscope.session.document import Document
from quantscope.session.validations import ValidationRun

Row = tuple[str, ...]

RUNS = {
    "When": "When it was run; the latest is first",
    "Result": "Float, quantized, and the difference, by the first metric that has all three",
    "Judged": "What stood beside the float network",
    "Samples": "Labelled samples that were run",
    "": "⚠ types or network have changed since",
}
FIGURES = {
    "Network": "The quantized network",
    "Metric": "What it is judged by",
    "Float": "The float network",
    "Quantized": "The quantized network",
    "Difference": "Quantized less float",
    "95 % interval": "Of the difference, pairing the samples; of the value where float has none",
}
COSTS = {
    "Network": "Which network",
    "Parameters": "Weights, biases (four bytes each) and constants as the file stores them",
    "File": "Size of the file with all that belongs to it",
    "Integer operators": "In integer kernels of ONNX Runtime on this machine",
    "Float operators": "Which are not",
    "Time": "Median of one run on this machine, in turns with the others",
}
DISAGREEMENTS = {
    "Sample": "Choose a row to see the sample",
    "Float": "The float network's answer",
    "Quantized": "The quantized network's answer",
    "Label": "The true answer",
    "Right": "Who is right",
}


def run_row(run: ValidationRun, document: Document) -> Row:
    """One validation in the list of all."""
    when = datetime.fromisoformat(run.when).astimezone().strftime("%Y-%m-%d %H:%M")
    stale = "" if run.fits(document) else "⚠"
    return (when, result(run.validation), judged(run), count(run.validation.samples), stale)


def judged(run: ValidationRun) -> str:
    """What stood beside the float network."""
    names = variant_names(run)
    return ", ".join(names) if names else "the float network alone"


def variant_names(run: ValidationRun) -> list[str]:
    """A name for each quantized network: the types of the plan, or the file's name."""
    files = [Path(each.costs.path).name for each in run.validation.variants]
    if run.settings is not None and files:
        target = TARGETS[run.settings.target].title
        scheme = SCHEME_TITLES[run.settings.scheme]
        files[0] = f"{target}, {scheme}, {run.settings.word_length} bits"
    return files


def result(validation: Validation) -> str:
    """The figure that says most, in a few words."""
    for variant in validation.variants:
        for each in variant.figures:
            if each.exact is not None and each.difference is not None:
                exact, value = (value_in_words(each, v) for v in (each.exact, each.value))
                change = change_in_words(each, each.difference)
                return f"{each.title} {exact} → {value} ({change})"
    figures = [f for each in validation.variants[:1] for f in each.figures] or validation.figures
    return ", ".join(f"{each.title} {value_in_words(each, each.value)}" for each in figures[:1])


def figure_rows(run: ValidationRun) -> list[Row]:
    """Every metric of every network."""
    found = run.validation
    if not found.variants:
        return [
            ("", each.title, value_in_words(each, each.value), "", "", "") for each in found.figures
        ]
    return [
        (name, *figure_in_words(each))
        for name, variant in zip(variant_names(run), found.variants, strict=True)
        for each in variant.figures
    ]


def cost_rows(run: ValidationRun) -> list[Row]:
    """What each file takes, the float one first."""
    found = run.validation
    rows = [_costs("float", found.exact, found.exact)]
    return rows + [
        _costs(name, each.costs, found.exact)
        for name, each in zip(variant_names(run), found.variants, strict=True)
    ]


def _costs(name: str, costs: FileCosts, exact: FileCosts) -> Row:
    floats = ", ".join(f"{kind} ({times})" for kind, times in costs.float_operators)
    time = "–"
    if costs.latency_ms is not None:
        time = f"{costs.latency_ms:.3g} ms"
        if costs is not exact and exact.latency_ms:
            time += f" ({exact.latency_ms / costs.latency_ms:.2f} × as fast)"
    share = f" ({costs.parameter_bytes / max(exact.parameter_bytes, 1):.0%})"
    return (
        name,
        size(costs.parameter_bytes) + ("" if costs is exact else share),
        size(costs.file_bytes),
        count(costs.integer_operators),
        floats or "none",
        time,
    )


def disagreement_rows(validation: Validation, variant: Variant) -> list[Row]:
    """The samples on which float and ``variant`` give different answers."""
    return [
        (
            each.sample,
            class_name(validation, each.exact),
            class_name(validation, each.found),
            "–" if each.label is None else class_name(validation, each.label),
            _right(each.label, each.exact, each.found),
        )
        for each in variant.disagreements
    ]


def _right(label: int | None, exact: int, found: int) -> str:
    if label is None:
        return "–"
    return {exact: "float", found: "quantized"}.get(label, "neither")


def class_name(validation: Validation, number: int) -> str:
    """What a class is called, or its number."""
    names = validation.class_names
    return names[number] if 0 <= number < len(names) else str(number)
