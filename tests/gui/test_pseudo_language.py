"""In a language in which every text of the window stands in brackets, no text stands without.

What core, session and the worker say is English in every language: it is named in ``ELSEWHERE``.
"""

import re
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QFileDialog,
    QGroupBox,
    QLabel,
    QMessageBox,
    QSizePolicy,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from quantscope.core.counting.convergence import convergence_of
from quantscope.core.data.description import PRESETS, Color, Filter, Layout, Resize
from quantscope.core.diagnosis.sensitivity import METRIC_TITLES
from quantscope.core.errors import Problem
from quantscope.core.exchange.formats import FORMATS
from quantscope.core.findings import verdicts
from quantscope.core.metrics.table import METRICS
from quantscope.core.networks import cost_wording
from quantscope.core.networks.network import Network, Role
from quantscope.core.networks.preparation import CHOICES
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui.help.guide_pages import pages
from quantscope.gui.main_window import MainWindow
from quantscope.gui.translation import CONTEXT
from tests.gui.pointing import select, weights
from tests.gui.texts import Text, texts_of

PADDING = 0.3  # of the length: what a translation from English needs more
WAIT = 120_000

UNITS = {
    "dB",
    "KB",
    "MB",
    "Hz",
    "ms",
    "pixels",
    "zp",
    "ch",
    "batch",
    "exact",
    "Quantscope",
    "scalar",
}
KEYS = {"Ctrl", "Shift", "Alt", "Del", "Left", "Right", "Up", "Down", "PgUp", "PgDown"}
STAGES = {"verification", "sensitivity", "fixes"}  # of jobs, as the worker calls them
TABLES = (cost_wording.HEADINGS, verdicts.FIGURES, verdicts.COSTS, verdicts.DISAGREEMENTS)
ELSEWHERE = {
    *(each.title for each in TARGETS.values()),
    *SCHEME_TITLES.values(),
    *METRIC_TITLES.values(),
    *(text for each in CHOICES.values() for text in (each.title, each.summary, each.lack)),
    *(each.title for each in METRICS.values()),
    *(f"{each.title} (*{each.ending})" for each in FORMATS.values()),
    *(text for table in TABLES for pair in table.items() for text in pair),
    *(text for kind in (Resize, Filter, Color, Layout, Role) for text in kind),
    *PRESETS,
    *pages().values(),
}


class Bracketing(QTranslator):
    """Puts every text of ours into brackets, and makes it longer."""

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        if context != CONTEXT or not text:
            return None
        source = disambiguation if disambiguation and n != 1 else text
        room = ceil(PADDING * len(source))
        return f"⟦{source}{('~~~~~ ' * room)[:room]}⟧"


