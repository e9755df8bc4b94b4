"""Decides what `quantscope ...` means: the window, a sub-command, or the worker process.

Dispatch only. Nothing heavy is imported before the choice is made, so that `--help` is quick, the
worker holds no Qt, and the command line runs where PySide6 is not installed.
"""

import os
import sys
from pathlib import Path

WINDOW_SUFFIXES = frozenset({".onnx", ".qscope"})
INVISIBLE_PLATFORMS = frozenset({"offscreen", "minimal"})
MISSING_LIBRARY_SIGNS = ("shared object file", "DLL load failed", "Library not loaded")


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for; returns the exit code (0 done, 1 input at fault, 2 usage)."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["--worker"]:
        from quantscope.jobs import worker

        return worker.main()
    if arguments == ["demo"] and has_screen():
        return _open_window([], demo=True)
    if all(_names_a_file(argument) for argument in arguments):
        return _open_window(arguments)
    from quantscope import cli

    return cli.main(arguments)


def has_screen() -> bool:
    """Whether a window would be seen: on Linux only with an X11 or Wayland display."""
    platform = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if platform:
        return platform not in INVISIBLE_PLATFORMS
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _names_a_file(argument: str) -> bool:
    """Whether an argument is a file to open and not a sub-command or an option.

    A bare word is a sub-command even where a file of that name happens to lie in the folder.
    """
    path = Path(argument)
    if argument.startswith("-"):
        return False
    if path.suffix.lower() in WINDOW_SUFFIXES:
        return True
    return path.is_file() and argument != path.stem


def _open_window(paths: list[str], demo: bool = False) -> int:
    """Start the window, or say in one sentence why there can be none."""
    if not has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        return _refuse("there is no screen to open a window on")
    try:
        from quantscope.gui import application

        return application.main(paths, demo=demo)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"PySide6", "pyqtgraph"}:
            raise
        return _refuse(f"the window needs {error.name}: python -m pip install quantscope")
    except ImportError as error:
        if not any(sign in str(error) for sign in MISSING_LIBRARY_SIGNS):
            raise
        return _refuse(f"Qt cannot load a system library ({error})")


def _refuse(reason: str) -> int:
    """Tell standard error why no window opens and what works all the same."""
    sys.stderr.write(
        f"quantscope: {reason}. The command line works without it: quantscope --help\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
