"""The library behind plots comes in steps, and is there at their end."""

import subprocess
import sys

STEPS = """
import sys
from quantscope.gui.look.plots import loading_pyqtgraph
steps = loading_pyqtgraph()
pauses = 0
for _ in steps:
    pauses += 1
    there = "pyqtgraph" in sys.modules
print(pauses, there, len(list(loading_pyqtgraph())))
"""


def test_that_pyqtgraph_is_loaded_in_steps_and_once() -> None:
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    pauses, there, again = done.stdout.split()
    assert int(pauses) > 5 and there == "True" and again == "0"