@pytest.fixture(autouse=True)
def bracketed(qapp: QCoreApplication) -> Iterator[None]:
    translator = Bracketing()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def outside(text: str) -> str:
    """What of ``text`` stands in no brackets."""
    while (rest := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = rest
    text = re.sub(r"⟦[^⟧]*$|^[^⟦]*⟧", "", text)  # a text that stands around a field
    return re.sub(r"<[^>]*>|&nbsp;", "", text)


def names_in(network: Network) -> set[str]:
    """What is called by names of its own in ``network``."""
    tensors = [word for tensor in network.tensors.values() for word in (tensor.name, tensor.dtype)]
    layers = [
        word for layer in network.layers for word in (layer.label, layer.name, layer.operator)
    ]
    return {network.name, *tensors, *layers}


def bare(texts: Iterable[Text], elsewhere: Iterable[str]) -> set[Text]:
    """The texts with words that stand in no brackets and are not said ``elsewhere``."""
    known = sorted({*elsewhere, *ELSEWHERE}, key=len, reverse=True)
    phrases = re.compile(
        "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in known), re.IGNORECASE
    )
    found = set()
    for where, text in texts:
        words = set(re.findall("[A-Za-z]{2,}", phrases.sub("", outside(text))))
        if words - UNITS - KEYS:
            found.add((where, text))
    return found


def said_of(window: MainWindow) -> set[str]:
    """What files, network and session of ``window`` are called, and what the session says."""
    session = window.controller.session
    document, network, plan = session.document, session.network, session.plan()
    assert network is not None and document.data is not None
    paths = (document.model, document.data.path)
    return {
        *names_in(network),
        *paths,
        *(Path(path).name for path in paths),
        *(each.label() for each in (plan.types.values() if plan is not None else ())),
        session.undo_title,
        *network.changes,
        *(window.controller.readings.reason(name) for name in network.tensors),
        *(plan.notes.values() if plan is not None else ()),
        *([convergence_of(session.calibration).sentence()] if session.calibration else ()),
    }


def test_that_the_first_page_is_translated(window: MainWindow) -> None:
    window.welcome.show_recent(["recent.onnx"])
    assert bare(texts_of(window), {"recent.onnx"}) == set()


def show_everything(window: MainWindow) -> None:
    """Have all panels, and all tabs in them, in sight once."""
    select(window, weights(window, 2))
    for dock in window.findChildren(QDockWidget):
        dock.show()
        dock.raise_()
        QApplication.processEvents()
        for tabs in dock.findChildren(QTabWidget):
            for number in range(tabs.count()):
                tabs.setCurrentIndex(number)
                QApplication.processEvents()


def test_that_all_about_a_calibrated_network_is_translated(calibrated: MainWindow) -> None:
    show_everything(calibrated)
    assert bare(texts_of(calibrated), said_of(calibrated)) == set()


def test_that_a_comparison_of_variants_is_translated(calibrated: MainWindow) -> None:
    calibrated.actions_by_id["new-variant"].trigger()
    calibrated.controller.choose_word_length(16)
    calibrated.actions_by_id["compare-next"].trigger()
    show_everything(calibrated)
    names = {each.name for each in calibrated.controller.session.document.variants}
    assert bare(texts_of(calibrated), {*said_of(calibrated), *names}) == set()


def test_that_an_export_and_what_it_found_are_translated(
    qtbot: QtBot, calibrated: MainWindow, tmp_path: Path
) -> None:
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    with qtbot.waitSignal(controller.exported, timeout=WAIT):
        controller.export(str(tmp_path / "exported.onnx"))
    report = controller.session.report
    assert report is not None
    show_everything(calibrated)
    said = {report.path, "exported.onnx", report.target, report.summary(), report.simulated()}
    said |= {*report.warnings, *report.notes}
    said |= {text for pair in report.not_simulated + report.float_layers for text in pair}
    said |= {kernel.kernel for kernel in report.kernels} | STAGES
    assert bare(texts_of(calibrated), {*said_of(calibrated), *said}) == set()


def test_that_layers_that_were_measured_are_translated(
    qtbot: QtBot, calibrated: MainWindow
) -> None:
    controller = calibrated.controller
    controller.choose_target("fixed-point")
    calibrated.diagnosis.layers.samples.setValue(1)
    calibrated.actions_by_id["measure"].trigger()
    qtbot.waitUntil(lambda: not controller.is_busy, timeout=WAIT)
    known = calibrated.diagnosis.layers.known
    assert known is not None
    show_everything(calibrated)
    said = {known.sensitivity.whole.in_words()}
    said |= {text for fix in known.fixes for text in (fix.title, fix.reason)}
    said |= {fix.cost.in_words() for fix in known.fixes if fix.cost is not None} | STAGES
    assert bare(texts_of(calibrated), {*said_of(calibrated), *said}) == set()


def cut_off(root: QWidget) -> set[str]:
    """The texts in ``root`` that have less room than they ask for at the least."""
    kinds = (QLabel, QAbstractButton, QComboBox, QGroupBox)
    found = (each for each in root.findChildren(QWidget) if isinstance(each, kinds))
    return {
        f"{type(each).__name__}: {each.property('currentText') or list(texts_of(each))[:1]}"
        for each in found
        if each.isVisible()
        and each.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Ignored
        and each.width() < each.minimumSizeHint().width()
    }


def test_that_longer_texts_have_room_on_the_first_page(window: MainWindow) -> None:
    QApplication.processEvents()
    assert cut_off(window.welcome) == set()


def test_that_longer_texts_have_room_in_the_panels(calibrated: MainWindow) -> None:
    found = set()
    select(calibrated, weights(calibrated, 2))
    for dock in calibrated.findChildren(QDockWidget):
        dock.show()
        dock.raise_()
        QApplication.processEvents()
        for tabs in dock.findChildren(QTabWidget):
            for number in range(tabs.count()):
                tabs.setCurrentIndex(number)
                QApplication.processEvents()
                found |= cut_off(dock)
        found |= cut_off(dock)
    assert found == set()


DIALOGS = ("data", "validate", "network", "about", "palette", "shortcuts", "open", "export")
DIALOGS += ("save-as", "types", "report", "statistics", "picture")


@pytest.mark.parametrize("key", DIALOGS)
def test_that_a_dialog_is_translated(calibrated: MainWindow, key: str) -> None:
    known = set(calibrated.findChildren(QDialog))
    calibrated.actions_by_id[key].trigger()
    QApplication.processEvents()
    (dialog,) = set(calibrated.findChildren(QDialog)) - known
    found, narrow = bare(texts_of(dialog), said_of(calibrated)), cut_off(dialog)
    dialog.close()
    assert found == set()
    assert isinstance(dialog, QFileDialog) or narrow == set()


def test_that_questions_and_messages_are_translated(calibrated: MainWindow) -> None:
    controller, found = calibrated.controller, set[Text]()
    named = {*said_of(calibrated), "found.onnx", "What", "where", "Do this"}
    for signal, values in (
        (controller.partial_offered, (120, "partial.npz")),
        (controller.located, ("found.onnx",)),
        (controller.problem_found, (Problem("what", "where", "Do this"), "")),
        (controller.overwrite_asked, ("found.onnx",)),
    ):
        signal.emit(*values)
        found |= bare(texts_of(calibrated.messages), named)
    for dialog in calibrated.findChildren(QMessageBox):
        found |= bare(texts_of(dialog), named)
    calibrated.hint_bar.give("drag")
    found |= bare(texts_of(calibrated.hint_bar), ())
    assert not calibrated.close()
    assert isinstance(calibrated.questions.dialog, QMessageBox)
    found |= bare(texts_of(calibrated.questions.dialog), named)
    calibrated.questions.dialog.button(QMessageBox.StandardButton.Cancel).click()
    assert found == set()
