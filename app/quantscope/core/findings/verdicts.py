"""What a validation found out, as rows and sentences: for the window, the terminal and reports.

``names`` are what its quantized networks are called, in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from quantscope.core.findings.figures import change_in_words, figure_in_words, value_in_words
from quantscope.core.findings.validation import Figure, FileCosts, Table, Validation, Variant
from quantscope.core.wording import count, size

Row = tuple[str, ...]
FLOAT = "Float network"
NONE = "–"

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


def named(names: Sequence[str]) -> str:
    """What stood beside the float network."""
    return ", ".join(names) if names else "the float network alone"


def main_figure(validation: Validation) -> Figure | None:
    """The figure of a quantized network that says most: the first that float has too."""
    figures = [each for variant in validation.variants for each in variant.figures]
    return next((each for each in figures if each.exact is not None), None)


def result(validation: Validation) -> str:
    """The figure that says most, in a few words; empty where there is none."""
    main = main_figure(validation)
    if main is not None and main.exact is not None and main.difference is not None:
        exact, value = (value_in_words(main, each) for each in (main.exact, main.value))
        return f"{main.title} {exact} → {value} ({change_in_words(main, main.difference)})"
    figures = [f for each in validation.variants[:1] for f in each.figures] or validation.figures
    return ", ".join(f"{each.title} {value_in_words(each, each.value)}" for each in figures[:1])


def warnings_of(validation: Validation, names: Sequence[str]) -> list[str]:
    """What a person should know, with networks called by ``names`` and not by their files."""
    files = [PurePath(each.costs.path).name for each in validation.variants]
    found = []
    for text in validation.warnings:
        for file, name in zip(files, names, strict=True):
            text = text.replace(file, name)
        found.append(text)
    return found


def figure_rows(validation: Validation, names: Sequence[str]) -> list[Row]:
    """Every metric of every network, by the columns of :data:`FIGURES`."""
    if not validation.variants:
        return [
            (FLOAT, each.title, value_in_words(each, each.value), "", "", "")
            for each in validation.figures
        ]
    return [
        (name, *figure_in_words(each))
        for name, variant in zip(names, validation.variants, strict=True)
        for each in variant.figures
    ]


def cost_rows(validation: Validation, names: Sequence[str]) -> list[Row]:
    """What each file takes, the float one first, by the columns of :data:`COSTS`."""
    exact = validation.exact
    rows = [_cost_row(FLOAT, exact, None)]
    pairs = zip(names, validation.variants, strict=True)
    return rows + [_cost_row(name, each.costs, exact) for name, each in pairs]


def _cost_row(name: str, costs: FileCosts, exact: FileCosts | None) -> Row:
    share = "" if exact is None else _share(costs.parameter_bytes, exact.parameter_bytes)
    return (
        name,
        size(costs.parameter_bytes) + share,
        size(costs.file_bytes),
        count(costs.integer_operators),
        operators_in_words(costs) or "none",
        _time(costs, exact),
    )


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.0%})" if whole else ""


def _time(costs: FileCosts, exact: FileCosts | None) -> str:
    if costs.latency_ms is None:
        return NONE
    text = f"{costs.latency_ms:.3g} ms"
    if exact is None or not exact.latency_ms or not costs.latency_ms:
        return text
    return f"{text} ({exact.latency_ms / costs.latency_ms:.2f} × as fast)"


def operators_in_words(costs: FileCosts) -> str:
    """The operators that run in float; empty where none does."""
    return ", ".join(f"{kind} ({times})" for kind, times in costs.float_operators)


def disagreement_rows(validation: Validation, variant: Variant) -> list[Row]:
    """The samples with different answers, by the columns of :data:`DISAGREEMENTS`."""
    return [
        (
            each.sample,
            class_name(validation, each.exact),
            class_name(validation, each.found),
            NONE if each.label is None else class_name(validation, each.label),
            _who_is_right(each.label, each.exact, each.found),
        )
        for each in variant.disagreements
    ]


def _who_is_right(label: int | None, exact: int, found: int) -> str:
    if label is None:
        return NONE
    return {exact: "float", found: "quantized"}.get(label, "neither")


def class_name(validation: Validation, number: int) -> str:
    """What a class is called, or its number."""
    names = validation.class_names
    return names[number] if 0 <= number < len(names) else str(number)


def confused(validation: Validation, variant: Variant, most: int) -> list[str]:
    """The ``most`` frequent mistakes of a quantized network, beside how often float makes them:
    ``cat taken for dog: 12 times (float 10)``."""
    wrong = [
        (times, label, answer)
        for label, row in enumerate(variant.confusion)
        for answer, times in enumerate(row)
        if times and label != answer
    ]
    wrong.sort(key=lambda each: (-each[0], each[1:]))
    return [
        f"{class_name(validation, label)} taken for {class_name(validation, answer)}: "
        f"{_times(times)} (float {_cell(validation.confusion, label, answer)})"
        for times, label, answer in wrong[:most]
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{count(number)} times"


def _cell(table: Table, label: int, answer: int) -> int:
    row = table[label] if label < len(table) else ()
    return row[answer] if answer < len(row) else 0
