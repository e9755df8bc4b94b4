"""Writing results: whole or not at all, never onto the model they came from.

A file is written beside its place under a passing name and moved there when it is complete and
on the disk. What stood there before stays until that moment.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import onnx_ir as ir

from quantscope.core.errors import QuantscopeError
from quantscope.engine.model.opening import LARGEST_FILE

INLINE_LIMIT = LARGEST_FILE - 2**26  # bytes of weights in one file; the rest is for the graph
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_ELSEWHERE = "Choose another name or folder"


def write_atomically(
    path: str | Path,
    write: Callable[[Path], None],
    *,
    sources: Sequence[Path] = (),
    overwrite: bool = False,
) -> Path:
    """Let ``write`` make a file under a passing name with the same ending, then move it to
    ``path``.

    ``sources`` are files that must stay as they are, even with ``overwrite``. Returns where the
    file lies (``path``, with links followed). Raises :class:`QuantscopeError`, and leaves nothing
    behind, where the file may not or cannot be written.
    """
    target = check_target(path, sources=sources, overwrite=overwrite)
    passing = target.with_name(f".{target.stem[:80]}.{secrets.token_hex(4)}{target.suffix}")
    with _failures_named(str(path)):
        try:
            os.close(os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            write(passing)
            _to_disk(passing)
            _keep_mode(target, passing)
            check_target(path, sources=sources, overwrite=overwrite)  # someone else may be faster
            passing.replace(target)
        finally:
            passing.unlink(missing_ok=True)
        _folder_to_disk(target.parent)
    return target


def check_target(
    path: str | Path, *, sources: Sequence[Path] = (), overwrite: bool = False
) -> Path:
    """Refuse a place that must not or cannot be written; for long work, ask before it starts.

    Returns the place with links followed.
    """
    where = str(path)
    with _failures_named(where):
        target = _resolved(path)
        if target.is_dir():
            raise QuantscopeError("this is a folder", where=where, remedy="Add a file name")
        if not target.parent.is_dir():
            raise QuantscopeError(
                f"the folder {target.parent} does not exist",
                where=where,
                remedy="Make the folder first, or choose another one",
            )
        if any(_same_file(target, source) for source in sources):
            raise QuantscopeError(
                "this is the model that is being quantized, or part of it",
                where=where,
                remedy="Choose another name: the source is never overwritten",
            )
        _check_existing(target, where, overwrite)
        if not os.access(target.parent, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    return target


def save_model(
    model: ir.Model, path: str | Path, *, sources: Sequence[Path] = (), overwrite: bool = False
) -> tuple[Path, ...]:
    """Write ``model`` as one .onnx file, or with ``<name>.data`` beside it where it is too large
    for one.

    Weights that lie in other files are copied into what is written. The model stays as it is.
    Returns the files written, the model first.
    """
    if _weight_bytes(model) <= INLINE_LIMIT:
        return (
            write_atomically(
                path,
                lambda passing: _write_inline(model, passing),
                sources=sources,
                overwrite=overwrite,
            ),
        )
    return _save_with_data(model, path, sources, overwrite)


def _save_with_data(
    model: ir.Model, path: str | Path, sources: Sequence[Path], overwrite: bool
) -> tuple[Path, ...]:
    """Both files are made in a passing folder; the data is moved first, since the model alone
    would not open."""
    target = check_target(path, sources=sources, overwrite=overwrite)
    data = target.with_name(f"{target.name}.data")
    check_target(data, sources=sources, overwrite=overwrite)
    folder = target.with_name(f".{target.stem[:80]}.{secrets.token_hex(4)}")
    with _failures_named(str(path)):
        try:
            folder.mkdir()
            ir.save(model, folder / target.name, external_data=data.name)
            for file in (data, target):
                _to_disk(folder / file.name)
                _keep_mode(file, folder / file.name)
                check_target(file, sources=sources, overwrite=overwrite)
            _move_both(folder, data, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        _folder_to_disk(target.parent)
    return target, data


def _move_both(folder: Path, data: Path, target: Path) -> None:
    fresh = not data.exists()
    (folder / data.name).replace(data)
    try:
        (folder / target.name).replace(target)
    except OSError:
        if fresh:
            data.unlink(missing_ok=True)
        raise


def _write_inline(model: ir.Model, path: Path) -> None:
    """The model with all its weights inside; the same model always gives the same bytes."""
    values = [value for graph in model.graphs() for value in graph.initializers.values()]
    external = [
        (value, value.const_value)
        for value in values
        if isinstance(value.const_value, ir.ExternalTensor)
    ]
    try:
        for value, tensor in external:
            value.const_value = ir.Tensor(
                tensor.numpy(), dtype=tensor.dtype, shape=tensor.shape, name=tensor.name
            )
        proto = ir.to_proto(model)
    finally:
        for value, tensor in external:
            value.const_value = tensor
    path.write_bytes(proto.SerializeToString(deterministic=True))


def _weight_bytes(model: ir.Model) -> int:
    return sum(
        int(value.const_value.nbytes)
        for graph in model.graphs()
        for value in graph.initializers.values()
        if value.const_value is not None and value.const_value.dtype != ir.DataType.STRING
    )


def _check_existing(target: Path, where: str, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_file():
        raise QuantscopeError("this is not a file", where=where, remedy=_ELSEWHERE)
    if not overwrite:
        raise QuantscopeError(
            "the file exists already",
            where=where,
            remedy="Choose another name, or allow it to be overwritten",
        )


def _resolved(path: str | Path) -> Path:
    """The place with links followed."""
    try:
        return Path(path).resolve()
    except (ValueError, RuntimeError) as failure:  # a zero byte in the name, a loop of links
        raise OSError(errno.EINVAL, str(failure)) from failure


def _same_file(target: Path, source: Path) -> bool:
    """The same place, or two names (links) of one file."""
    if target == source.resolve():
        return True
    try:
        return target.samefile(source)
    except OSError:  # one of them does not exist
        return False


def _keep_mode(target: Path, passing: Path) -> None:
    """What replaces a file may be read by whoever could read that file."""
    if target.exists():
        passing.chmod(stat.S_IMODE(target.stat().st_mode))


def _to_disk(path: Path) -> None:
    """Past all caches, so that a power cut leaves the old file or the new one."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder_to_disk(folder: Path) -> None:
    """The names in ``folder`` too, where the system can: Windows and some network drives cannot."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _failures_named(where: str) -> Iterator[None]:
    """Say in words why the system would not write."""
    try:
        yield
    except OSError as failure:
        if failure.errno in _FULL:
            what, remedy = "the disk is full", "Free some space, or choose another folder"
        elif failure.errno in _FORBIDDEN:
            what = "it may not be written there"
            remedy = "Choose a folder that you may write to, and close programs that use the file"
        else:
            what = f"it cannot be written ({failure.strerror or failure})"
            remedy = _ELSEWHERE
        raise QuantscopeError(what, where=where, remedy=remedy) from failure
