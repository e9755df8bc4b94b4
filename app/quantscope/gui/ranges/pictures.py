"""Pictures of the dynamic ranges, drawn by the worker: as a file, or to paste elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMainWindow

from quantscope.core.errors import QuantscopeError
from quantscope.core.picture.look import PictureLook
from quantscope.core.picture.ranges import counted_tensors
from quantscope.gui.controller import Controller
from quantscope.gui.files.written_files import written_in_words
from quantscope.gui.look.theme import ThemeChoice, theme_for, theme_shown
from quantscope.gui.menus.readiness import BUSY
from quantscope.gui.ranges.picture_choice import (
    PIXELS,
    PictureChoice,
    Rows,
    as_text,
    from_text,
)
from quantscope.gui.ranges.picture_dialog import NO_ROWS, PictureDialog
from quantscope.gui.ranges.view import RangesView
from quantscope.gui.settings import Settings
from quantscope.gui.translation import mark, tr
from quantscope.jobs.messages import FileWritten

FILTERS = {".png": mark("PNG picture (*.png)"), ".svg": mark("SVG drawing (*.svg)")}


class Pictures(QObject):
    """A feature of the window; ``written`` says what is where.

    What was chosen last is what *Copy picture* copies, and is kept between runs.
    """

    written = Signal(str)

    def __init__(
        self, controller: Controller, settings: Settings, ranges: RangesView, window: QMainWindow
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._ranges = ranges
        self._window = window
        self._saved = ""  # the file that is being written, or
        self._copied = ""  # the one that is to be copied
        self.dialog: PictureDialog | None = None
        self.file_dialog: QFileDialog | None = None
        controller.desk.ended.connect(self._finish)
        controller.session_replaced.connect(self._close)

    def enabled(self) -> dict[str, bool]:
        """Once there are statistics that fit the network."""
        has_plan = self._controller.session.plan() is not None
        is_free = not self._controller.is_busy
        return {"picture": has_plan, "copy-picture": has_plan and is_free}

    @property
    def choice(self) -> PictureChoice:
        """What was chosen last."""
        return from_text(self._settings.picture)

    # ---- rows

    def _rows(self) -> dict[Rows, tuple[str, ...]]:
        """The tensors of each choice that were counted, which are those that have rows."""
        network, calibration = (
            self._controller.session.network,
            self._controller.session.calibration,
        )
        if network is None or calibration is None:
            return dict.fromkeys(Rows, ())
        counted = counted_tensors(network, calibration)
        known = frozenset(counted)
        return {
            Rows.ALL: counted,
            Rows.SHOWN: tuple(name for name in self._ranges.heat.rows if name in known),
            Rows.SELECTED: tuple(n for n in self._controller.selection.tensors if n in known),
        }

    def _counts(self) -> Mapping[Rows, int]:
        return {rows: len(names) for rows, names in self._rows().items()}

    def _blocked(self) -> str:
        return tr(BUSY) + "." if self._controller.is_busy else ""

    # ---- the dialog

    @Slot()
    def do_picture(self) -> None:
        """Ask what is to be drawn, beside the window."""
        if self.dialog is None:
            self.dialog = PictureDialog(self.choice, self._counts, self._blocked, self._window)
            self.dialog.chosen.connect(self._keep)
            self.dialog.save_asked.connect(self._ask_where)
            self.dialog.copy_asked.connect(self._copy)
            self.dialog.finished.connect(self._forget)
            self._controller.selection.moved.connect(self.dialog.refresh)
            self._controller.job_changed.connect(self.dialog.refresh)
            self._ranges.heat.outdated.connect(self.dialog.refresh)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    @Slot(object)
    def _keep(self, choice: PictureChoice) -> None:
        self._settings.picture = as_text(choice)

    @Slot()
    def _close(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    @Slot()
    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    # ---- files

    @Slot(object)
    def _ask_where(self, choice: PictureChoice) -> None:
        dialog = QFileDialog(self.dialog, tr("Export picture"), self._settings.folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilter(tr(FILTERS[choice.ending]))
        dialog.setDefaultSuffix(choice.ending)
        dialog.selectFile(f"{Path(self._controller.session.document.model).stem}-ranges")
        dialog.fileSelected.connect(self._save)
        self.file_dialog = dialog
        dialog.open()

    @Slot(str)
    def _save(self, path: str) -> None:
        self._saved, self._copied = self._draw(self.choice, path), ""

    @Slot()
    def do_copy_picture(self) -> None:
        """Draw what was chosen last, for the clipboard."""
        self._copy(self.choice)

    @Slot(object)
    def _copy(self, choice: PictureChoice) -> None:
        self._saved, self._copied = "", self._draw(choice)

    def _draw(self, choice: PictureChoice, path: str = "") -> str:
        """Let the worker draw; returns the file, empty where it cannot be drawn."""
        session = self._controller.session
        record, calibration = session.record(), session.calibration
        if record is None or calibration is None:
            return ""
        names = self._rows()[choice.rows]
        if not names:
            self._controller.told.emit(tr(NO_ROWS))
            return ""
        look = PictureLook(
            dark=theme_shown() is theme_for(ThemeChoice.DARK),
            depth=self._ranges.heat.color_depth,
            width=choice.pixels(len(names), Path(path).suffix.lower() if path else PIXELS),
            tensors=() if choice.rows is Rows.ALL else names,
        )
        try:
            return self._controller.desk.draw_picture(record, calibration, look, path)
        except QuantscopeError as error:
            self._controller.problem_found.emit(error.problem, "")
            return ""

    @Slot(object, object)
    def _finish(self, _: object, result: object) -> None:
        if not isinstance(result, FileWritten):
            return
        if result.path == self._saved:
            self._saved = ""
            self.written.emit(written_in_words(result.path))
        elif result.path == self._copied:
            self._copied = ""
            file = Path(result.path)
            QGuiApplication.clipboard().setImage(_pixels_in(file))
            file.unlink(missing_ok=True)
            self.written.emit(tr("The picture is on the clipboard."))


def _pixels_in(file: Path) -> QImage:
    """The picture in a PPM: three lines of text, then three bytes for each pixel."""
    _, size, _, pixels = file.read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    return QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
