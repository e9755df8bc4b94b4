"""The window: puts views, docks and bars together and says what each action does. No logic."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from quantscope.core.picture.heatmap import Depth
from quantscope.gui.announcements import Announcements
from quantscope.gui.calibration.desk import CalibrationDesk
from quantscope.gui.controller import Controller
from quantscope.gui.data.dialog import DataDialog
from quantscope.gui.diagnosis.panel import DiagnosisPanel
from quantscope.gui.docks import BOTTOM, RIGHT, Docks
from quantscope.gui.files.autosave import Autosave
from quantscope.gui.files.network_dialog import NetworkDialog
from quantscope.gui.files.questions import FileQuestions
from quantscope.gui.files.recovery import Recovery
from quantscope.gui.files.run_folder import RunFolder
from quantscope.gui.files.types_file import TypesFile
from quantscope.gui.files.written_files import WrittenFiles
from quantscope.gui.help.help_desk import PAGE, HelpDesk
from quantscope.gui.help.hints import HintBar, Hints
from quantscope.gui.inspector.tabs import InspectorTabs
from quantscope.gui.layout import Layout
from quantscope.gui.look.appearance import Appearance
from quantscope.gui.look_only import LookOnly
from quantscope.gui.menus.actions import (
    Feature,
    available,
    connect_actions,
    explain,
    fill_menus,
    make_actions,
)
from quantscope.gui.menus.choices import NetworkChoices
from quantscope.gui.menus.operator_menu import OperatorMenu
from quantscope.gui.menus.recent_menu import RecentMenu
from quantscope.gui.menus.switches import Switches
from quantscope.gui.menus.tool_bar import ToolBar
from quantscope.gui.message_bar import MessageBar
from quantscope.gui.ranges.keys import TensorKeys
from quantscope.gui.ranges.pictures import Pictures
from quantscope.gui.ranges.view import RangesView
from quantscope.gui.results.check_panel import CheckPanel
from quantscope.gui.results.results_panel import ResultsPanel
from quantscope.gui.settings import Settings
from quantscope.gui.status_line import StatusLine
from quantscope.gui.translation import mark
from quantscope.gui.validation.desk import ValidationDesk
from quantscope.gui.variants.actions import Variants
from quantscope.gui.variants.comparison import Comparison
from quantscope.gui.variants.panel import VariantsPanel
from quantscope.gui.welcome import WelcomePage


class MainWindow(QMainWindow):
    """Everything on the screen; ``do_...`` methods are what the action table names.

    Actions of a feature are methods of an object of its own, which stands in ``features`` where
    it says itself what can be done now.
    """

    def __init__(self, controller: Controller, settings: Settings, run: RunFolder) -> None:
        super().__init__()
        self.controller = controller
        self.settings = settings
        self.run = run
        self.keys = TensorKeys(controller, self)
        self.questions = FileQuestions(controller, settings, self)
        self.types_file = TypesFile(controller, settings, self)
        self.validation = ValidationDesk(controller, self)
        self.features: tuple[Feature, ...] = (self.keys, self.types_file, self.validation)
        self.messages = MessageBar(self)
        Announcements(controller, self.questions, self.messages, self)
        self.calibration = CalibrationDesk(controller, settings, self.messages, self)
        self.autosave = Autosave(controller, run, self)
        self.recovery = Recovery(controller, self.questions, self.messages, run, self)
        self.welcome = WelcomePage(self)
        self.comparison = Comparison(controller, self)
        self.ranges = RangesView(controller, self.comparison, self)
        self.written_files = WrittenFiles(controller, settings, self)
        self.pictures = Pictures(controller, settings, self.ranges, self)
        self.features += (self.written_files, self.pictures, self.calibration)
        self.inspector = InspectorTabs(controller, settings, self)
        self.results = ResultsPanel(controller, self)
        self.check = CheckPanel(controller, self)
        self.what_differs = VariantsPanel(controller, self.comparison, self)
        self.diagnosis = DiagnosisPanel(controller, self)
        self.actions_by_id = make_actions(self)
        self.variants = Variants(
            controller, self.comparison, self.ranges.variant_bar, self.actions_by_id, self
        )
        self.help = HelpDesk(controller, self.actions_by_id, self)
        self.hint_bar = HintBar(self)
        self.hints = Hints(controller, settings, self.hint_bar, self.actions_by_id["hints"], self)
        self.choices = NetworkChoices(controller, self)
        self.status = StatusLine(
            controller, self.actions_by_id["pause"], self.actions_by_id["cancel"], self
        )
        self.data_dialog: DataDialog | None = None
        self._menus: dict[str, QMenu] = {}
        self._lay_out()
        self._fill_bars()
        self._connect()
        self.setAcceptDrops(True)
        views = (
            self.ranges,
            self.inspector,
            self.results,
            self.validation.panel,
            self.calibration.panel,
            self.diagnosis,
            self.help,
        )
        self.appearance = Appearance(settings, self.actions_by_id, views, self)
        self.layout_kept = Layout(self, settings, self.inspector_dock)
        self.docks.filled.connect(self.layout_kept.follow_filled)
        self.features += (
            *self.ranges.features,
            self.inspector,
            self.variants,
            self.what_differs,
            self.diagnosis,
            self.help,
            self.hints,
            self.layout_kept,
        )
        self.ranges.take_actions(self.actions_by_id)
        owners = (self, *self.features, self.questions, self.appearance)
        connect_actions(self.actions_by_id, owners)
        self.look_only = LookOnly(controller, self)
        self.features += (self.look_only,)
        self.welcome.show_recent(self.settings.recent)
        self.refresh()

    # ---- assembly

    def _lay_out(self) -> None:
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.ranges)
        center = QWidget(self)
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.pages, 1)
        column.addWidget(self.hint_bar)
        self.setCentralWidget(center)
        self.setStatusBar(self.status)
        self.docks = Docks(self)
        self.inspector_dock = self.docks.add(mark("Inspector"), self.inspector, RIGHT)
        self.results_dock = self.docks.add(mark("Results"), self.results, BOTTOM)
        self.check_dock = self.docks.add(mark("Target check"), self.check, BOTTOM)
        self.diagnosis_dock = self.docks.add(mark("Diagnosis"), self.diagnosis, BOTTOM)
        self.validation.dock(self.docks)
        self.calibration.dock(self.docks)
        self.variants_dock = self.docks.add(mark("Variants"), self.what_differs, BOTTOM)
        for widget, page in (
            (self.ranges, "heat-map"),
            (self.ranges.variant_bar, "variants"),
            (self.what_differs, "variants#what-differs"),
            (self.inspector, "inspector"),
            (self.results, "first-steps#export"),
            (self.check, "types-and-targets#check-the-target"),
            (self.diagnosis, "diagnosis#measure-layers"),
            (self.calibration.panel, "data#how-many-samples"),
            (self.choices.target.combo, "types-and-targets#targets"),
            (self.choices.scheme.combo, "types-and-targets#schemes"),
        ):
            widget.setProperty(PAGE, page)
        self.resize(1400, 860)

    def _fill_bars(self) -> None:
        fill_menus(self.menuBar(), self.actions_by_id, self._menus)
        self.help.dock(self.docks)
        self.docks.fill(self._menus["panels"])
        self.ranges.tree.columns.fill(self._menus["columns"])
        OperatorMenu(self._menus["operators"], self.controller, self)
        Switches(self.controller, self.actions_by_id, self)
        RecentMenu(self._menus["recent"], self.settings).asked.connect(self.open_path)
        self.addToolBar(ToolBar(self.actions_by_id, self.choices, self._menus, self))

    def _connect(self) -> None:
        controller = self.controller
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.job_changed.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)
        self.comparison.changed.connect(self.refresh)
        controller.session_shown.connect(self._show_session)
        controller.exported.connect(self._show_results)
        self.inspector.wanted.connect(self._show_inspector)
        self.diagnosis.wanted.connect(self._show_diagnosis)
        for writer in (self.types_file, self.written_files, self.pictures):
            writer.written.connect(self.messages.show_message)
        self.what_differs.wanted.connect(self._show_variants)
        self.what_differs.opened.connect(self.variants.open)
        self.messages.guide_asked.connect(self.help.show_page)
        self.hint_bar.guide_asked.connect(self.help.show_page)
        self.ranges.foot.depth_chosen.connect(self.inspector.set_depth)
        self.ranges.empty.data_asked.connect(self.do_data)
        self.ranges.empty.calibrate_asked.connect(self.do_calibrate)
        self.welcome.open_asked.connect(self.questions.do_open)
        self.welcome.demo_asked.connect(self.questions.do_demo)
        self.welcome.recent_asked.connect(self.open_path)

    # ---- following the session

    @Slot()
    def refresh(self, *_: object) -> None:
        """Enable what can be done now, and name the window."""
        session = self.controller.session
        enabled = available(session, self.controller.is_busy)
        for feature in self.features:
            enabled |= feature.enabled()
        for key, value in enabled.items():
            self.actions_by_id[key].setEnabled(value)
        self.actions_by_id["wide"].setChecked(self.keys.is_wide())
        explain(self.actions_by_id, session, self.controller.is_busy)
        self.look_only.explain(self.actions_by_id)
        self._name_window()

    def _name_window(self) -> None:
        session = self.controller.session
        file = session.path or (Path(session.document.model) if session.document.model else None)
        name = f"{file.name}[*] — Quantscope" if file else "Quantscope"
        self.setWindowTitle(name)
        self.setWindowModified(session.network is not None and session.is_modified)

    @Slot()
    def _show_session(self) -> None:
        self.messages.dismiss()
        self.pages.setCurrentWidget(self.ranges)
        self.layout_kept.begin()
        if self.controller.session.report is not None:
            self.results_dock.show()
        self.ranges.tree.setFocus()

    @Slot()
    def _show_results(self, *_: object) -> None:
        self.results_dock.show()
        QTimer.singleShot(0, self.ranges, self.ranges.show_current)

    @Slot()
    def _show_inspector(self) -> None:
        self.docks.bring_up(self.inspector_dock)

    @Slot()
    def _show_variants(self) -> None:
        self.docks.bring_up(self.variants_dock)

    @Slot()
    def _show_diagnosis(self) -> None:
        self.docks.bring_up(self.diagnosis_dock)
        QTimer.singleShot(0, self.ranges, self.ranges.show_current)

    # ---- files

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Open a model or session, after asking about unsaved changes."""
        self.questions.open_path(path)

    @Slot()
    def do_quit(self) -> None:
        self.close()

    # ---- edits and jobs

    @Slot()
    def do_undo(self) -> None:
        self.controller.undo()

    @Slot()
    def do_redo(self) -> None:
        self.controller.redo()

    @Slot()
    def do_data(self) -> None:
        self.data_dialog = DataDialog(self.controller, self)
        self.data_dialog.open()

    @Slot()
    def do_calibrate(self) -> None:
        if self.controller.session.document.data is None:
            self.do_data()
            if self.data_dialog is not None:
                self.data_dialog.accepted.connect(self.controller.calibrate)
        else:
            self.controller.calibrate()

    @Slot()
    def do_cancel(self) -> None:
        self.controller.cancel_job()

    # ---- views

    @Slot()
    def do_check(self) -> None:
        self.docks.bring_up(self.check_dock)
        self.check.table.setFocus()

    @Slot()
    def do_network(self) -> None:
        NetworkDialog(self.controller.readings, self).open()

    @Slot()
    def do_expand(self) -> None:
        self.ranges.open_all(True)

    @Slot()
    def do_collapse(self) -> None:
        self.ranges.open_all(False)

    @Slot()
    def do_depth(self) -> None:
        wanted = Depth.LOGARITHMIC if self.actions_by_id["depth"].isChecked() else Depth.LINEAR
        self.ranges.foot.set_depth(wanted)

    # ---- drop and close

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.questions.file_in(event.mimeData()):
            self.welcome.show_drop(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.welcome.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.welcome.show_drop(False)
        path = self.questions.file_in(event.mimeData())
        if path:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, self._open_dropped)
            self._dropped = path

    @Slot()
    def _open_dropped(self) -> None:
        self.open_path(self._dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.questions.ask_before_closing():
            event.ignore()
            return
        self.layout_kept.keep()
        self.controller.shut_down()
        self.recovery.close()
        event.accept()
