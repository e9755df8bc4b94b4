"""The bits of an activation by channel, counted when somebody wants to see them.

Calibration counts each tensor as a whole: a table for every channel of every tensor would be
hundreds of times as large. For one tensor, the samples are run once more, only as far as it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from quantscope.core.counting.channels import ChannelBits, channel_bits
from quantscope.core.events import Progress
from quantscope.engine.calibration.batching import batches
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.recovery.passes import Arrays, in_order
from quantscope.engine.sources.samples import SampleSource

STAGE = "channels"


def count_channels(
    prepared: Prepared,
    source: SampleSource,
    tensor: str,
    axis: int,
    samples: int,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, ChannelBits | None]:
    """The bits of ``tensor`` along ``axis`` over ``samples`` of ``source``, spread evenly.

    ``None`` where it was stopped. Raises :class:`QuantscopeError` where the runtime refuses.
    """

    def count(values: Arrays) -> ChannelBits:
        return channel_bits(values[tensor], axis)

    found: ChannelBits | None = None
    runs = in_order(
        [(prepared.model, [tensor])],
        batches(source, samples),
        count,
        where=prepared.source,
        remedy="Check that the network runs in ONNX Runtime",
    )
    for done, bits in enumerate(runs, start=1):
        found = bits if found is None else found + bits
        yield Progress(STAGE, done, samples)
        if stop():
            return None
    return found
