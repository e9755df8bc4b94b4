"""One sample before and after preprocessing, with the way between and the values at its end."""

from __future__ import annotations

import base64

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QPixmap,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSizePolicy,
    QSpacerItem,
    QToolButton,
    QTreeView,
    QWidget,
)

from quantscope.core.data.description import SourceCheck
from quantscope.core.data.preview import Picture, Step, TensorView
from quantscope.gui import wording
from quantscope.gui.translation import mark, tr

SIDE = 180  # of a picture
FEW_PIXELS = 96  # a picture of fewer is drawn with its pixels visible
STALE = mark("edited since: check again")
NOTHING = mark("Check reads the first sample and shows it here.")
CAPTIONS = (mark("In the file"), mark("As the network gets it, first channel red"))


class SamplePreview(QWidget):
    """Shows a :class:`SourceCheck`, or that nothing was read yet; asks for other samples."""

    sample_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel(self)
        self.heading.setProperty("role", "dim")
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.original, self.processed = _picture_label(self), _picture_label(self)
        self.before, self.after = QToolButton(self), QToolButton(self)
        for button, arrow, name in (
            (self.before, Qt.ArrowType.LeftArrow, tr("Sample before")),
            (self.after, Qt.ArrowType.RightArrow, tr("Next sample")),
        ):
            button.setArrowType(arrow)
            button.setToolTip(name)
            button.setAccessibleName(name)
        self._check: SourceCheck | None = None
        self.captions = [QLabel(tr(text), self) for text in CAPTIONS]
        self.tensor = QComboBox(self)
        self.tensor.setAccessibleName(tr("Input whose values are shown"))
        self.histogram = ValueHistogram(self)
        self.range = QLabel(self)
        self.range.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.steps = StepTable(self)
        self._views: tuple[TensorView, ...] = ()
        self.tensor.currentIndexChanged.connect(self._show_tensor)
        self.before.clicked.connect(self._ask_before)
        self.after.clicked.connect(self._ask_after)
        self._lay_out()
        self.clear()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.heading, 1)
        top.addWidget(self.before)
        top.addWidget(self.after)
        grid.addLayout(top, 0, 0, 1, 2)
        for column, label in enumerate((self.original, self.processed)):
            self.captions[column].setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(self.captions[column], 1, column)
            grid.addWidget(label, 2, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.tensor, 3, 0, 1, 2)
        grid.addWidget(self.histogram, 4, 0, 1, 2)
        grid.addWidget(self.range, 5, 0, 1, 2)
        grid.addWidget(self.steps, 6, 0, 1, 2)
        grid.setRowStretch(6, 1)
        grid.setRowStretch(7, 0)
        grid.addItem(QSpacerItem(0, 0, vData=QSizePolicy.Policy.Expanding), 7, 0)

    def clear(self, text: str = "") -> None:
        """Show no sample, and ``text`` instead, or how to see one."""
        self.heading.setText(text or tr(NOTHING))
        self._check = None
        self._follow_place()
        self._show_pictures(None, None)
        self._views = ()
        self._fill_tensors()
        self.steps.show_steps(())

    def show_check(self, check: SourceCheck) -> None:
        """Show what a dry run found."""
        preview = check.preview
        if preview is None:
            self.clear()
            return
        place = tr(
            "Sample {number} of {samples}",
            number=wording.count(check.number + 1),
            samples=wording.count(check.samples),
        )
        self.heading.setText(f"{place}: {preview.sample}")
        self._check = check
        self._follow_place()
        self._show_pictures(preview.original, preview.processed)
        self._views = preview.tensors
        self._fill_tensors()
        self.steps.show_steps(check.steps)

    @Slot()
    def mark_stale(self, *_: object) -> None:
        """Say that what is shown was read under other settings."""
        note = " · " + tr(STALE)
        if self._check is not None and not self.heading.text().endswith(note):
            self.heading.setText(self.heading.text() + note)

    def _follow_place(self) -> None:
        check = self._check
        for button in (self.before, self.after):
            button.setVisible(check is not None and check.samples > 1)
        self.before.setEnabled(check is not None and check.number > 0)
        self.after.setEnabled(check is not None and check.number + 1 < check.samples)

    @Slot()
    def _ask_before(self) -> None:
        if self._check is not None:
            self.sample_wanted.emit(self._check.number - 1)

    @Slot()
    def _ask_after(self) -> None:
        if self._check is not None:
            self.sample_wanted.emit(self._check.number + 1)

    def _show_pictures(self, original: Picture | None, processed: Picture | None) -> None:
        labels = (self.original, self.processed)
        for caption, label, picture in zip(
            self.captions, labels, (original, processed), strict=True
        ):
            caption.setVisible(picture is not None)
            label.setVisible(picture is not None)
            _show_picture(label, picture)

    def _fill_tensors(self) -> None:
        self.tensor.clear()
        self.tensor.addItems([view.name for view in self._views])
        self.tensor.setVisible(len(self._views) > 1)
        for widget in (self.histogram, self.range, self.steps):
            widget.setVisible(bool(self._views))
        self._show_tensor()

    @Slot()
    def _show_tensor(self, *_: object) -> None:
        place = self.tensor.currentIndex()
        view = self._views[place] if 0 <= place < len(self._views) else None
        self.histogram.show_counts(view.counts if view else ())
        self.range.setText(range_in_words(view) if view else "")


