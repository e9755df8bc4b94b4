"""The import rules of app/ARCHITECTURE.md as functions from a package tree to a list of breaches.

Imports are read from the source, wherever they stand: inside functions, under `TYPE_CHECKING`, or
as `import_module("...")`. `test_architecture.py` applies the rules.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

# What each part may import of ours. The longest matching key counts; every part may import itself
# and `__version__` from the root.
OURS = {
    "": set(),
    "__main__": {"gui", "cli", "jobs"},
    "bundled": set(),
    "core": set(),
    "engine": {"core", "bundled"},
    "session": {"core"},
    "jobs": {"session", "engine", "core", "bundled"},
    "jobs.messages": {"core"},
    "api": {"session", "jobs", "core"},
    "cli": {"api", "session", "jobs", "core", "bundled"},
    "gui": {"session", "jobs.messages", "core", "bundled"},
}
# What each part may import of others', beside the standard library.
ENGINES = {"onnx", "onnxruntime", "onnx_ir", "onnxscript", "numba"}
OTHERS = {
    "core": {"numpy"},
    "engine": ENGINES | {"numpy", "ml_dtypes", "psutil", "PIL", "google", "pyarrow"},
    "session": {"numpy"},
    "jobs": {"numpy", "psutil"},
    "jobs.messages": {"numpy"},
    "api": {"numpy"},
    "cli": {"numpy", "tqdm"},
    "gui": {"numpy", "PySide6", "shiboken6", "pyqtgraph"},
}
OUT_OF_REACH = {"gui": ENGINES | {"engine"}, "session": ENGINES | {"engine"}}
THREADS = {"subprocess", "threading", "multiprocessing", "concurrent", "_thread"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
EVENT_LOOP = "gui.application"  # the one module that may call QApplication.exec()
LONGEST_FILE = 400


@dataclass(frozen=True)
class Import:
    """One imported thing: `target` is the full dotted name, `line` where it stands."""

    target: str
    line: int
    for_types: bool


@dataclass(frozen=True)
class Module:
    """One source file; `name` is relative to the package ("" for the package itself)."""

    name: str
    path: Path
    tree: ast.Module
    imports: tuple[Import, ...]

    def where(self, line: int) -> str:
        return f"{self.path.name}:{line} ({self.name or 'quantscope'})"


Tree = dict[str, Module]


class _ImportReader(ast.NodeVisitor):
    """Collects the imports of one module, at any depth."""

    def __init__(self, package: list[str]) -> None:
        self.package = package
        self.found: list[Import] = []
        self.for_types = False

    def add(self, target: str, node: ast.expr | ast.stmt) -> None:
        self.found.append(Import(target, node.lineno, self.for_types))

    def visit_If(self, node: ast.If) -> None:
        outer = self.for_types
        self.for_types = outer or "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body:
            self.visit(child)
        self.for_types = outer
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        parents = self.package[: len(self.package) - node.level + 1] if node.level else []
        base = ".".join([*parents, *filter(None, [node.module])])
        for alias in node.names:
            self.add(f"{base}.{alias.name}", node)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in {"import_module", "__import__"} and node.args:
            argument = node.args[0]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                self.add(argument.value, node)
        self.generic_visit(node)


def read_tree(package: Path) -> Tree:
    """Parse every module of a package folder."""
    return {
        module.name: module for module in (_read(path, package) for path in package.rglob("*.py"))
    }


def _read(path: Path, package: Path) -> Module:
    parts = list(path.relative_to(package).with_suffix("").parts)
    is_package = parts[-1] == "__init__"
    names = parts[:-1] if is_package else parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    reader = _ImportReader(["quantscope", *(names if is_package else names[:-1])])
    reader.visit(tree)
    return Module(".".join(names), path, tree, tuple(reader.found))


def _is_within(name: str, parts: set[str]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def _part_of(name: str, table: dict[str, set[str]]) -> str | None:
    """The longest key of a table that a module falls under."""
    keys = [key for key in table if name == key or (key and name.startswith(f"{key}."))]
    return max(keys, key=len, default=None)


def _home(item: Import, tree: Tree) -> str | None:
    """The module of ours that an import names, relative to the package; None if not ours."""
    top, _, name = item.target.partition(".")
    if top != "quantscope":
        return None
    while name not in tree and name:
        name = name.rpartition(".")[0]
    return name


def _ours(module: Module, tree: Tree) -> Iterator[tuple[Import, str]]:
    for item in module.imports:
        home = _home(item, tree)
        if home is not None:
            yield item, home


def layers(tree: Tree) -> list[str]:
    """Each part imports only the parts below it."""
    breaches = []
    for module in tree.values():
        part = _part_of(module.name, OURS)
        if part is None:
            breaches.append(f"{module.name} is in no layer: decide where it belongs, then add it")
            continue
        allowed = OURS[part] | ({part} if part else set())
        for item, home in _ours(module, tree):
            if item.for_types and not module.name:
                continue  # the lazy public names, for type checkers
            if item.target != "quantscope.__version__" and not _is_within(home, allowed):
                breaches.append(f"{module.where(item.line)} must not import {item.target}")
    return breaches


def third_parties(tree: Tree) -> list[str]:
    """Each part imports only the libraries that are its business."""
    breaches = []
    for module in tree.values():
        allowed = OTHERS.get(_part_of(module.name, OTHERS) or "", set())
        for item in module.imports:
            top = item.target.partition(".")[0]
            known = top in sys.stdlib_module_names or top == "quantscope"
            if not known and top not in allowed:
                breaches.append(f"{module.where(item.line)} must not import {top}")
    return breaches


def _loads(module: Module, tree: Tree) -> Iterator[str]:
    """Everything that running a module loads, the parent packages of what it imports included."""
    for item in module.imports:
        if item.for_types:
            continue
        home = _home(item, tree)
        if home is None:
            yield item.target.partition(".")[0]
        else:
            names = home.split(".")
            yield from (".".join(names[:depth]) for depth in range(1, len(names) + 1))


def reach(tree: Tree) -> list[str]:
    """The window and the session never reach the engine's libraries, not even through others."""
    breaches = []
    for start in tree.values():
        forbidden = OUT_OF_REACH.get(start.name.partition(".")[0])
        if forbidden:
            breaches += _forbidden_paths(start, forbidden, tree)
    return breaches


