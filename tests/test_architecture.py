"""The import rules of app/ARCHITECTURE.md hold, and each rule is able to fail."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import import_rules as rules
from tests.import_rules import RULES, Rule, Tree, read_tree

PACKAGE = Path(__file__).parents[1] / "app" / "quantscope"
HEAVY = sorted(rules.ENGINES | {"numpy", "PySide6", "pyqtgraph", "PIL", "quantscope.core"})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_that_the_package_keeps_the_rule(rule: Rule) -> None:
    assert rule(read_tree(PACKAGE)) == []


CLEAN = {
    "__init__.py": "from typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from quantscope.core.formats import FixedPoint\n__version__ = '1'\n",
    "__main__.py": "def f():\n    from quantscope import cli\n    from quantscope.gui import app\n",
    "bundled.py": "from importlib.resources import files\n",
    "core/__init__.py": "",
    "core/formats.py": "import numpy as np\nfrom quantscope import __version__\n",
    "engine/graph.py": "import onnx\nfrom quantscope.core.formats import FixedPoint\n",
    "session/document.py": "from quantscope.core import formats\n",
    "jobs/__init__.py": "",
    "jobs/messages.py": "from quantscope.core import formats\n",
    "jobs/worker.py": "from quantscope.engine import graph\nfrom quantscope.jobs import messages\n",
    "cli/__init__.py": "from quantscope.jobs import worker\nprint(worker)\n",
    "gui/application.py": "from PySide6.QtWidgets import QApplication\nQApplication([]).exec()\n",
    "gui/app.py": "from PySide6.QtWidgets import QWidget\nfrom quantscope.jobs import messages\n",
}
BREACHES: list[tuple[Rule, str, str, str]] = [
    (rules.layers, "core/x.py", "from quantscope.engine import graph", "engine.graph"),
    (rules.layers, "core/x.py", "from quantscope import FixedPoint", "quantscope.FixedPoint"),
    (rules.layers, "engine/x.py", "from quantscope.session import document", "session.document"),
    (rules.layers, "session/x.py", "from ..engine import graph", "quantscope.engine.graph"),
    (rules.layers, "jobs/messages.py", "import quantscope.engine.graph", "engine.graph"),
    (rules.layers, "jobs/x.py", "def f():\n    import quantscope.gui.app", "gui.app"),
    (rules.layers, "gui/x.py", "from quantscope.jobs import worker", "jobs.worker"),
    (rules.layers, "cli/x.py", "import quantscope.engine.graph", "engine.graph"),
    (
        rules.layers,
        "bundled.py",
        "if TYPE_CHECKING:\n    import quantscope.core.formats",
        "formats",
    ),
    (rules.layers, "__init__.py", "from quantscope.core import formats", "formats"),
    (rules.layers, "plumbing/x.py", "", "plumbing.x is in no layer"),
    (rules.third_parties, "core/x.py", "import onnx", "onnx"),
    (rules.third_parties, "engine/x.py", "from PySide6 import QtCore", "PySide6"),
    (rules.third_parties, "cli/x.py", "import_module('PySide6.QtCore')", "PySide6"),
    (rules.third_parties, "session/x.py", "def f():\n    import numba", "numba"),
    (rules.third_parties, "__main__.py", "import numpy", "numpy"),
    (rules.reach, "session/x.py", "import onnxruntime", "session.x -> onnxruntime"),
    (
        rules.reach,
        "jobs/__init__.py",
        "from quantscope.jobs import worker",
        "jobs.worker -> engine",
    ),
    (rules.reach, "core/formats.py", "def f():\n    import numba", "core.formats -> numba"),
    (rules.cycles, "core/formats.py", "def f():\n    import quantscope.core.x", "core.formats"),
    (rules.plain_names, "core/utils.py", "", "core.utils"),
    (rules.plain_names, "gui/theme_helpers.py", "", "gui.theme_helpers"),
    (rules.short_files, "core/x.py", "\n" * 401, "core.x"),
    (rules.no_threads_in_the_window, "gui/x.py", "import threading", "threading"),
    (rules.no_threads_in_the_window, "gui/x.py", "from subprocess import run", "subprocess.run"),
    (rules.no_nested_event_loops, "gui/x.py", "dialog.exec()", "never exec"),
    (
        rules.no_item_per_cell_tables,
        "gui/x.py",
        "from PySide6.QtWidgets import QTableWidget",
        "QTableWidget",
    ),
    (rules.no_item_per_cell_tables, "gui/x.py", "QtWidgets.QTableWidget()", "QTableWidget"),
    (rules.only_the_command_line_prints, "engine/x.py", "print('here')", "print"),
]


def _made_up(folder: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        path = folder / "quantscope" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_tree(folder / "quantscope")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_that_a_clean_tree_breaks_no_rule(rule: Rule, tmp_path: Path) -> None:
    assert rule(_made_up(tmp_path, CLEAN)) == []


@pytest.mark.parametrize(("rule", "name", "text", "named"), BREACHES)
def test_that_a_breach_is_found_and_named(
    rule: Rule, name: str, text: str, named: str, tmp_path: Path
) -> None:
    back = "from quantscope.core import formats\n" if rule is rules.cycles else ""
    tree = _made_up(tmp_path, CLEAN | {"core/x.py": back} | {name: text})
    assert any(named in breach for breach in rule(tree))


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("name", ["quantscope", "quantscope.__main__"])
def test_that_importing_the_root_loads_nothing_heavy(name: str) -> None:
    done = _python(f"import sys, {name}; print([m for m in {HEAVY} if m in sys.modules])")
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_that_the_command_line_explains_itself_without_qt_installed() -> None:
    done = _python(
        "import sys\n"
        "sys.modules.update({'PySide6': None, 'shiboken6': None, 'pyqtgraph': None})\n"
        "from quantscope.__main__ import main\n"
        "sys.exit(main(['--help']))"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "calibrate" in done.stdout
