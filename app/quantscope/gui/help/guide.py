"""The guide in the window: the bundled pages, a way back, and a line that finds words in them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QKeySequence,
    QShortcut,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFrameFormat,
    QTextTable,
)
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from quantscope.gui.help.guide_pages import FIRST_PAGE, guide_folder, heading_name, pages, text_of
from quantscope.gui.look.theme import LIGHT, Theme, theme_shown
from quantscope.gui.translation import tr

SPACE = 6.0  # pixels between paragraphs
LINE = 115  # per cent of the height of the letters


class GuidePage(QTextBrowser):
    """One page; links to others open in place, links to the web where the web is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Page of the guide"))
        self.document().setDocumentMargin(14)
        self.anchorClicked.connect(self._follow)
        self.sourceChanged.connect(self._show)

    @property
    def page(self) -> str:
        """The name of the page that is open; empty before one is."""
        return page_at(self.source())

    def go_to(self, place: str) -> None:
        """Open ``page`` or ``page#heading``; a page that is not there opens the first."""
        name, _, heading = place.partition("#")
        if name not in pages():
            name = FIRST_PAGE
        url = QUrl.fromLocalFile(str(guide_folder() / f"{name}.md"))
        url.setFragment(heading)
        self.setSource(url)

    @Slot(QUrl)
    def _follow(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        else:
            name = page_at(url) or self.page
            self.go_to(f"{name}#{url.fragment()}" if url.hasFragment() else name)

    @Slot(QUrl)
    def _show(self, url: QUrl) -> None:
        self._style()
        self._scroll_to(url.fragment())

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        if self.page:
            self._style()

    def _scroll_to(self, heading: str) -> None:
        block = self.document().begin()
        while heading and block.isValid():
            if block.blockFormat().headingLevel() and heading_name(block.text()) == heading:
                self.setTextCursor(QTextCursor(block))
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(int(top) - 8)
                return
            block = block.next()

    def _style(self) -> None:
        """What Markdown leaves open: room around paragraphs, and how code and tables look."""
        changes = QTextCursor(self.document())
        changes.beginEditBlock()
        block = self.document().begin()
        while block.isValid():
            self._style_block(block)
            block = block.next()
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                self._style_table(frame)
        changes.endEditBlock()

    def _style_block(self, block: QTextBlock) -> None:
        cursor, room = QTextCursor(block), QTextBlockFormat()
        level, in_table = block.blockFormat().headingLevel(), cursor.currentTable() is not None
        is_code = block.blockFormat().nonBreakableLines()
        if is_code:
            room.setBackground(QColor(self._theme.hover))
            room.setLeftMargin(SPACE)
        elif not in_table:
            room.setTopMargin(SPACE * (2.0 if level > 1 else 0.5))
            room.setBottomMargin(SPACE if level != 1 else 2 * SPACE)
            room.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(room)
        if not is_code:
            self._style_words(block)

    def _style_words(self, block: QTextBlock) -> None:
        """Words of code on a ground of their own."""
        code = QTextCharFormat()
        code.setBackground(QColor(self._theme.hover))
        pieces = block.begin()
        spans = []
        while not pieces.atEnd():
            piece = pieces.fragment()
            if piece.charFormat().fontFixedPitch():
                spans.append((piece.position(), piece.length()))
            pieces += 1
        for start, length in spans:
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(code)

    def _style_table(self, table: QTextTable) -> None:
        look = table.format()
        look.setBorderCollapse(True)
        look.setBorder(1)
        look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        look.setBorderBrush(QColor(self._theme.border))
        look.setCellPadding(SPACE)
        look.setCellSpacing(0)
        look.setBottomMargin(2 * SPACE)
        table.setFormat(look)


def page_at(url: QUrl) -> str:
    """The name of the page in a file."""
    return url.fileName().removesuffix(".md")


class Guide(QWidget):
    """A page with what leads to the others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.page = GuidePage(self)
        self.back = self._button("‹", tr("Back"))
        self.forward = self._button("›", tr("Forward"))
        self.choice = QComboBox(self)
        self.choice.setAccessibleName(tr("Page of the guide"))
        self.choice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for name, title in pages().items():
            self.choice.addItem(title, name)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(tr("Find in the guide"))
        self.line.setAccessibleName(tr("Find in the guide"))
        self.line.setAccessibleDescription(
            tr("Enter goes to the next place, on this page or another")
        )
        self.line.setClearButtonEnabled(True)
        self.found = QLabel(self)
        self.found.setProperty("role", "dim")
        self._lay_out()
        self._connect()

    def _button(self, sign: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(sign)
        button.setAccessibleName(name)
        button.setToolTip(name)
        button.setAutoRaise(True)
        button.setEnabled(False)
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(8, 6, 8, 6)
        for widget in (self.back, self.forward):
            top.addWidget(widget)
        top.addWidget(self.choice, 1)
        top.addWidget(self.line, 1)
        self.found.setContentsMargins(14, 0, 8, 4)
        self.found.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.found)
        column.addWidget(self.page, 1)

    def _connect(self) -> None:
        self.back.clicked.connect(self.page.backward)
        self.forward.clicked.connect(self.page.forward)
        self.page.backwardAvailable.connect(self.back.setEnabled)
        self.page.forwardAvailable.connect(self.forward.setEnabled)
        self.page.sourceChanged.connect(self._show_page)
        self.choice.activated.connect(self._choose)
        self.line.returnPressed.connect(self.find_next)

    def sizeHint(self) -> QSize:
        return QSize(420, 400)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.page.set_theme(theme)

    def go_to(self, place: str) -> None:
        """Open ``page`` or ``page#heading``."""
        self.page.go_to(place)

    @Slot(QUrl)
    def _show_page(self, url: QUrl) -> None:
        self.choice.setCurrentIndex(self.choice.findData(page_at(url)))

    @Slot(int)
    def _choose(self, place: int) -> None:
        self.go_to(self.choice.itemData(place))

    @Slot()
    def find_next(self) -> None:
        """Go to the next place that has the words of the line; after the last page, the first."""
        sought = self.line.text().strip()
        self.found.hide()
        if not sought or self.page.find(sought):
            return
        names = list(pages())
        here = names.index(self.page.page) if self.page.page in names else 0
        for name in (*names[here + 1 :], *names[: here + 1]):
            if sought.casefold() in text_of(name).casefold():
                self.go_to(name)
                self.page.moveCursor(QTextCursor.MoveOperation.Start)
                if self.page.find(sought):
                    return
        self.found.setText(tr("“{sought}” is nowhere in the guide.", sought=sought))
        self.found.show()


class GuideDialog(QDialog):
    """The guide over a dialog, which keeps the window behind it from answering."""

    def __init__(self, place: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Guide"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.guide = Guide(self)
        self.guide.set_theme(theme_shown())
        self.guide.go_to(place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.guide)
        self.resize(640, 620)


def offer_guide(dialog: QDialog, buttons: QDialogButtonBox, place: str) -> None:
    """Give ``dialog`` a Help button, and F1, for the page that is about it."""
    open_guide = partial(_open_over, dialog, place)
    buttons.addButton(QDialogButtonBox.StandardButton.Help)
    buttons.helpRequested.connect(open_guide)
    QShortcut(QKeySequence(QKeySequence.StandardKey.HelpContents), dialog, open_guide)


def _open_over(dialog: QDialog, place: str) -> None:
    GuideDialog(place, dialog).open()
