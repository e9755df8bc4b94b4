"""What every data source is to its readers: named samples that fit the network's inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from PIL import Image

from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Port
from quantscope.engine.sources.fitting import Array, batch_of, fitted
from quantscope.engine.sources.picture_chain import PictureChain

Sample = dict[str, Array]
MOST_ROWS = 10_000_000  # of one file: a few bytes can promise more than memory can name
MOST_NAMED = 12  # in a sentence


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where samples are pictures: what is done to them, and the picture before that."""

    chain: PictureChain
    original: Callable[[int], Image.Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSource:
    """Calibration data as a sequence of samples, each read when it is asked for.

    ``names`` says where each sample came from. It is the path relative to the folder, with ``/``
    on every system, and no two are the same; a file that gives several samples adds what tells
    them apart (``cat/7.wav frame 3``). Of one file with all samples it is ``row 17``, of random
    data ``random 17``, of a Python file ``sample 17``; all are counted from 0.
    ``place`` is what stands before a name where a sample is at fault, so that it can be found.
    ``labels`` holds a class number for each sample where the files lie in class folders: the
    folder's place in natural order, as in ``class_names``.
    ``read`` gives the raw arrays of one sample.
    ``pictures`` is there where samples are pictures. ``skipped`` names samples that were left
    out because they could not be read.
    """

    inputs: tuple[Port, ...]
    names: tuple[str, ...]
    read: Callable[[int], Mapping[str, Array]]
    place: str = ""
    labels: tuple[int, ...] | None = None
    class_names: tuple[str, ...] = ()
    pictures: Pictures | None = None
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Sample]:
        return map(self.sample, range(len(self)))

    def sample(self, number: int) -> Sample:
        """One array for each input: shape 1 x ..., the input's dtype, finite, contiguous.

        The leading 1 is missing only where an input has no batch axis (see ``batch_of``).
        Raises :class:`QuantscopeError` where the sample can't be read or does not fit, and
        ``IndexError`` for a number that is not in the sequence.
        """
        where = self.place + self.names[number]
        arrays = self.read(number)
        batch = batch_of(self.inputs)
        return {port.name: fitted(arrays[port.name], port, where, batch) for port in self.inputs}

    def picked(self, places: Sequence[int]) -> SampleSource:
        """The source whose sample i is sample ``places[i]`` of this one."""
        labels, pictures, read = self.labels, self.pictures, self.read
        return replace(
            self,
            names=tuple(self.names[place] for place in places),
            read=lambda number: read(places[number]),
            labels=None if labels is None else tuple(labels[place] for place in places),
            pictures=None
            if pictures is None
            else replace(pictures, original=lambda number: pictures.original(places[number])),
        )


def only_input(inputs: tuple[Port, ...], given: str) -> Port:
    """The network's one input, for data that can fill no more (``given`` says which)."""
    if len(inputs) != 1:
        raise QuantscopeError(
            f"the network has {len(inputs)} inputs ({listed(port.name for port in inputs)}) "
            f"and {given} can fill only one",
            where="data",
            remedy="Use a .npz archive, or a folder of them, with an array for each input",
        )
    return inputs[0]


def row_names(count: int, path: Path) -> tuple[str, ...]:
    """What the ``count`` samples in the one file at ``path`` are called.

    Raises :class:`QuantscopeError` where there are more than anybody can mean.
    """
    if count > MOST_ROWS:
        raise QuantscopeError(
            f"the file says that it holds {count:,} samples, and {MOST_ROWS:,} can be taken",
            where=str(path),
            remedy="Save a part of them, or repair the file",
        )
    return tuple(f"row {number}" for number in range(count))


def listed(names: Iterable[str]) -> str:
    """Names in back quotes, of many the first, with commas; ``none`` where there are none."""
    left = iter(names)
    shown = ", ".join(f"`{name}`" for name in islice(left, MOST_NAMED)) or "none"
    rest = sum(1 for _ in left)
    return f"{shown} and {rest:,} more" if rest else shown
