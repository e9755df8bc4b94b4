"""Several data sources as one: which samples of which source, in one order.

Sources stand in the order of their paths, so that it does not matter which one was there first.
Where there are several, each sample's name begins with the number of its source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quantscope.core.data.description import DataDescription, SourceKind


def sources_of(data: DataDescription) -> tuple[DataDescription, ...]:
    """Each source of ``data`` alone, with the agreement to run Python files."""
    alone = replace(data, added=(), stable_after=0)
    return alone, *(replace(each, trusted=data.trusted) for each in data.added)


def joined(sources: Sequence[DataDescription], basis: DataDescription) -> DataDescription:
    """All ``sources`` as one; what holds for all together is that of ``basis``."""
    first, *rest = (replace(each, trusted="") for each in sources)
    return replace(first, added=tuple(rest), stable_after=basis.stable_after, trusted=basis.trusted)


def untrusted(data: DataDescription) -> DataDescription:
    """``data`` without any agreement to run files."""
    rest = tuple(replace(each, trusted="") for each in data.added)
    return replace(data, added=rest, trusted="")


def runs_a_file(data: DataDescription) -> bool:
    """Whether reading ``data`` runs a Python file, which nobody wants more often than needed."""
    return any(each.kind is SourceKind.PYTHON for each in sources_of(data))


def is_same_source(one: DataDescription, two: DataDescription) -> bool:
    """Whether both take samples of the same source in the same order, be it more or fewer."""
    return _source(one) == _source(two)


def goes_on(data: DataDescription, counted: DataDescription) -> bool:
    """Whether ``data`` has all sources of ``counted``, so that what was counted can be kept."""
    sources = sources_of(data)
    return all(any(is_same_source(each, one) for each in sources) for one in sources_of(counted))


def keeps_counted(data: DataDescription, counted: DataDescription, names: Sequence[str]) -> bool:
    """Whether ``data`` has all of the samples ``names`` that were counted of ``counted``, as far
    as its sources and their limits tell."""
    sources, before = sources_of(data), sources_of(counted)
    for source, own in zip(before, split_names(len(before), names), strict=True):
        now = [each for each in sources if is_same_source(each, source)]
        if not any(each.samples is None or each.samples >= len(own) for each in now):
            return False
    return True


def takes_same(one: DataDescription, two: DataDescription) -> bool:
    """Whether a run over all of ``one`` counts what a run over all of ``two`` does: both may say
    otherwise when a run ends early."""
    return replace(one, stable_after=0) == replace(two, stable_after=0)


def _source(data: DataDescription) -> DataDescription:
    return replace(data, samples=None, skip_unreadable=0, stable_after=0, added=())


def counted_twice(sources: Sequence[DataDescription], names: Sequence[Sequence[str]]) -> str:
    """A sample that two of ``sources`` have, whose samples are ``names``; empty where none is."""
    seen: dict[DataDescription, set[str]] = {}
    for source, own in zip(sources, names, strict=True):
        known = seen.setdefault(replace(_source(source), shuffle=None), set())
        if both := known & set(own):
            return min(both)
        known |= set(own)
    return ""


def with_source(data: DataDescription, source: DataDescription) -> DataDescription:
    """``data`` with ``source`` too, in its place; instead of the same source, where it is there."""
    sources = list(sources_of(data))
    for place, each in enumerate(sources):
        if is_same_source(each, source):
            sources[place] = source
            return joined(sources, data)
    place = sum(source_order(each) < source_order(source) for each in sources)
    sources.insert(place, source)
    return joined(sources, data)


def source_order(source: DataDescription) -> tuple[str, str]:
    """The key by which sources are ordered."""
    return source.path, repr(untrusted(source))


def joined_name(source: int, sources: int, name: str) -> str:
    """What sample ``name`` of the source with number ``source``, of ``sources``, is called."""
    return name if sources == 1 else f"source {source + 1}: {name}"


def split_name(sources: int, name: str) -> tuple[int, str]:
    """The inverse of :func:`joined_name`: number of the source, and the name in it.

    Raises ``ValueError`` where ``name`` is none of such a name.
    """
    if sources == 1:
        return 0, name
    head, _, rest = name.partition(": ")
    number = int(head.removeprefix("source ")) - 1
    if not 0 <= number < sources:
        raise ValueError(f"{name!r} is of no source")
    return number, rest


def split_names(sources: int, names: Sequence[str]) -> list[tuple[str, ...]]:
    """The names of each source's samples, as they are called in it."""
    found: list[list[str]] = [[] for _ in range(sources)]
    for name in names:
        number, own = split_name(sources, name)
        found[number].append(own)
    return [tuple(each) for each in found]


def source_of(data: DataDescription, name: str) -> tuple[DataDescription, str]:
    """The source of ``data`` with the sample ``name``, and what the sample is called in it."""
    sources = sources_of(data)
    number, own = split_name(len(sources), name)
    return sources[number], own
