"""Means by channel of a graph with stored parameters, which are restored once and for all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from quantscope.engine.calibration.batching import batches
from quantscope.engine.recovery.channel_means import channel_means
from tests.engine import exports, models
from tests.engine.recovery.test_bias_correction import source_of

NETWORKS = {
    "conv2": (models.residual_net, 1),
    "gemm": (models.residual_net, 1),
    "norm1": (models.transformer_block, -1),
}


@pytest.mark.parametrize("word", [8, 16])
@pytest.mark.parametrize("target", exports.TARGETS)
@pytest.mark.parametrize("name", NETWORKS)
def test_that_means_are_those_of_the_graph_as_it_is_written(
    name: str, target: str, word: int, tmp_path: Path
) -> None:
    make, axis = NETWORKS[name]
    settings = replace(exports.TARGETS[target], word_length=word)
    made = exports.exported(make(), settings, tmp_path)
    written = onnx.load(made.path)
    tapped = next(n.output[0] for n in written.graph.node if n.name == name)
    running = exports.session(exports.with_outputs(written, [tapped]), optimized=False)
    values = [np.moveaxis(running.run([tapped], dict(feed))[0], axis, 0) for feed in made.feeds]
    flat = np.concatenate([each.reshape(len(each), -1) for each in values], axis=1)
    model = ir.from_proto(written)
    steps = channel_means(model, {tapped: axis}, batches(source_of(made.ready, made.feeds), 9), "")
    found = exports.finish(steps)[tapped]
    np.testing.assert_allclose(found, flat.astype(np.float64).mean(axis=1), rtol=1e-4, atol=1e-5)
    assert (
        ir.to_proto(model).SerializeToString()
        == ir.to_proto(ir.from_proto(written)).SerializeToString()
    )
