"""Runs a person's Python file, once that person has agreed to exactly this content.

It runs with all rights of the program, so nothing of ours may run it by itself: the agreement
comes with each request, as the hash of what was agreed to, and is never read from a file. The
text that is run is the one that was hashed; files that it imports are not covered.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.abc import InspectLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from quantscope.core.data.description import content_hash
from quantscope.core.errors import QuantscopeError, reason_of

_MODULE = "quantscope_custom_file"


class _TextLoader(InspectLoader):
    """Loads a module from a text that is at hand, so that no other can be run in its place."""

    def __init__(self, text: bytes, path: Path) -> None:
        self._text = text
        self._path = path

    def get_source(self, fullname: str) -> str:
        return importlib.util.decode_source(self._text)

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._text, str(self._path))


def load_function(path: Path, trusted: str, name: str) -> Callable[..., Any]:
    """The function ``name`` of the Python file at ``path``, which is run for this.

    ``trusted`` holds the ``content_hash`` of each file that a person agreed to run, with blanks
    between. Raises :class:`QuantscopeError` where this is none of them, where the file fails, or
    has no such function.
    """
    function = getattr(_module(path, trusted), name, None)
    if not callable(function):
        raise _refused(path, f"the file has no function {name}()", f"Write one: def {name}(...)")
    return function  # type: ignore[no-any-return]


def load_functions(
    path: Path, trusted: str, arguments: Sequence[str]
) -> dict[str, Callable[..., Any]]:
    """The functions that the file at ``path`` defines itself and that take exactly ``arguments``,
    by name and in its order; names that begin with ``_`` are its own affair.

    ``trusted`` and errors as for :func:`load_function`.
    """
    members = vars(_module(path, trusted)).items()
    return {
        name: member
        for name, member in members
        if isinstance(member, FunctionType)
        and member.__module__ == _MODULE
        and not name.startswith("_")
        and tuple(inspect.signature(member).parameters) == tuple(arguments)
    }


def _module(path: Path, trusted: str) -> ModuleType:
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is no file")  # reading a pipe might never end
        text = path.read_bytes()
    except OSError as failure:
        raise _refused(path, f"the file can't be read ({reason_of(failure)})", "Check it") from None
    _check_trust(path, text, trusted)
    module = ModuleType(_MODULE)
    module.__file__ = str(path)
    with running(path, "the file"):
        _TextLoader(text, path).exec_module(module)
    return module


@contextmanager
def running(path: Path, what: str) -> Iterator[None]:
    """:func:`telling`, with what the code prints going to standard error: standard output belongs
    to the program."""
    with telling(path, what), redirect_stdout(sys.stderr):
        yield


@contextmanager
def telling(path: Path, what: str) -> Iterator[None]:
    """Turns whatever the code in ``path`` raises into one sentence that names the line."""
    try:
        yield
    except (QuantscopeError, KeyboardInterrupt):
        raise
    except BaseException as failure:
        message = _message(failure)
        raise _refused(
            path,
            f"{what} raised {type(failure).__name__}{f' ({message})' if message else ''}"
            f"{_line(failure, path)}",
            "Correct the file, and try it by itself",
        ) from failure


def _check_trust(path: Path, text: bytes, trusted: str) -> None:
    if not trusted:
        raise _refused(
            path,
            "this is a Python file, which can do whatever you can do on this computer, and "
            "nobody has agreed to run it",
            "Read it, then agree: in the window's data dialog, or with --trust-python",
        )
    if content_hash(text) not in trusted.split():
        raise _refused(
            path,
            "the Python file has changed since it was agreed to run it",
            "Read it again, then agree again",
        )


def _message(failure: BaseException) -> str:
    try:
        return " ".join(str(failure).split())[:200]
    except Exception:  # noqa: BLE001  its text is made by the file, too
        return ""


def _line(failure: BaseException, path: Path) -> str:
    if isinstance(failure, SyntaxError) and failure.filename == str(path):
        return f", line {failure.lineno}"
    frames = traceback.extract_tb(failure.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def _refused(path: Path, what: str, remedy: str) -> QuantscopeError:
    return QuantscopeError(what, where=str(path), remedy=remedy)