def _forbidden_paths(start: Module, forbidden: set[str], tree: Tree) -> list[str]:
    paths = {start.name: start.name}
    queue = [start.name]
    breaches = []
    while queue:
        name = queue.pop()
        if _is_within(name, forbidden):
            breaches.append(f"{paths[name]}: out of reach")
        elif name in tree:
            for target in _loads(tree[name], tree):
                if target not in paths:
                    paths[target] = f"{paths[name]} -> {target}"
                    queue.append(target)
    return breaches


def cycles(tree: Tree) -> list[str]:
    """No module imports itself through others; imports inside functions count."""
    graph = {
        module.name: {
            home
            for item, home in _ours(module, tree)
            if home not in {module.name, ""} and not item.for_types
        }
        for module in tree.values()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def plain_names(tree: Tree) -> list[str]:
    """A module is called after what it holds."""
    return [
        f"{module.name}: call it after what it holds"
        for module in tree.values()
        if VAGUE_NAMES & set(module.name.replace("_", ".").split("."))
    ]


def short_files(tree: Tree) -> list[str]:
    """No file grows past what a person reads in one sitting."""
    return [
        f"{module.name} has more than {LONGEST_FILE} lines: split it by subject"
        for module in tree.values()
        if len(module.path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE
    ]


def no_threads_in_the_window(tree: Tree) -> list[str]:
    """Slow work is a job: the window starts no threads and no processes but through QProcess."""
    return [
        f"{module.where(item.line)}: no {item.target} in the window"
        for module in _window(tree)
        for item in module.imports
        if item.target.partition(".")[0] in THREADS
    ]


def no_nested_event_loops(tree: Tree) -> list[str]:
    """Dialogs open with `open()`; only the application itself runs an event loop."""
    return [
        f"{module.where(node.lineno)}: open(), never exec()"
        for module in _window(tree)
        if module.name != EVENT_LOOP
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"exec", "exec_"}
    ]


def no_item_per_cell_tables(tree: Tree) -> list[str]:
    """Tables are views on our own models: an object per cell is slow at 5,000 tensors."""
    return [
        f"{module.name}: QTableView on our own model, no QTableWidget"
        for module in _window(tree)
        for node in ast.walk(module.tree)
        if "QTableWidget" in {getattr(node, "attr", ""), getattr(node, "name", "")}
    ]


def _window(tree: Tree) -> list[Module]:
    return [module for module in tree.values() if _is_within(module.name, {"gui"})]


def only_the_command_line_prints(tree: Tree) -> list[str]:
    """Standard output belongs to the command line and to the worker's messages."""
    return [
        f"{module.where(node.lineno)}: print outside the command line"
        for module in tree.values()
        if not _is_within(module.name, {"cli"})
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
    ]


Rule = Callable[[Tree], list[str]]
RULES: list[Rule] = [
    layers,
    third_parties,
    reach,
    cycles,
    plain_names,
    short_files,
    no_threads_in_the_window,
    no_nested_event_loops,
    no_item_per_cell_tables,
    only_the_command_line_prints,
]
