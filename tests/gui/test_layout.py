"""How the window was arranged is how it comes back."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from quantscope.core.networks.network import Network
from quantscope.gui.look import appearance
from quantscope.gui.look.theme import DARK, LIGHT
from quantscope.gui.main_window import MainWindow
from tests.gui.conftest import MakeWindow, _with_demo


def test_that_panels_splitter_columns_and_size_come_back(
    qapp: QApplication, make: MakeWindow, demo_network: Network, tmp_path: Path
) -> None:
    first = _with_demo(make(), demo_network)
    qapp.processEvents()
    first.resize(1400, 700)
    first.inspector_dock.hide()
    first.check_dock.show()
    header = first.ranges.tree.header()
    header.resizeSection(0, 233)
    first.ranges.splitter.setSizes([400, 500])
    sizes = first.ranges.splitter.sizes()
    first.controller.save(str(tmp_path / "a.qscope"))
    assert first.close()
    again = make()
    again.restoreGeometry(first.settings.bytes_of("geometry"))
    assert again.height() == 700
    assert not again.check_dock.isVisible()
    again = _with_demo(again, demo_network)
    qapp.processEvents()
    assert again.check_dock.isVisible() and not again.inspector_dock.isVisible()
    assert again.ranges.tree.header().sectionSize(0) == 233
    assert abs(again.ranges.splitter.sizes()[0] - sizes[0]) < 3


def test_that_the_first_start_shows_the_inspector_once_there_is_a_session(
    window: MainWindow, opened: MainWindow
) -> None:
    assert not window.inspector_dock.isVisible()
    assert opened.inspector_dock.isVisible()
    assert not opened.check_dock.isVisible()


def test_that_the_usual_layout_can_be_had_again(qapp: QApplication, opened: MainWindow) -> None:
    qapp.processEvents()
    opened.inspector_dock.hide()
    opened.check_dock.show()
    width = opened.ranges.tree.header().sectionSize(0)
    opened.ranges.tree.header().resizeSection(0, 300)
    opened.actions_by_id["reset-layout"].trigger()
    assert opened.inspector_dock.isVisible() and not opened.check_dock.isVisible()
    assert opened.ranges.tree.header().sectionSize(0) == width


def test_that_an_arrangement_that_cannot_be_read_is_passed_over(
    make: MakeWindow, demo_network: Network
) -> None:
    first = make()
    first.settings.keep_bytes("layout/docks", b"nonsense")  # type: ignore[arg-type]
    assert _with_demo(make(), demo_network).inspector_dock.isVisible()


def test_that_the_system_theme_is_followed_while_it_is_chosen(
    qapp: QApplication, calibrated: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints = qapp.styleHints()
    calibrated.actions_by_id["theme-system"].trigger()
    monkeypatch.setattr(appearance, "theme_for", lambda choice: DARK)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert calibrated.ranges.heat.theme is DARK
    calibrated.actions_by_id["theme-light"].trigger()
    monkeypatch.setattr(appearance, "theme_for", lambda choice: LIGHT)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert calibrated.ranges.heat.theme is DARK, "a theme that was chosen stays"


def test_that_a_panel_costs_no_style_before_it_is_seen(opened: MainWindow) -> None:
    for panel in (opened.results, opened.check, opened.validation.panel, opened.diagnosis):
        assert not opened.isAncestorOf(panel)
    opened.check_dock.toggleViewAction().trigger()
    assert opened.isAncestorOf(opened.check) and opened.check.isVisible()
    assert not opened.isAncestorOf(opened.results)


def test_that_a_splitter_comes_back_when_its_panel_is_first_seen(
    qapp: QApplication, make: MakeWindow, demo_network: Network
) -> None:
    first = _with_demo(make(), demo_network)
    first.variants_dock.show()
    qapp.processEvents()
    splitter = first.what_differs.splitter
    splitter.setSizes([splitter.width() - 310, 310])
    first.variants_dock.hide()
    sizes = splitter.sizes()
    first.layout_kept.keep()
    again = _with_demo(make(), demo_network)
    qapp.processEvents()
    again.variants_dock.show()
    qapp.processEvents()
    assert again.what_differs.splitter.sizes() == pytest.approx(sizes, abs=3)


def test_that_a_theme_chosen_before_a_panel_is_seen_is_its_theme(opened: MainWindow) -> None:
    opened.actions_by_id["theme-dark"].trigger()
    opened.check_dock.show()
    picture = opened.check.grab().toImage()
    assert picture.pixelColor(1, 1) == QColor(DARK.window)
