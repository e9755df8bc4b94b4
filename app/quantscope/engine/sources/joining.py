"""Several sources as one: the samples of each, one source after the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain

from PIL import Image

from quantscope.core.data.joined import joined_name
from quantscope.engine.sources.fitting import Array
from quantscope.engine.sources.samples import Pictures, SampleSource


def joined_source(sources: Sequence[SampleSource]) -> SampleSource:
    """All samples of ``sources``, which are for one network; their names say of which they are.

    There are labels where all have class folders of the same names, as class numbers mean the same
    only then. What is wrong with a sample is told with its place in its own source.
    """
    if len(sources) == 1:
        return sources[0]
    starts = list(accumulate((len(each) for each in sources), initial=0))

    def read(number: int) -> Mapping[str, Array]:
        place = bisect_right(starts, number) - 1
        return sources[place].sample(number - starts[place])

    labels, class_names = _joined_labels(sources)
    return SampleSource(
        inputs=sources[0].inputs,
        names=_joined_names([each.names for each in sources]),
        read=read,
        labels=labels,
        class_names=class_names,
        pictures=_joined_pictures(sources, starts),
        skipped=_joined_names([each.skipped for each in sources]),
    )


def _joined_pictures(sources: Sequence[SampleSource], starts: Sequence[int]) -> Pictures | None:
    """The pictures of all sources, where the same is done to each."""
    known = [each.pictures for each in sources if each.pictures is not None]
    if len(known) < len(sources) or len({each.chain.settings for each in known}) > 1:
        return None

    def original(number: int) -> Image.Image:
        place = bisect_right(starts, number) - 1
        return known[place].original(number - starts[place])

    return Pictures(known[0].chain, original)


def _joined_labels(
    sources: Sequence[SampleSource],
) -> tuple[tuple[int, ...] | None, tuple[str, ...]]:
    class_names = sources[0].class_names
    own = [each.labels for each in sources if each.labels and each.class_names == class_names]
    if len(own) < len(sources):
        return None, ()
    return tuple(chain.from_iterable(own)), class_names


def _joined_names(names: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(
        joined_name(place, len(names), name) for place, own in enumerate(names) for name in own
    )
