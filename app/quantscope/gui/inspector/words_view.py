"""Sample values of the selected tensor as aligned binary words: why the heat map looks so."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.numbers.words import SampleValues, sample_values, word_table
from quantscope.core.picture.heatmap import fit_axis
from quantscope.gui.controller import Controller
from quantscope.gui.inspector.words_delegate import BESIDE, WordsDelegate, sums_font
from quantscope.gui.inspector.words_model import WordsModel
from quantscope.gui.look.theme import LIGHT, Theme, tabular
from quantscope.gui.translation import mark, tr

AROUND_DIGIT, NARROWEST_DIGIT, BETWEEN = 5, 14, 4  # pixels
EXPLANATION = mark(
    "Yellow: the most significant bit, which the heat map counts. Gray: dropped by the type."
    " Green: how many values of the tensor have that most significant bit. A line marks the"
    " binary point."
)
FROM_HISTOGRAM = mark("Extremes are exact, other values as the histogram has them.")
NOTHING = mark("Select a tensor that was calibrated to see values as words.")
ONLY_ZEROS = mark("All its values are zero: no bit is used.")


class BitHeader(QHeaderView):
    """Headings of narrow columns: powers of two, as many as have room beside each other."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(NARROWEST_DIGIT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().placeholderText().color())
        texts = {column: self._power(column) for column in range(self.count())}
        powers = {column: text for column, text in texts.items() if text}
        if not powers:
            return
        widest = max(map(painter.fontMetrics().horizontalAdvance, powers.values())) + BETWEEN
        every = -(-widest // max(self.sectionSize(min(powers)), 1))
        for column, text in list(powers.items())[::every]:
            middle = self.sectionViewportPosition(column) + self.sectionSize(column) // 2
            room = QRect(middle - widest // 2, 0, widest, self.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def _power(self, column: int) -> str:
        """The power of two of a column of digits; empty for one of numbers."""
        return str(self.model().headerData(column, self.orientation(), WordsModel.POWER) or "")


class WordsView(QWidget):
    """Follows the selection while it is on the screen."""

    def __init__(self, controller: Controller, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._samples: tuple[TensorStatistics, SampleValues] | None = None
        self._theme = LIGHT
        self.model = WordsModel(self)
        self.table = QTableView(self)
        self.table.setTabKeyNavigation(False)  # Tab leaves the table; arrows move in it
        self.table.setHorizontalHeader(BitHeader(self.table))
        self.table.setModel(self.model)
        self._delegate = WordsDelegate(self.model, self.table)
        self.table.setItemDelegate(self._delegate)
        self.table.setAccessibleName(tr("Values of the selected tensor as binary words"))
        self.table.setFont(tabular(self.table.font()))
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.setFocusProxy(self.table)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.note = QLabel(self)
        self.note.setWordWrap(True)
        self.note.setProperty("role", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        column.addStretch()
        for signal in (controller.changed, controller.results_changed, controller.previewed):
            signal.connect(self.refresh)
        controller.selection.moved.connect(self.refresh)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = self._delegate.theme = theme
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show the selected tensor as it is now; nothing is done while out of sight."""
        if not self.isVisible():
            return
        readings, tensor = self._controller.readings, self._controller.selection.tensor
        statistics = readings.statistics(tensor) if tensor else None
        row = readings.heat_row(tensor) if tensor else None
        samples = self._samples_of(statistics) if statistics is not None else None
        some = statistics is not None and samples is not None and bool(samples.values.size)
        self.table.setVisible(some)
        if statistics is None or row is None or samples is None or not some:
            self.model.show_table(None, [])
            self.note.setText(tr(ONLY_ZEROS if samples is not None else NOTHING))
            return
        axis = fit_axis([row])
        shape = statistics.values.shape if statistics.values is not None else ()
        table = word_table(samples, row.data_type, axis, shape)
        counts = axis.fold(row.counts).sum(axis=0)[:-1]
        self.model.show_table(table, [int(count) for count in counts], self._theme)
        exact = statistics.values is not None or statistics.distinct is not None
        self.note.setText(tr(EXPLANATION) if exact else f"{tr(EXPLANATION)} {tr(FROM_HISTOGRAM)}")
        self._fit_columns()

    def _samples_of(self, statistics: TensorStatistics) -> SampleValues:
        """Those shown last are kept: they stay while a band is dragged."""
        if self._samples is None or self._samples[0] is not statistics:
            self._samples = statistics, sample_values(statistics)
        return self._samples[1]

    def _fit_columns(self) -> None:
        """Numbers as wide as the widest, digits as wide as the widest sum."""
        metrics, small = QFontMetrics(self.table.font()), QFontMetrics(sums_font(self.table.font()))
        columns = range(self.model.columnCount())
        bits = {column for column in columns if self.model.bit_in(column) is not None}
        needed = [
            max(map((small if c in bits else metrics).horizontalAdvance, self.model.texts(c)))
            for c in columns
        ]
        digit = max((needed[column] for column in bits), default=0) + AROUND_DIGIT
        digit = max(digit, NARROWEST_DIGIT)
        for column, width in enumerate(needed):
            number = width + 2 * BESIDE + AROUND_DIGIT
            self.table.setColumnWidth(column, digit if column in bits else number)
