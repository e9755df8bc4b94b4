"""Which files make up a data source, in which class folders they lie, and which are taken."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby, takewhile
from pathlib import Path, PurePosixPath

from quantscope.core.errors import QuantscopeError, reason_of


def existing(path: str, holds: str = "the calibration data") -> Path:
    """The path, once it is known that a file or folder is there, which ``holds`` what is wanted."""
    if not path:
        raise _no_data("data", "no path is given", holds)
    place = Path(path)
    try:
        mode = place.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise _no_data(path, "there is nothing at this path", holds) from None
    except (OSError, ValueError) as failure:
        raise _no_data(path, f"the path leads nowhere ({reason_of(failure)})", holds) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise _no_data(path, "this is neither a file nor a folder, but a device or a pipe", holds)
    return place


def walk(folder: Path, endings: Collection[str]) -> Iterator[str]:
    """Relative paths of the files below ``folder`` with one of ``endings``, unordered.

    Hidden files and folders are passed over (some systems leave ``._name.jpg`` copies), and so is
    what is no file, such as a pipe. Raises :class:`QuantscopeError` for a folder that can't be
    read: its files would be missing without a word.
    """
    seen = set()
    pending = [folder]
    while pending:
        place = pending.pop()
        real = place.resolve()
        if real in seen:  # a link back to where the walk has been
            continue
        seen.add(real)
        entries = [entry for entry in _entries(place) if not entry.name.startswith(".")]
        folders = sorted(entry.name for entry in entries if _is_folder(entry))
        pending += [place / name for name in reversed(folders)]
        for entry in entries:
            if Path(entry.name).suffix.lower() in endings and _may_be_read(entry):
                yield (place / entry.name).relative_to(folder).as_posix()


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError as failure:
        raise QuantscopeError(
            f"the folder can't be read ({reason_of(failure)})",
            where=str(place),
            remedy="Allow reading it, or choose data beside it",
        ) from failure


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    """Whether reading ends: not for pipes and devices. A broken link is to be told when read."""
    try:
        mode = entry.stat().st_mode if entry.is_symlink() else None
    except OSError:
        return True
    return entry.is_file() if mode is None else stat.S_ISREG(mode)


def _no_data(where: str, what: str, holds: str) -> QuantscopeError:
    return QuantscopeError(
        what, where=where, remedy=f"Choose the file or folder that holds {holds}"
    )


def files_below(
    folder: Path, endings: Collection[str]
) -> tuple[tuple[str, ...], tuple[int, ...] | None]:
    """Relative paths of the files below ``folder``, in natural order, and their class numbers
    where they lie in class folders."""
    names = sorted(walk(folder, endings), key=natural_order)
    return tuple(names), labels(names) if names else None


def natural_order(name: str) -> tuple[object, ...]:
    """Sort key for relative paths: folder by folder, numbers by value (2 before 10)."""
    return (*(_part_order(part) for part in name.split("/")), name)


def _part_order(part: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.split("([0-9]+)", part.casefold())
    return tuple(
        (1, int(piece), "") if number % 2 else (0, 0, piece) for number, piece in enumerate(pieces)
    )


def class_of(names: Sequence[str]) -> list[str]:
    """The class folder of each file: its first folder below the one that holds them all.

    Empty for a file that lies in that common folder itself, and for what is no file.
    """
    if not any("/" in name for name in names):  # rows of a table can be millions
        return [""] * len(names)
    parents = [PurePosixPath(name).parent.parts for name in names]
    shared = _shared_length(parents)
    return [parts[shared] if len(parts) > shared else "" for parts in parents]


def _shared_length(parents: Sequence[tuple[str, ...]]) -> int:
    """How many leading folders all of these have in common."""
    pairs = zip(min(parents), max(parents), strict=False)  # all others lie between these two
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def labels(names: Sequence[str]) -> tuple[int, ...] | None:
    """Class number of each file: its class folder's place in natural order.

    ``None`` where some file lies in no class folder.
    """
    order = {name: place for place, name in enumerate(class_names(names))}
    return tuple(order[name] for name in class_of(names)) if order else None


def class_names(names: Sequence[str]) -> tuple[str, ...]:
    """The class folders in natural order; none where some file lies in no class folder."""
    classes = set(class_of(names))
    return () if "" in classes else tuple(sorted(classes, key=natural_order))


def chosen(names: Sequence[str], limit: int | None, shuffle: int | None = None) -> list[int]:
    """Places of the samples to take, in order: all, or ``limit`` spread over the classes.

    Classes take turns, first files first, so a limit below the number of files still sees
    every class; the order of what is taken stays that of ``names``. ``shuffle`` is the seed of
    another order, see :func:`shuffled`.
    """
    if shuffle is not None:
        order = shuffled(names, shuffle)
        return [order[place] for place in chosen([names[place] for place in order], limit)]
    if limit is None or limit >= len(names):
        return list(range(len(names)))
    return sorted(in_turns(names)[:limit])


def in_turns(names: Sequence[str]) -> list[int]:
    """The places of ``names`` in an order in which classes take turns, first files first.

    What a limit takes comes in this order as the first of all, whatever the limit.
    """
    classes = class_of(names)
    places = sorted(range(len(names)), key=lambda place: classes[place])
    turns = [
        (turn, place)
        for _, group in groupby(places, key=lambda place: classes[place])
        for turn, place in enumerate(group)
    ]
    return [place for _, place in sorted(turns)]


def shuffled(names: Sequence[str], seed: int) -> list[int]:
    """The places of ``names`` in an order that depends on the seed and the names alone.

    It is the same on every machine and with every version, and a name that is added later
    leaves the order of the others as it is.
    """
    key = seed.to_bytes(16, "little", signed=True)
    digests = [hashlib.blake2b(_bytes(name), key=key, digest_size=8).digest() for name in names]
    return sorted(range(len(names)), key=lambda place: (digests[place], names[place]))


def _bytes(name: str) -> bytes:
    return name.encode(errors="backslashreplace")  # a name may hold what is no letter
