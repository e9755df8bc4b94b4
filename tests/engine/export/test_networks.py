"""Files of whole networks for every target: valid, taken by the runtime, run in integers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest

from quantscope.bundled import demo_folder
from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS
from quantscope.engine import tasks
from quantscope.engine.sources.opening import open_source
from tests.engine import exports
from tests.engine.recovery.test_hard_network import HARD

NETWORKS = {"demo": demo_folder() / "demo.onnx", "hard": HARD}
PHOTOGRAPHS = DataDescription(
    kind=SourceKind.IMAGES, path=str(demo_folder() / "calibration"), samples=8
)
INTEGER_KERNELS = {
    "demo": {
        "QLinearConv": 15,
        "QLinearAdd": 2,
        "QLinearConcat": 1,
        "QLinearGlobalAveragePool": 1,
        "QGemm": 1,
    },
    "hard": {"QLinearConv": 17, "QLinearAdd": 3, "QLinearGlobalAveragePool": 1, "QGemm": 1},
}
"""All that the networks compute, but for Relu and Clip, which are one with the layer before."""
LAST_IN_FLOAT = frozenset({"tensorrt"})
"""Targets whose last product stays behind Q and DQ: its result and its bias are float there."""


@dataclass(frozen=True)
class Written:
    """A network, a target, and the file that came of them."""

    network: str
    target: str
    path: Path


@cache
def calibrated(network: str) -> Calibration:
    steps = tasks.calibrate(str(NETWORKS[network]), PHOTOGRAPHS, False, lambda: False)
    calibration, _ = exports.finish(steps)
    return calibration


@pytest.fixture(scope="module", params=product(NETWORKS, TARGETS), ids=" for ".join)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    network, target = request.param
    path = tmp_path_factory.mktemp("exported") / "quantized.onnx"
    source, settings = str(NETWORKS[network]), PlanSettings().with_target(target)
    steps = tasks.export(source, calibrated(network), settings, str(path), 1, False, lambda: False)
    exports.finish(steps)
    return Written(network, target, path)


def test_that_the_file_is_valid_and_all_that_computes_runs_in_integers(
    written: Written, tmp_path: Path
) -> None:
    network, target, path = written.network, written.target, written.path
    onnx.checker.check_model(str(path), full_check=True)
    saved = tmp_path / "running.onnx"
    running = exports.session(path, saved=saved)
    sample = next(iter(open_source(PHOTOGRAPHS, tasks.describe(str(NETWORKS[network])).inputs)))
    (scores,) = running.run(None, dict(sample))
    assert scores.shape == (1, 10) and np.isfinite(scores).all()
    kernels = Counter(node.op_type for node in onnx.load(saved).graph.node)
    wanted = Counter(INTEGER_KERNELS[network])
    if target in LAST_IN_FLOAT:
        wanted -= Counter({"QGemm": 1})
    assert {name: kernels[name] for name in wanted} == wanted
    in_float = {"Conv", "FusedConv", "Add", "Concat", "GlobalAveragePool", "MatMul"} & set(kernels)
    assert in_float == set()
    assert kernels["Gemm"] + kernels["FusedGemm"] == (target in LAST_IN_FLOAT)


def test_that_weights_are_bytes_and_steps_are_what_the_target_takes(written: Written) -> None:
    network, target = written.network, written.target
    graph = onnx.load(written.path).graph
    stored = {entry.name: onnx.numpy_helper.to_array(entry) for entry in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    products = [node for node in graph.node if node.op_type in ("Conv", "Gemm")]
    assert len(products) == INTEGER_KERNELS[network]["QLinearConv"] + 1
    per_channel = set()
    for node in products:
        restore = makers[node.input[1]]
        integers, steps, zero_point = (stored[name] for name in restore.input)
        assert integers.dtype == np.int8 and not zero_point.any()
        if steps.size > 1:
            per_channel.add(node.op_type)
        if target.startswith("fixed-point"):
            assert set(np.frexp(steps)[0].reshape(-1)) == {0.5}
    assert per_channel == TARGETS[target].per_channel & {"Conv", "Gemm"}
