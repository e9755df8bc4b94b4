"""The networks that the tests share are valid, run, and open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from quantscope.engine.model.opening import open_model
from tests.engine import models

NETWORKS: dict[str, Callable[[], onnx.ModelProto]] = {
    "conv_relu": models.conv_relu,
    "residual_net": models.residual_net,
    "old_style_net": models.old_style_net,
    "transformer_block": models.transformer_block,
    **{op: partial(models.operators_net, op) for op in models.OPERATORS},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_that_each_network_runs_on_its_samples_and_opens(name: str, tmp_path: Path) -> None:
    model = NETWORKS[name]()
    onnx.checker.check_model(model, full_check=True)
    path = models.save(model, tmp_path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for sample in models.samples(model, 2):
        for output in session.run(None, sample):
            assert np.isfinite(output).all()
            assert output.std() > 1e-3
    opened = open_model(path)
    assert [value.name for value in opened.model.graph.inputs] == list(sample)


def test_that_the_same_seed_gives_the_same_network_and_samples() -> None:
    first, second = models.residual_net(), models.residual_net()
    assert first.SerializeToString() == second.SerializeToString()
    one, other = models.samples(first, 1, seed=7), models.samples(first, 1, seed=7)
    assert (one[0]["x"] == other[0]["x"]).all()


def test_that_samples_of_a_sequence_network_differ_in_length() -> None:
    found = {s["ids"].shape for s in models.samples(models.transformer_block(), 20)}
    assert len(found) > 1
