"""Two commands from a fresh clone: `bootstrap.py run` opens the demo, `bootstrap.py test` tests.

Both make `.venv` in the project root, install Quantscope into it, and name or install the system
libraries that Qt misses; a second call finds all that done and starts at once. Standard library
only. The syntax stays readable for old Pythons, so that they can say that they are too old.
"""

import argparse
import ctypes
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
STAMP = "quantscope-installed.json"
DEMO_FOLDER = "quantscope-demo"
CHECKS = [
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy", ["mypy", "--strict", "app/quantscope"]),
]

# Shared library -> Debian and Ubuntu package. What importing PySide6.QtWidgets loads:
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libX11.so.6": "libx11-6",
    "libzstd.so.1": "libzstd1",
}
# What a window on an X11 or on a Wayland display loads beside them:
X11_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
WAYLAND_LIBRARIES = {
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
NETWORK_FAILURE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ProxyError|SSLError|"
    r"Temporary failure in name resolution|Network is unreachable|Read timed out|"
    r"getaddrinfo failed|Could not fetch URL"
)


class SetupError(Exception):
    """One sentence for the person at the keyboard: what went wrong and what to do."""


def main(arguments: list = None) -> int:
    """Do what the command line asks; returns its exit code."""
    options, for_pytest = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        check_python()
        provide_system_libraries(needed_libraries(options.command, bool(options.headless)))
        python = set_up(("dev",) if options.command == "test" else ())
    except SetupError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.command == "test":
        return run_tests(python, for_pytest)
    if options.command == "run":
        return run_demo(python, options.headless)
    print(f"Ready: {python} -m quantscope")
    return 0


def _parse(arguments: list) -> tuple:
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument(
        "command",
        choices=["setup", "run", "test"],
        help="setup: install only; run: open the demo; test: install and run all checks "
        "(further arguments go to pytest, and the coverage of core is then not judged)",
    )
    parser.add_argument(
        "--headless",
        metavar="DIR",
        help="run: do the demo's whole job without a window, into this folder",
    )
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error("unknown arguments: " + " ".join(rest))
    return options, rest


# ---- Python and the virtual environment ------------------------------------------------------


def check_python(version: tuple = sys.version_info) -> None:
    """Refuse a Python that is too old, naming a newer one where there is one."""
    if tuple(version[:2]) >= OLDEST:
        return
    newer = next((name for name in _newer_names() if shutil.which(name)), None)
    advice = (
        f"there is a {newer} here: {newer} packaging/bootstrap.py"
        if newer
        else "install a newer one (https://www.python.org/downloads)"
    )
    raise SetupError(
        f"Quantscope needs Python {OLDEST[0]}.{OLDEST[1]} or later "
        f"and this is {version[0]}.{version[1]}; {advice}"
    )


def _newer_names() -> list:
    return [f"python3.{minor}" for minor in range(19, OLDEST[1] - 1, -1)]


def set_up(extras: tuple, root: Path = ROOT) -> Path:
    """Make sure that `.venv` holds Quantscope with the extras; returns its Python."""
    folder = root / ".venv"
    python = ensure_environment(folder)
    wanted = wanted_stamp(root, extras, python_version(python))
    if not is_installed(folder / STAMP, wanted):
        install(python, root, extras)
        (folder / STAMP).write_text(json.dumps(wanted), encoding="utf-8")
    return python


def ensure_environment(folder: Path) -> Path:
    """Make the virtual environment, or mend a half-made or too old one; returns its Python."""
    python = environment_python(folder)
    if python_version(python) >= OLDEST or _add_pip(python):
        return python
    if is_something_else(folder):
        raise SetupError(f"{folder} is not a virtual environment; move it out of the way")
    print(f"Making {folder}", flush=True)
    try:
        _make_environment(folder)
    except OSError as error:
        raise SetupError(f"cannot make {folder}: {error}") from None
    if python_version(python) < OLDEST:
        raise SetupError(
            "this Python cannot make virtual environments (it lacks venv or ensurepip); on Debian "
            "and Ubuntu: sudo apt-get install -y python{}.{}-venv".format(*sys.version_info[:2])
        )
    return python


