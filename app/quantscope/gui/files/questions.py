"""Dialogs about files: open, save, export, unsaved changes. All with `open()`, none blocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, Preprocessing, SourceKind
from quantscope.gui.controller import Controller
from quantscope.gui.data.sources import look_for
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, tr

FILTERS = (
    mark("Models and sessions (*.onnx *.qscope)"),
    mark("ONNX models (*.onnx)"),
    mark("Sessions (*.qscope)"),
)
SUFFIXES = (".onnx", ".qscope")


class FileQuestions(QObject):
    """Asks what must be asked, then tells the controller.

    Its ``do_...`` methods are what the action table names. ``_next`` is what goes on once unsaved
    changes are saved or given up.
    """

    locating_cancelled = Signal()

    def __init__(self, controller: Controller, settings: Settings, window: QMainWindow) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._next: Callable[[], object] | None = None
        self._otherwise: Callable[[], object] | None = None
        self._may_close = False
        self._overwrite = ""
        self.dialog: QFileDialog | QMessageBox | None = None
        controller.saved.connect(self._note_saved)
        controller.save_failed.connect(self._stay)
        controller.overwrite_asked.connect(self._ask_overwrite)

    # ---- opening

    @Slot()
    def do_open(self) -> None:
        """Which file to open."""
        filters = ";;".join(map(tr, FILTERS))
        dialog = self._file_dialog(tr("Open"), QFileDialog.AcceptMode.AcceptOpen, filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_path)
        dialog.open()

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Open a file, once unsaved changes are dealt with."""

        def go_on() -> None:
            self._settings.folder = str(Path(path).parent)
            self._settings.note_recent(str(Path(path).absolute()))
            self._controller.open_path(path)

        self.after_saving(go_on)

    @Slot()
    def do_demo(self) -> None:
        """Open the bundled network and calibrate it at once."""
        self.after_saving(self._open_demo)

    def _open_demo(self) -> None:
        self._controller.open_path(str(demo_folder() / "demo.onnx"), demo_data())

    def file_in(self, mime: QMimeData) -> str:
        """The first file of ours in a drop; empty where there is none."""
        paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
        return next((p for p in paths if Path(p).suffix.lower() in SUFFIXES), "")

    # ---- what has moved

    @Slot()
    def do_locate_model(self) -> None:
        """Where the session's model is now."""
        model = self._controller.session.document.model
        self.ask_for_model(model, self._controller.locate_model, self.locating_cancelled.emit)

    def ask_for_model(
        self, model: str, found: Callable[[str], object], cancelled: Callable[[], object]
    ) -> None:
        """Where the file of ``model`` is now."""
        title = tr("Locate {file}", file=Path(model).name)
        dialog = self._file_dialog(title, QFileDialog.AcceptMode.AcceptOpen, "")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([tr("ONNX models (*.onnx)"), tr("All files (*)")])
        dialog.fileSelected.connect(found)
        dialog.rejected.connect(cancelled)
        dialog.open()

    @Slot()
    def do_locate_data(self) -> None:
        """Where the session's data is now."""
        data = self._controller.session.document.data
        if data is None:
            return
        title = tr("Locate {file}", file=Path(data.path).name)
        dialog = self._file_dialog(title, QFileDialog.AcceptMode.AcceptOpen, "")
        dialog.rejected.connect(self.locating_cancelled)
        look_for(dialog, data.kind)
        dialog.fileSelected.connect(self._controller.locate_data)
        dialog.open()

    # ---- saving

    @Slot()
    def do_save(self) -> None:
        """Save where the session was saved before; ask where that is nowhere."""
        path = self._controller.session.path
        if path is None:
            self.do_save_as()
        else:
            self._save_to(str(path))

    @Slot()
    def do_save_as(self) -> None:
        """Where to save."""
        dialog = self._save_dialog(tr("Save session"), tr("Sessions (*.qscope)"), ".qscope")
        dialog.fileSelected.connect(self._save_to)
        dialog.rejected.connect(self._stay)
        dialog.open()

    @Slot(str)
    def _save_to(self, path: str) -> None:
        self._controller.save(path)

    @Slot(str)
    def _note_saved(self, path: str) -> None:
        self._settings.note_recent(path)
        self._go_on()

    @Slot()
    def do_export(self) -> None:
        """Where to write the quantized model."""
        dialog = self._save_dialog(
            tr("Export quantized model"), tr("ONNX models (*.onnx)"), ".onnx"
        )
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.fileSelected.connect(self._controller.export)
        dialog.open()

    def _save_dialog(self, title: str, filters: str, suffix: str) -> QFileDialog:
        dialog = self._file_dialog(title, QFileDialog.AcceptMode.AcceptSave, filters)
        dialog.setDefaultSuffix(suffix.lstrip("."))
        model = Path(self._controller.session.document.model)
        ending = "-quantized.onnx" if suffix == ".onnx" else suffix
        dialog.selectFile(model.stem + ending)
        return dialog

    def _file_dialog(self, title: str, mode: QFileDialog.AcceptMode, filters: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self._settings.folder, filters)
        dialog.setAcceptMode(mode)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = dialog
        return dialog

    @Slot(str)
    def _ask_overwrite(self, path: str) -> None:
        self._overwrite = path
        box = self._box(
            tr("{file} exists already.", file=Path(path).name),
            tr("Replace it with the new export?"),
        )
        replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.AcceptRole)
        replace.clicked.connect(self._replace)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.open()

    @Slot()
    def _replace(self) -> None:
        self._controller.export(self._overwrite, True)

    # ---- unsaved changes

    def ask_before_closing(self) -> bool:
        """Whether the window must wait for an answer before it closes."""
        if self._may_close or not self._controller.has_unsaved_work:
            return False
        self.after_saving(self._close_window)
        return True

    def _close_window(self) -> None:
        self._may_close = True
        self._window.close()

    def after_saving(
        self, go_on: Callable[[], object], stay: Callable[[], object] | None = None
    ) -> None:
        """Do ``go_on`` once unsaved changes are saved or given up, ``stay`` where neither is."""
        if not self._controller.has_unsaved_work:
            go_on()
            return
        self._next, self._otherwise = go_on, stay
        box = self._box(tr("The session has unsaved changes."), tr("Save them first?"))
        save = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton(QMessageBox.StandardButton.Discard)
        box.addButton(QMessageBox.StandardButton.Cancel).clicked.connect(self._stay)
        save.clicked.connect(self.do_save)
        discard.clicked.connect(self._go_on)
        box.open()

    @Slot()
    def _stay(self) -> None:
        """Nothing goes on: the question, or where to save, was cancelled."""
        stay, self._next, self._otherwise = self._otherwise, None, None
        if stay is not None:
            stay()

    @Slot()
    def _go_on(self) -> None:
        go_on, self._next, self._otherwise = self._next, None, None
        if go_on is not None:
            go_on()

    def _box(self, text: str, question: str) -> QMessageBox:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(text)
        box.setInformativeText(question)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog = box
        return box


def demo_data() -> DataDescription:
    """The demo's pictures, prepared as its description says."""
    folder = demo_folder()
    described = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    chain = described["preprocessing"]
    return DataDescription(
        kind=SourceKind.IMAGES,
        path=str(folder / described["sets"]["calibration"]["folder"]),
        preprocessing=Preprocessing(
            scale=chain["scale"], mean=_short(chain["mean"]), std=_short(chain["std"])
        ),
    )


def _short(values: list[float]) -> tuple[float, ...]:
    return (values[0],) if len(set(values)) == 1 else tuple(values)
