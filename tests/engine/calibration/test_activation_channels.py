"""Channels of one activation, counted over samples: numpy on the runtime's own values agrees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quantscope.core.counting.channels import channel_bits
from quantscope.core.events import Progress
from quantscope.engine.calibration.activation_channels import count_channels
from quantscope.engine.preparation.prepared import Prepared
from tests.engine import exports, models
from tests.engine.recovery.test_bias_correction import source_of


@pytest.fixture
def ready(tmp_path: Path) -> Prepared:
    return exports.prepared(models.residual_net(), tmp_path)


def feeds_for(ready: Prepared, count: int) -> list[exports.Feed]:
    rng, port = np.random.default_rng(4), ready.network.inputs[0]
    sizes = [size if isinstance(size, int) else 1 for size in port.shape]
    return [{port.name: rng.normal(size=sizes).astype(np.float32)} for _ in range(count)]


def test_that_channels_are_those_of_the_values_that_the_runtime_gives(ready: Prepared) -> None:
    feeds = feeds_for(ready, 5)
    tensor = next(layer.outputs[0] for layer in ready.network.layers if layer.operator == "Conv")
    running = exports.session(ready.serialized([tensor]), optimized=False)
    values = np.concatenate([running.run([tensor], dict(feed))[0] for feed in feeds])
    steps = count_channels(ready, source_of(ready, feeds), tensor, 1, len(feeds))
    found = exports.finish(steps)
    assert found is not None
    expected = channel_bits(values, 1)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.largest, np.abs(values).max(axis=(0, 2, 3)))


def test_that_an_input_is_counted_as_it_is_fed(ready: Prepared) -> None:
    feeds = feeds_for(ready, 3)
    port = ready.network.inputs[0].name
    steps = count_channels(ready, source_of(ready, feeds), port, 1, len(feeds))
    found = exports.finish(steps)
    assert found is not None
    values = np.concatenate([np.asarray(feed[port]) for feed in feeds])
    np.testing.assert_array_equal(found.counts, channel_bits(values, 1).counts)


def test_that_it_tells_how_far_it_is_and_stops_when_asked(ready: Prepared) -> None:
    feeds = feeds_for(ready, 4)
    port = ready.network.inputs[0].name
    steps = count_channels(ready, source_of(ready, feeds), port, 1, 4)
    assert [step.done for step in steps if isinstance(step, Progress)] == [1, 2, 3, 4]
    steps = count_channels(ready, source_of(ready, feeds), port, 1, 4, stop=lambda: True)
    assert next(steps).done == 1
    with pytest.raises(StopIteration) as ended:
        next(steps)
    assert ended.value.value is None
