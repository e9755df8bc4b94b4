"""The guide's table of operators says what really happens: it is measured here.

Set QUANTSCOPE_WRITE_GUIDE=1 to write it anew.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest

from quantscope.bundled import resources_folder
from quantscope.core.networks.network import Network
from quantscope.core.planning.placement import Placement
from quantscope.core.planning.plan import placement_for
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.engine.export.runtime_kernels import kernels_of
from quantscope.engine.preparation.operators import IN_FLOAT, OPERATORS
from tests.engine import exports
from tests.engine.exports import FIXED, RUNTIME, Export
from tests.engine.operator_networks import FORMS, network_of

GUIDE = resources_folder() / "guide" / "operators.md"
PART = "part of the layer before"
ORDER = {operator: number for number, operator in enumerate(OPERATORS)}
INTRODUCTION = """# Operators

What becomes of an operator in the middle of a network in integers, for each target:

- **integers**: it reads and yields rounded values;
- **tied**: it only moves values, so that what it reads and what it yields share one type;
- **merged**: it is one with the layer before it (Relu and Clip);
- *float*: it reads and yields reals. Rounding its result would cost accuracy and gain nothing
  on that target. A layer with weights behind it has its input rounded all the same.

The last two columns say what ONNX Runtime {version} makes of it on a processor, whatever the
target: its integer kernel, *moves* where it moves bytes, or *float*. Measured on a small network
for each row, with unsigned and with signed 8-bit activations, by looking at the graph that the
runtime runs. Where it says float, the file holds the same rounded values, and the runtime
computes between them in float.

This page is written by `tests/engine/preparation/test_operator_guide.py`, which fails when it is
out of date.
"""
REST = """
## In float everywhere

An operator that is not in the table stays in float, and the report says so. Some have a reason
of their own:

| operator | reason |
|---|---|
{rows}

Subgraphs (If, Loop, Scan) stay in float as well, and so do operators of other domains. What a
subgraph reads from the network around it may be rounded for others.
"""


def place_in(network: Network, target: str) -> str:
    """What becomes of the operator for ``target``."""
    placement = placement_for(network, PlanSettings().with_target(target))
    if "operator" not in placement.layers:
        assert placement.reasons["operator"]
        return "*float*"
    if "operator" in placement.fused:
        return "merged"
    return "tied" if is_tied(network, placement) else "integers"


def is_tied(network: Network, placement: Placement) -> bool:
    layer = network.layer("operator")
    if not layer.inputs:
        return False
    groups = [placement.group_of(name) for name in (*layer.inputs, *layer.outputs)]
    return groups[0] is not None and all(group == groups[0] for group in groups)


def kernel_in(export: Export) -> str:
    """The kernel that the runtime takes for the operator, as the table calls it."""
    if "operator" in export.plan.placement.fused:
        return PART
    (found,) = (
        kernel
        for kernel in kernels_of(export.path, export.ready.network, export.plan.placement.layers)
        if kernel.layer == "operator"
    )
    if not found.integer:
        return "*float*"
    return f"`{found.kernel}`" if found.kernel.startswith("Q") else "moves"


def kernels_for(form: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels with unsigned and with signed activations, wherever the target has the layer."""
    found = []
    for settings in (RUNTIME, FIXED):
        with monkeypatch.context() as patch:
            open_to_all = replace(TARGETS[settings.target], integer_operators=None)
            patch.setitem(TARGETS, settings.target, open_to_all)
            export = exports.exported(network_of(form), settings, folder, samples=1)
        found.append(kernel_in(export))
    return found


def row_of(form: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The line for ``form``."""
    network = exports.prepared(network_of(form), folder).network
    places = [place_in(network, target) for target in TARGETS]
    cells = [form, *places, *kernels_for(form, folder, monkeypatch)]
    return f"| {' | '.join(cells)} |"


def page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The whole guide page, measured."""
    titles = [f"`{target}`" for target in TARGETS]
    header = f"| operator | {' | '.join(titles)} | runtime, unsigned | runtime, signed |"
    forms = sorted(FORMS, key=lambda form: ORDER[form.split()[0]])
    rows = [row_of(form, folder, monkeypatch) for form in forms]
    version = ".".join(onnxruntime.__version__.split(".")[:2])
    lines = [header, "|---" * (len(titles) + 3) + "|", *rows]
    rest = REST.format(rows="\n".join(f"| {name} | {text} |" for name, text in IN_FLOAT.items()))
    return INTRODUCTION.format(version=version) + "\n" + "\n".join(lines) + "\n" + rest


def test_that_the_guide_says_what_becomes_of_each_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = page(tmp_path, monkeypatch)
    if os.environ.get("QUANTSCOPE_WRITE_GUIDE") == "1":
        GUIDE.parent.mkdir(exist_ok=True)
        GUIDE.write_text(measured, encoding="utf-8")
    assert GUIDE.exists(), "set QUANTSCOPE_WRITE_GUIDE=1"
    assert GUIDE.read_text(encoding="utf-8") == measured
