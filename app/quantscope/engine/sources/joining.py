"""Several sources as one: the samples of each, one source after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from quantscope.core.joined_data import joined_name
from quantscope.engine.sources.fitting import Array
from quantscope.engine.sources.samples import SampleSource


def joined_source(sources: Sequence[SampleSource]) -> SampleSource:
    """All samples of ``sources``, which are for one network; their names say of which they are.

    There are no labels, as class numbers of two sources need not mean the same. What is wrong with
    a sample is told with its place in its own source.
    """
    if len(sources) == 1:
        return sources[0]
    starts = list(accumulate((len(each) for each in sources), initial=0))

    def read(number: int) -> Mapping[str, Array]:
        place = bisect_right(starts, number) - 1
        return sources[place].sample(number - starts[place])

    return SampleSource(
        inputs=sources[0].inputs,
        names=_joined_names([each.names for each in sources]),
        read=read,
        skipped=_joined_names([each.skipped for each in sources]),
    )


def _joined_names(names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(
        joined_name(place, len(names), name) for place, own in enumerate(names) for name in own
    )