class ValueHistogram(QWidget):
    """How many values lie between minimum and maximum, as bars of one colour.

    The numbers are in the line below it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: tuple[int, ...] = ()
        self.setFixedHeight(64)
        self.setAccessibleName(tr("Histogram of the values that go in"))

    def show_counts(self, counts: tuple[int, ...]) -> None:
        """Draw one bar for each count."""
        self._counts = counts
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(2 * SIDE, 64)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        colour = self.palette().color(QPalette.ColorRole.Highlight)
        most = max(self._counts, default=0)
        width = self.width() / max(len(self._counts), 1)
        for place, count in enumerate(self._counts):
            if count:
                height = max(1.0, count / most * (self.height() - 4))
                bar = QRectF(place * width, self.height() - height, max(width - 1.0, 1.0), height)
                painter.fillRect(bar, colour)
        painter.end()


class StepTable(QTreeView):
    """The steps from file to tensor, each with the shape and type after it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps = QStandardItemModel(0, 3, self)
        self._steps.setHorizontalHeaderLabels([tr("Step"), tr("Shape after it"), tr("Type")])
        self.setModel(self._steps)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Steps from the file to the network's input"))
        self.setMinimumHeight(190)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)

    def show_steps(self, steps: tuple[Step, ...]) -> None:
        """List ``steps``."""
        self._steps.removeRows(0, self._steps.rowCount())
        for step in steps:
            texts = (step.what, wording.shape(step.shape), step.dtype)
            items = [QStandardItem(text) for text in texts]
            for item, text in zip(items, texts, strict=True):
                item.setToolTip(text)
            self._steps.appendRow(items)


def range_in_words(view: TensorView) -> str:
    """Shape, type, and what the values reach from and to."""
    low, mean, high = map(wording.decimal, (view.minimum, view.mean, view.maximum))
    return tr(
        "{shape} {type} · {low} … {high}, mean {mean}",
        shape=wording.shape(view.shape),
        type=view.dtype,
        low=low,
        high=high,
        mean=mean,
    )


def _picture_label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setFixedHeight(SIDE)
    label.setMinimumWidth(SIDE)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _show_picture(label: QLabel, picture: Picture | None) -> None:
    if picture is None:
        label.clear()
        return
    image = QImage.fromData(base64.b64decode(picture.png))
    few = max(picture.width, picture.height) <= FEW_PIXELS
    mode = Qt.TransformationMode
    label.setPixmap(
        QPixmap.fromImage(image).scaled(
            SIDE,
            SIDE,
            Qt.AspectRatioMode.KeepAspectRatio,
            mode.FastTransformation if few else mode.SmoothTransformation,
        )
    )
    label.setAccessibleDescription(
        tr("{width} by {height} pixels", width=picture.width, height=picture.height)
    )
