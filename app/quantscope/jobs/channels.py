"""Runs the request for the channels of one activation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from quantscope.core.events import BitCounts
from quantscope.jobs.messages import Cancelled, ChannelsCounted, CountChannels, Event
from quantscope.session.calibration_file import read_calibration


def count_channels(request: CountChannels, stop: Callable[[], bool]) -> Iterator[Event]:
    """Run the samples once more, as far as the tensor."""
    from quantscope.engine import tasks

    calibration = read_calibration(request.calibration)
    data = replace(calibration.data, trusted=request.trusted)
    counted = yield from tasks.count_channels(
        request.model,
        replace(calibration, data=data),
        request.tensor,
        stop,
        request.preparation,
    )
    if counted is None:
        yield Cancelled()
        return
    axis, bits = counted
    yield ChannelsCounted(
        tensor=request.tensor,
        axis=axis,
        channels=tuple(BitCounts.of(each) for each in bits.counts),
        largest=tuple(bits.largest.tolist()),
    )
