"""Texts of the window go through Qt's translators, whole sentences at a time."""

import ast
import re
import subprocess
import sysconfig
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from quantscope.gui import translation
from quantscope.gui.translation import install_translators, plural, tr

PROJECT = Path(__file__).parents[2]
GUI = PROJECT / "app" / "quantscope" / "gui"
SEVERAL_WORDS = re.compile("[A-Za-z]{2,} [A-Za-z]{2,}")
STYLE_SHEET = "theme.py"
NO_TEXTS = {"info", "warning", "error", "setStyleSheet"}  # calls of these say nothing to people
KEYS = {  # what is compared and looked up, but not shown
    "Cannot allocate memory",
    "minimum from",
    "maximum from",
    "in use",
    "upper edge",
    "lower edge",
    "all types",  # of a title that the session makes
    "| where | action | keys | what it does |",  # of the guide
}
TEXTS = {"tr": 1, "mark": 1, "plural": 2}  # how many texts a call of it begins with


class Spoken(QTranslator):
    """Says what it was made with, and of everything else nothing."""

    def __init__(self, texts: dict[tuple[str, int], str]) -> None:
        super().__init__()
        self._texts = texts

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        return self._texts.get((text, n)) if context == translation.CONTEXT else None


@pytest.fixture
def german(qapp: QCoreApplication) -> Iterator[None]:
    spoken = Spoken(
        {
            ("Open {file} of {folder}", -1): "Aus {folder} öffne {file}",
            ("Close {file}", -1): "Schließe {datei}",
            ("one row", 1): "eine Zeile",
            ("one row", 1000): "{n} Zeilen",
        }
    )
    qapp.installTranslator(spoken)
    yield
    qapp.removeTranslator(spoken)


def test_that_a_sentence_is_english_without_a_translation() -> None:
    assert tr("Open {file}", file="a.onnx") == "Open a.onnx"
    assert tr("100 % of {braces}") == "100 % of {braces}"


@pytest.mark.usefixtures("german")
def test_that_a_translation_orders_the_values_as_it_likes() -> None:
    assert tr("Open {file} of {folder}", file="a", folder="b") == "Aus b öffne a"


@pytest.mark.usefixtures("german")
def test_that_a_translation_that_names_another_value_is_left_out() -> None:
    assert tr("Close {file}", file="a") == "Close a"


def test_that_english_has_its_plural_without_a_translation() -> None:
    texts = [plural("one row", "{n} rows", n) for n in (0, 1, 2, 1000)]
    assert texts == ["0 rows", "one row", "2 rows", "1\N{NARROW NO-BREAK SPACE}000 rows"]


@pytest.mark.usefixtures("german")
def test_that_the_number_chooses_among_the_forms_of_a_language() -> None:
    texts = [plural("one row", "{n} rows", n) for n in (1, 1000)]
    assert texts == ["eine Zeile", "1\N{NARROW NO-BREAK SPACE}000 Zeilen"]


def commands_of_contributing() -> dict[str, list[str]]:
    """The commands that make a translation, by the program that they run."""
    page = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split() for line in page.splitlines() if line.startswith("pyside6-")]
    return {words[0]: words for words in lines}


def run_command(name: str, ts_file: Path) -> None:
    words = commands_of_contributing()[name]
    program = Path(sysconfig.get_path("scripts")) / name
    words = [str(ts_file) if word.endswith(".ts") else word for word in words[1:]]
    subprocess.run([program, *words], cwd=PROJECT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def ts_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first command of CONTRIBUTING makes: every text, none translated."""
    folder = tmp_path_factory.mktemp("resources") / "translations"
    folder.mkdir()
    path = folder / "quantscope_de.ts"
    run_command("pyside6-lupdate", path)
    return path


def translatable(tree: ast.Module) -> Iterator[tuple[ast.Call, list[ast.expr]]]:
    """The calls that translate or mark, and the texts that each is about."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node, node.args[: TEXTS.get(node.func.id, 0)]


def test_that_every_text_in_the_code_is_found_for_translation(ts_file: Path) -> None:
    found = {
        (str(message.findtext("source")), str(message.findtext("comment", "")))
        for message in ElementTree.parse(ts_file).iter("message")
    }
    written = set()
    for path in GUI.rglob("*.py"):
        for _, texts in translatable(ast.parse(path.read_text(encoding="utf-8"))):
            if texts and all(isinstance(text, ast.Constant) for text in texts):
                written.add((*(text.value for text in texts), "")[:2])  # type: ignore[attr-defined]
    assert written - found == set()
    assert len(written) > 0


def test_that_no_text_is_put_together_before_it_is_translated() -> None:
    pieces = []
    for path in GUI.rglob("*.py"):
        for call, texts in translatable(ast.parse(path.read_text(encoding="utf-8"))):
            if any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in texts):
                pieces.append(f"{path.name}:{call.lineno}")
    assert pieces == []


def untranslated(node: ast.AST) -> Iterator[ast.Constant]:
    """The literals of several words below ``node`` that no call translates or marks."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if SEVERAL_WORDS.search(re.sub("<[^>]*", "", node.value)):
            yield node
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in TEXTS:
        for keyword in node.keywords:
            yield from untranslated(keyword)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in NO_TEXTS:
        pass
    elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):  # a docstring
        for child in ast.iter_child_nodes(node):
            yield from untranslated(child)


def test_that_no_sentence_passes_the_translation_by() -> None:
    paths = (path for path in GUI.rglob("*.py") if path.name != STYLE_SHEET)
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    marked = {
        text.value
        for tree in trees.values()
        for _, texts in translatable(tree)
        for text in texts
        if isinstance(text, ast.Constant)
    }
    found = {
        f"{path.name}: {literal.value}"
        for path, tree in trees.items()
        for literal in untranslated(tree)
        if literal.value not in marked | KEYS
    }
    assert found == set()


def test_that_the_window_speaks_a_language_that_is_added_as_contributing_says(
    qapp: QCoreApplication, ts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = ElementTree.parse(ts_file)
    for message in tree.iter("message"):
        done = message.find("translation")
        assert done is not None
        done.attrib.clear()
        forms = message.findall("translation/numerusform")
        done.text = None if forms else f"⟦{message.findtext('source')}⟧"
        for number, form in enumerate(forms):
            form.text = f"⟦{number}: {{n}}⟧"
    tree.write(ts_file, encoding="utf-8", xml_declaration=True)
    run_command("pyside6-lrelease", ts_file)
    monkeypatch.setattr(translation, "resources_folder", lambda: ts_file.parents[1])
    install_translators(QLocale("de_AT"))
    installed = [child for child in qapp.children() if isinstance(child, QTranslator)]
    try:
        assert tr("&Open…") == "⟦&Open…⟧"
        assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    finally:
        for each in installed:
            qapp.removeTranslator(each)


def test_that_a_language_of_which_nothing_is_translated_leaves_qt_english_too(
    qapp: QCoreApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "resources_folder", lambda: tmp_path)
    install_translators(QLocale("de_DE"))
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
