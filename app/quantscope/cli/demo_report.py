"""What the demo found out, as tables, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quantscope.core.findings.plain_data import as_json, plain
from quantscope.core.findings.report import ExportReport
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES, decibel, size

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one choice of target and scheme gave; shares are 0..1, of ``pictures`` pictures."""

    settings: PlanSettings
    report: ExportReport
    pictures: int
    float_top1: float
    top1: float
    agreement: float


def share_of(wanted: Sequence[int], found: Sequence[int]) -> float:
    """The share of classes that are the same."""
    same = sum(one == other for one, other in zip(wanted, found, strict=True))
    return same / len(wanted)


def table_of(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    """Headings, the float network, and every choice."""
    return [
        ("target", "scheme", "top-1", "same answer as float", "output SQNR"),
        ("(float)", "", f"{outcomes[0].float_top1:.1%}", "", ""),
        *(_row(outcome) for outcome in outcomes),
    ]


def _row(outcome: Outcome) -> tuple[str, ...]:
    settings = outcome.settings
    return (
        TARGETS[settings.target].title,
        SCHEME_TITLES[settings.scheme],
        f"{outcome.top1:.1%}",
        f"{outcome.agreement:.1%}",
        ", ".join(decibel(output.sqnr) for output in outcome.report.outputs),
    )


def as_markdown(outcomes: Sequence[Outcome]) -> str:
    """The report to read."""
    main, report = outcomes[0], outcomes[0].report
    headings, *rows = (f"| {' | '.join(row)} |" for row in table_of(outcomes))
    rule = "|---" * len(table_of(outcomes)[0]) + "|"
    how = (
        "Calibrated with words of 8 bits on the demo's own pictures, measured on "
        f"{main.pictures} other pictures with labels."
    )
    which = (
        f"`demo-quantized.onnx` is the first of these: {report.integer_kernels} of "
        f"{len(report.kernels)} layers run in integer kernels of ONNX Runtime, "
        f"{size(report.file_bytes)} instead of {size(report.source_bytes)}."
    )
    simulated = f"Integer simulation: {report.simulated()}."
    colors = (
        "`heatmap.png` shows which bits every tensor uses: blue ones are kept by its type, gray "
        "ones are lost, teal ones round up to one step."
    )
    table = [headings, rule, *rows]
    lines = ["# The demo, quantized", "", how, "", *table, "", which, simulated, "", colors, ""]
    return "\n".join(lines)


def as_json_text(outcomes: Sequence[Outcome]) -> str:
    """The same for programs."""
    document = {
        "format": FORMAT,
        "pictures": outcomes[0].pictures,
        "float_top1": outcomes[0].float_top1,
        "choices": [
            {
                "settings": plain(outcome.settings),
                "top1": outcome.top1,
                "agreement": outcome.agreement,
                "report": plain(outcome.report),
            }
            for outcome in outcomes
        ],
    }
    return as_json(document) + "\n"
