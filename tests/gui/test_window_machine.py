"""Random edits, undo, redo, saving and opening: what the window shows is always the document.

After each step everything on the screen is compared with what a fresh look at the session says:
texts of the rows, their pictures, the inspector, the tool bar, the menus.
"""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox

from quantscope.core.networks.network import Network
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.picture.heatmap import HeatRow, paint
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui import wording
from quantscope.gui.inspector.before_after import UNKNOWN
from quantscope.gui.main_window import MainWindow
from quantscope.gui.ranges.arrangement import Arrangement, arranged
from quantscope.gui.ranges.model import RangesModel
from quantscope.gui.ranges.readings import Readings
from quantscope.gui.ranges.row_texts import Column
from quantscope.session.calibration_file import read_calibration
from quantscope.session.document import Document
from quantscope.session.session import Session
from quantscope.session.steps import finish
from tests.gui.conftest import DEMO, demo_data
from tests.gui.keyboard import ALT, CONTROL, NONE, SHIFT, Key
from tests.gui.pointing import select

EDIT_KEYS = {
    "larger": (Key.Key_Left, ALT),
    "smaller": (Key.Key_Right, ALT),
    "longer": (Key.Key_Right, ALT | SHIFT),
    "shorter": (Key.Key_Left, ALT | SHIFT),
    "reset": (Key.Key_R, CONTROL),
    "float": (Key.Key_K, CONTROL),
    "box": (Key.Key_Space, NONE),
    "wide": (Key.Key_B, CONTROL),
    "worst": (Key.Key_G, CONTROL),
}
CHECKED = Qt.ItemDataRole.CheckStateRole
SWITCHES = ("unsigned", "correct-bias", "compensate", "integer-ports", "reset-all")
ORDERS = ("sort-network", "sort-sqnr", "sort-overflow", "sort-name", "by-layer", "only-problems")