def _make_environment(folder: Path) -> None:
    """Make it; where parts of Python are missing, leave one that has no pip."""
    try:
        import venv

        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(str(folder))
    except (subprocess.CalledProcessError, ImportError):
        return


def is_something_else(folder: Path) -> bool:
    """Whether what stands where the environment should is a person's own, and not to be cleared."""
    if not folder.is_dir():
        return folder.exists()
    return any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists()


def environment_python(folder: Path) -> Path:
    """Where a virtual environment keeps its Python on this system."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def python_version(python: Path) -> tuple:
    """(major, minor) of an environment's Python; (0, 0) if it does not run or has no pip."""
    code = "import pip, sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        answer = subprocess.run([str(python), "-c", code], capture_output=True, check=False)
        major, minor = answer.stdout.split()
    except (OSError, ValueError):
        return (0, 0)
    return (int(major), int(minor))


def _add_pip(python: Path) -> bool:
    """Give pip to an environment that was made without it; whether that gave a usable one."""
    if not python.exists():
        return False
    command = [str(python), "-m", "ensurepip", "--upgrade"]
    try:
        subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return False
    return python_version(python) >= OLDEST


def wanted_stamp(root: Path, extras: tuple, version: tuple) -> dict:
    """What the stamp says after an installation: a change of any of it means to install again."""
    text = (root / "pyproject.toml").read_bytes()
    return {
        "pyproject": hashlib.sha256(text).hexdigest(),
        "python": "{}.{}".format(*version[:2]),
        "root": str(root),
        "extras": sorted(extras),
    }


def is_installed(stamp: Path, wanted: dict) -> bool:
    """Whether the last installation was of the same project and had at least these extras."""
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
        extras = set(found.pop("extras"))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False
    rest = {key: value for key, value in wanted.items() if key != "extras"}
    return found == rest and extras >= set(wanted["extras"])


def install(python: Path, root: Path, extras: tuple) -> None:
    """Install the project, editable, and explain a failure."""
    stamp = root / ".venv" / STAMP
    if stamp.exists():
        stamp.unlink()
    what = "." + (f"[{','.join(extras)}]" if extras else "")
    print("Installing Quantscope and what it needs (some minutes the first time)", flush=True)
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-e", what]
    code, output = _run_and_keep(command, root)
    if code != 0:
        raise SetupError(explain_failure(output))


