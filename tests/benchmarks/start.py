"""How long until the window is on the screen, and until a model of 100 MB is described.

    python tests/benchmarks/start.py [--rounds 7] [-o results.md | --append results.md]

Each round starts a process of its own, as a person does, with files in the cache of the system
and with compiled modules, as an installation has them:
from its start to the window's first painting, and from its start to the description that a
worker sends. Goals: 1.0 s and 2.0 s, by the clock; the script fails where the quickest round misses
one, since other programs can only make it later. The processor's time is printed too: on a busy
machine only that says anything of the program.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.benchmarks import keeping

TO_WINDOW, TO_DESCRIPTION = 1.0, 2.0  # seconds
LAYERS, CHANNELS = 25, 336  # of 3 x 3 convolutions: 100 MB
WINDOW = """
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from quantscope import __main__
from quantscope.gui.main_window import MainWindow

class Eye(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, MainWindow):
            QTimer.singleShot(0, QApplication.quit)
        return False

application = QApplication([])
eye = Eye()
application.installEventFilter(eye)
sys.exit(__main__.main([]))
"""
DESCRIPTION = """
import sys
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Describe, Described

sys.exit(not isinstance(run_inline(Describe(model=sys.argv[1])), Described))
"""


def main() -> int:
    """Time both; the exit status says whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="processes of each kind")
    keeping.add_options(parser)
    arguments = parser.parse_args()
    missed: list[str] = []
    keeping.deliver(_lines(arguments.rounds, missed), arguments)
    return 1 if missed else 0


def _lines(rounds: int, missed: list[str]) -> Iterator[str]:
    yield "## From the start of a process"
    yield ""
    yield f"{keeping.versions()}, {rounds} rounds, {os.cpu_count()} cores"
    yield ""
    yield "| until | quickest | median | 95 % | processor | goal | met |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "large.onnx"
        size = _save_model(model)
        for name, script, goal in (
            ("the window is painted", WINDOW, TO_WINDOW),
            (f"a model of {size / 1e6:.0f} MB is described", DESCRIPTION, TO_DESCRIPTION),
        ):
            done = [_run(script, str(model)) for _ in range(rounds + 1)][1:]  # cache is warm
            seconds, busy = zip(*done, strict=True)
            least, middle, late = np.percentile(seconds, (0, 50, 95))
            if least > goal:
                missed.append(name)
            met = "yes" if least <= goal else "**no**"
            times = f"{least:.2f} s | {middle:.2f} s | {late:.2f} s | {np.median(busy):.2f} s"
            yield f"| {name} | {times} | {goal:.1f} s | {met} |"
    yield ""
    yield f"Load of the machine at the end: {keeping.load()}."


def _run(script: str, model: str) -> tuple[float, float]:
    """Seconds of the clock, and of the processor."""
    environment = {"QT_QPA_PLATFORM": "offscreen"} | os.environ
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(Path(model).parent / "compiled")
    start, own = time.perf_counter(), _children()
    command = [sys.executable, "-c", script, model]
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start, _children() - own


def _children() -> float:
    used = os.times()
    return used.children_user + used.children_system


def _save_model(path: Path) -> int:
    """A chain of convolutions with random weights; returns the file's size in bytes."""
    generator = np.random.default_rng(0)
    shape = [1, CHANNELS, 8, 8]
    nodes, weights = [], []
    for number in range(LAYERS):
        values = generator.normal(size=(CHANNELS, CHANNELS, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{number}"))
        names = [f"x{number}", f"w{number}"]
        nodes.append(helper.make_node("Conv", names, [f"c{number}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{number}"], [f"x{number + 1}"]))
    first = helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)
    last = helper.make_tensor_value_info(f"x{LAYERS}", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "large", [first], [last], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