class WindowMachine(RuleBasedStateMachine):
    """One window for all runs; each begins with the demo as it was calibrated."""

    window: MainWindow
    network: Network
    statistics: Path
    file: Path

    @initialize()
    def begin(self) -> None:
        session = Session()
        session.open_model(DEMO, self.network)
        self.window.controller.session = session
        finish(self.window.controller._replacing_session())
        undescribed = session.document
        self.window.controller.describe_data(demo_data())
        session.attach_calibration(read_calibration(self.statistics))
        finish(self.window.controller._replacing_session())
        self.window.controller.results_changed.emit()
        self.past: list[Document] = [undescribed, session.document]
        self.future: list[Document] = []
        self.saved: Document | None = None

    @property
    def session(self) -> Session:
        return self.window.controller.session

    def note(self) -> None:
        """An edit happened, or nothing did."""
        if self.session.document != self.past[-1]:
            self.past.append(self.session.document)
            self.future.clear()

    # ---- what a person does

    @rule(place=strategies.integers(0, 200), key=strategies.sampled_from(sorted(EDIT_KEYS)))
    def press_on_a_row(self, place: int, key: str) -> None:
        names = list(self.network.tensors)
        select(self.window, names[place % len(names)])
        self.window.ranges.tree.setFocus()
        QTest.keyClick(self.window.ranges.tree, *EDIT_KEYS[key])
        self.note()

    @rule(
        which=strategies.sampled_from(["target", "scheme", "word", "bias"]),
        up=strategies.booleans(),
    )
    def turn_a_combo_box(self, which: str, up: bool) -> None:
        combo: QComboBox = getattr(self.window.choices, which).combo
        combo.setFocus()
        QTest.keyClick(combo, Key.Key_Up if up else Key.Key_Down)
        self.note()

    @rule(key=strategies.sampled_from(SWITCHES))
    def switch(self, key: str) -> None:
        self.window.actions_by_id[key].trigger()
        self.note()

    @rule(key=strategies.sampled_from(ORDERS))
    def arrange(self, key: str) -> None:
        self.window.actions_by_id[key].trigger()

    @rule(
        place=strategies.integers(0, 200),
        steps=strategies.integers(-3, 3),
        keep=strategies.booleans(),
    )
    def drag(self, place: int, steps: int, keep: bool) -> None:
        names = list(self.network.tensors)
        tensor, controller = names[place % len(names)], self.window.controller
        data_type = controller.readings.data_type(tensor)
        if controller.readings.locked(tensor) or not isinstance(data_type, FixedPoint):
            return
        controller.preview(tensor, data_type.shifted(steps))
        controller.end_preview(tensor, keep)
        self.note()

    @precondition(lambda self: len(self.session.document.others) < 3)
    @rule()
    def add_a_variant(self) -> None:
        QTest.keyClick(self.window, Key.Key_N, CONTROL | SHIFT)
        self.note()

    @rule(number=strategies.integers(1, 4))
    def open_a_variant(self, number: int) -> None:
        QTest.keyClick(self.window, Key(Key.Key_0 + number), CONTROL)
        self.note()

    @rule(key=strategies.sampled_from([Key.Key_F8, Key.Key_F9]))
    def compare(self, key: Key) -> None:
        QTest.keyClick(self.window, key)

    @rule()
    def undo(self) -> None:
        QTest.keyClick(self.window, Key.Key_Z, CONTROL)
        if len(self.past) > 1:
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        QTest.keyClick(self.window, Key.Key_Z, CONTROL | SHIFT)
        if self.future:
            self.past.append(self.future.pop())

    @rule()
    def save(self) -> None:
        assert self.window.controller.save(str(self.file))
        self.saved = self.session.document

    @rule()
    def open_again(self) -> None:
        if self.saved is not None:
            self.window.controller.open_path(str(self.file))
            self.past, self.future = [self.saved], []

    # ---- what must hold

    @invariant()
    def the_document_is_the_one_expected(self) -> None:
        if not hasattr(self, "past"):
            return
        assert self.session.document == self.past[-1]
        actions = self.window.actions_by_id
        assert actions["undo"].isEnabled() == self.session.can_undo
        assert actions["redo"].isEnabled() == self.session.can_redo == bool(self.future)
        saved = self.saved == self.session.document
        assert self.window.isWindowModified() != (saved and not self.session.is_modified)

    @invariant()
    def the_views_show_the_document(self) -> None:
        if not hasattr(self, "past"):
            return
        QApplication.processEvents()
        fresh = Readings(self.session)
        fresh.refresh(self.session)
        self.check_rows(fresh)
        self.check_pictures(fresh)
        self.check_inspector(fresh)
        self.check_choices()

    def check_rows(self, fresh: Readings) -> None:
        """Figures may stand in another order than is wanted now, but each in its own row."""
        shown, anew = self.window.ranges.model, RangesModel(fresh, self.window.comparison)
        anew.load(arranged(fresh, Arrangement()))
        figures = [column for column in Column if column is not Column.NAME]
        for tensor in filter(None, shown.shown_tensors()):
            layer = self.network.tensors[tensor].layer
            one, other = (model.index_of(layer, tensor) for model in (shown, anew))
            texts = [one.siblingAtColumn(column).data() for column in figures]
            assert texts == [other.siblingAtColumn(column).data() for column in figures], tensor
        for each in self.network.layers:
            one, other = (model.index_of(each.name, "") for model in (shown, anew))
            if one.isValid():
                assert one.data(CHECKED) == other.data(CHECKED), each.name
        anew.deleteLater()

    def check_pictures(self, fresh: Readings) -> None:
        heat = self.window.ranges.heat
        if heat.is_framed:
            return  # it shows another variant
        for name in [row for row in heat.rows if row][:12]:
            row = fresh.heat_row(name)
            assert isinstance(row, HeatRow)
            wanted = paint([row], heat.axis, heat.theme.heat, heat.color_depth)[0]
            assert (heat.picture_of([name])[0] == wanted).all(), name

    def check_inspector(self, fresh: Readings) -> None:
        tensor = self.window.controller.selection.tensor
        if not tensor:
            return
        inspector = self.window.inspector
        assert inspector.name.text().startswith(fresh.name_of(tensor))
        inspector.tabs.setCurrentWidget(inspector.type)
        data_type, error = fresh.data_type(tensor), fresh.error(tensor)
        if data_type is not None:
            cells = inspector.type.figures.cells
            assert cells["Largest"][1].text() == wording.decimal(data_type.maximum)
            wanted = wording.decibel(error.sqnr_db) if error is not None else UNKNOWN
            assert cells["SQNR"][1].text() == wanted
            pinned = any(map(fresh.is_pinned, self.window.controller.selection.tensors))
            assert inspector.type.fields.reset.isEnabled() == pinned

    def check_choices(self) -> None:
        planned, choices = self.session.document.settings, self.window.choices
        assert choices.scheme.combo.currentText() == SCHEME_TITLES[planned.scheme]
        assert choices.target.combo.currentText() == self.window.controller.readings.target.title
        assert choices.word.combo.currentText() == f"{planned.word_length} bits"
        for key, on in (
            ("unsigned", planned.unsigned),
            ("correct-bias", planned.correct_bias),
            ("integer-ports", planned.integer_ports),
        ):
            assert self.window.actions_by_id[key].isChecked() == on


def test_that_whatever_is_done_the_window_shows_the_document(
    window: MainWindow, demo_network: Network, demo_statistics: Path, tmp_path: Path
) -> None:
    machine = type(
        "Machine",
        (WindowMachine,),
        {
            "window": window,
            "network": demo_network,
            "statistics": demo_statistics,
            "file": tmp_path / "random.qscope",
        },
    )
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