def _run_and_keep(command: list, folder: Path) -> tuple:
    """Run a command, showing its output while keeping it."""
    kept = []
    with subprocess.Popen(
        command, cwd=str(folder), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            kept.append(line)
            if not line.startswith("Requirement already satisfied"):
                print(line, end="", flush=True)
    return process.returncode, "".join(kept)


def explain_failure(output: str) -> str:
    """One sentence for what pip printed."""
    if "No space left on device" in output:
        return "the disk is full: installing needs about 2 GB"
    if NETWORK_FAILURE.search(output):
        return "the package index cannot be reached: check the network, or HTTPS_PROXY, and repeat"
    absent = re.search(r"No matching distribution found for (\S+)", output)
    if absent:
        return (
            f"pip finds no {absent.group(1)} for Python {sys.version_info[0]}.{sys.version_info[1]}"
            ": check the network, or HTTPS_PROXY, or try another Python"
        )
    return "pip could not install Quantscope; its last lines above say why"


# ---- what Qt needs of the system -------------------------------------------------------------


def has_screen(environ=os.environ, system: str = sys.platform) -> bool:
    """Whether a window would be seen: on Linux only with an X11 or Wayland display."""
    chosen = environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if chosen:
        return chosen not in {"offscreen", "minimal"}
    if not system.startswith("linux"):
        return True
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def needed_libraries(command: str, headless: bool, environ=os.environ) -> dict:
    """The system libraries that a command needs: the demo without a window does without Qt."""
    screen = has_screen(environ)
    if command == "run" and (headless or not screen):
        return {}
    if not screen:
        return QT_LIBRARIES
    display = WAYLAND_LIBRARIES if environ.get("WAYLAND_DISPLAY") else X11_LIBRARIES
    return {**QT_LIBRARIES, **display}


def provide_system_libraries(libraries: dict, system: str = sys.platform) -> None:
    """Install the shared libraries that are missing, or say which line to type."""
    missing = missing_libraries(libraries) if system.startswith("linux") else []
    if not missing:
        return
    if not is_debian():
        raise SetupError(
            f"Qt misses {', '.join(missing)}; install the packages of your system that hold them"
        )
    packages = [libraries[name] for name in missing]
    if os.geteuid() != 0:
        raise SetupError(f"Qt misses system libraries; type\n  {apt_line(packages)}")
    _apt(packages)
    if missing_libraries(libraries):
        raise SetupError("apt-get could not install " + " ".join(packages))


def missing_libraries(libraries: dict, load=ctypes.CDLL) -> list:
    """Those of the shared libraries that the loader does not find."""
    missing = []
    for name in libraries:
        try:
            load(name)
        except OSError:
            missing.append(name)
    return missing


def is_debian(os_release: Path = Path("/etc/os-release")) -> bool:
    """Whether packages come by apt-get, by Debian's names."""
    text = os_release.read_text(encoding="utf-8") if os_release.exists() else ""
    names = re.findall(r"^ID(?:_LIKE)?=(.*)$", text, flags=re.MULTILINE)
    return bool(re.search(r"\b(debian|ubuntu)\b", " ".join(names))) and bool(
        shutil.which("apt-get")
    )


def apt_line(packages: list) -> str:
    """The one line that installs Debian packages."""
    return "sudo apt-get update && sudo apt-get install -y " + " ".join(packages)


def _apt(packages: list) -> None:
    print("Installing system libraries: " + " ".join(packages), flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages],
    ):
        subprocess.run(command, env=environ, check=False)


# ---- the two commands ------------------------------------------------------------------------


def run_demo(python: Path, headless: str) -> int:
    """Open the window on the demo; without a screen, do its whole job into a folder."""
    demo = [str(python), "-m", "quantscope", "demo"]
    if headless is None and has_screen():
        return subprocess.call(demo)
    if headless is None:
        print("There is no screen, so the demo runs without a window.", flush=True)
    folder = Path(headless).resolve() if headless else ROOT / DEMO_FOLDER
    code = subprocess.call([*demo, "--headless", str(folder)])
    if code == 0:
        print(f"The results are in {folder}")
    return code


def run_tests(python: Path, for_pytest: list) -> int:
    """Run every check, pytest last; returns 0 only if all passed."""
    failed = [name for name, command in CHECKS if _check(python, name, command) != 0]
    if failed:
        print(f"Failed: {', '.join(failed)}. The tests run all the same.", flush=True)
    environ = dict(os.environ) if has_screen() else {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    code = subprocess.call(
        [str(python), "-m", "pytest", *coverage_of_core(for_pytest), *for_pytest],
        cwd=str(ROOT),
        env=environ,
    )
    return code or int(bool(failed))


def _check(python: Path, name: str, command: list) -> int:
    print(f"== {name}", flush=True)
    return subprocess.call([str(python), "-m", *command], cwd=str(ROOT))


def coverage_of_core(for_pytest: list) -> list:
    """Core must be covered to the last branch, which only the whole suite can show."""
    if for_pytest:
        return []
    return ["--cov=quantscope.core", "--cov-branch", "--cov-fail-under=100"]


if __name__ == "__main__":
    sys.exit(main())
