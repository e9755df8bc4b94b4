"""The look of the window: one table of colours for light and one for dark, applied everywhere.

The `offscreen` platform and some desktops ignore a requested colour scheme, and pyqtgraph does
not follow the palette: so the palette, the style sheet and every plot take their colours here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from quantscope.bundled import bundled_path
from quantscope.core.picture import heatmap


class ThemeChoice(StrEnum):
    """What a person may choose; ``SYSTEM`` follows the desktop."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Colours by purpose, as ``#rrggbb``; ``heat`` are those of the heat map."""

    dark: bool
    window: str
    base: str
    raised: str
    hover: str
    text: str
    dim: str
    border: str
    accent: str
    accent_text: str
    selection: str
    edge: str
    other_edge: str
    kept: str
    overflow: str
    underflow: str
    rounded: str
    warning: str
    warning_back: str
    error: str
    error_back: str
    info_back: str
    first_bit: str
    first_bit_text: str
    heat: heatmap.HeatColors


LIGHT = Theme(
    dark=False,
    window="#f4f5f7",
    base="#ffffff",
    raised="#ffffff",
    hover="#e8ecf1",
    text="#1c2430",
    dim="#5d6875",
    border="#d5dae0",
    accent="#1d5fbf",
    accent_text="#ffffff",
    selection="#dbe8fa",
    edge="#c2410c",
    other_edge="#7c3aed",
    kept="#1f4f9e",
    overflow="#c62828",
    underflow="#d98b06",
    rounded="#14806f",
    warning="#8a4b00",
    warning_back="#fdf3dd",
    error="#a3201a",
    error_back="#fdeceb",
    info_back="#e8f1fc",
    first_bit="#ffe08a",
    first_bit_text="#3b2a00",
    heat=heatmap.LIGHT,
)
DARK = Theme(
    dark=True,
    window="#1c1f25",
    base="#15181d",
    raised="#262a32",
    hover="#2f343d",
    text="#e4e8ed",
    dim="#98a2ae",
    border="#363c46",
    accent="#6ea8fe",
    accent_text="#0d1420",
    selection="#263a57",
    edge="#ffab70",
    other_edge="#d0a8ff",
    kept="#86b4f7",
    overflow="#ff7b72",
    underflow="#f0b94b",
    rounded="#5cd6c2",
    warning="#f0c674",
    warning_back="#382f1a",
    error="#ff9a92",
    error_back="#3d2220",
    info_back="#1f2d42",
    first_bit="#d9b23c",
    first_bit_text="#1a1400",
    heat=heatmap.DARK,
)


def theme_for(choice: ThemeChoice) -> Theme:
    """The theme for ``choice``, asking the desktop where that is ``SYSTEM``."""
    if choice is ThemeChoice.SYSTEM:
        scheme = QApplication.styleHints().colorScheme()
        return DARK if scheme is Qt.ColorScheme.Dark else LIGHT
    return DARK if choice is ThemeChoice.DARK else LIGHT


def theme_shown() -> Theme:
    """The theme that the application has now."""
    return DARK if QApplication.palette().window().color() == QColor(DARK.window) else LIGHT


def apply_theme(window: QWidget, theme: Theme) -> None:
    """Give ``theme`` to ``window`` and all in it, and its palette to the application.

    The sheet is the window's: Qt 6.11 takes three times as long where it is the application's,
    since parents are not styled before what is in them.
    """
    sheet = style_sheet(theme)
    if window.styleSheet() != sheet:  # setting it again styles every widget anew
        QApplication.setPalette(palette(theme))
        window.setStyleSheet(sheet)


def palette(theme: Theme) -> QPalette:
    """The Qt palette of ``theme``."""
    roles = QPalette.ColorRole
    made = QPalette()
    table = {
        roles.Window: theme.window,
        roles.WindowText: theme.text,
        roles.Base: theme.base,
        roles.AlternateBase: theme.window,
        roles.Text: theme.text,
        roles.Button: theme.raised,
        roles.ButtonText: theme.text,
        roles.BrightText: theme.error,
        roles.ToolTipBase: theme.raised,
        roles.ToolTipText: theme.text,
        roles.PlaceholderText: theme.dim,
        roles.Highlight: theme.accent,
        roles.HighlightedText: theme.accent_text,
        roles.Link: theme.accent,
        roles.LinkVisited: theme.accent,
        roles.Accent: theme.accent,
        roles.Light: theme.hover,
        roles.Midlight: theme.hover,
        roles.Mid: theme.border,
        roles.Dark: theme.border,
        roles.Shadow: theme.border,
    }
    for role, color in table.items():
        made.setColor(role, QColor(color))
    disabled = QPalette.ColorGroup.Disabled
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(disabled, role, _between(theme.dim, theme.window, 0.35))
    made.setColor(disabled, roles.Highlight, QColor(theme.border))
    return made


def _between(first: str, second: str, share: float) -> QColor:
    one, two = QColor(first), QColor(second)
    mixed = [
        round(a + (b - a) * share)
        for a, b in zip(one.getRgb()[:3], two.getRgb()[:3], strict=True)  # type: ignore[index]
    ]
    return QColor(*mixed)


def style_sheet(theme: Theme) -> str:
    """What the palette cannot say: spacing, flat tool bar, thin borders, visible check boxes."""
    shade = "dark" if theme.dark else "light"
    check = bundled_path(f"icons/check-{shade}.svg").as_posix()
    partial = bundled_path(f"icons/partial-{shade}.svg").as_posix()
    close = bundled_path(f"icons/close-{shade}.svg").as_posix()
    more = bundled_path(f"icons/more-{shade}.svg").as_posix()
    floating = bundled_path(f"icons/float-{shade}.svg").as_posix()
    return f"""
QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.border};
    padding: 4px; }}
QMainWindow::separator {{ background: {theme.border}; width: 1px; height: 1px; }}
QMenuBar {{ background: {theme.window}; border-bottom: 1px solid {theme.border}; }}
QToolBar {{ background: {theme.window}; border: none; border-bottom: 1px solid {theme.border};
    padding: 4px 8px; spacing: 4px; }}
QToolBar QToolButton {{ padding: 4px 8px; border: 1px solid transparent; border-radius: 4px; }}
QToolBar QToolButton:hover:enabled {{ background: {theme.hover}; }}
QToolBar QToolButton:focus {{ border-color: {theme.accent}; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ qproperty-icon: url("{more}"); padding: 0; }}
QToolBar QLabel {{ color: {theme.dim}; padding: 0 2px 0 8px; }}
QMenu {{ background: {theme.raised}; border: 1px solid {theme.border}; padding: 4px; }}
QMenu::item {{ padding: 4px 24px 4px 28px; }}
QMenu::item:selected {{ background: {theme.selection}; color: {theme.text}; }}
QMenu::item:disabled {{ color: {theme.dim}; background: transparent; }}
QMenu::separator {{ height: 1px; background: {theme.border}; margin: 4px 6px; }}
QMenu::icon {{ padding-left: 6px; }}
QLineEdit {{ background: {theme.base}; border: 1px solid {theme.border}; border-radius: 3px;
    padding: 2px 4px; }}
QLineEdit:focus {{ border-color: {theme.accent}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.border}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {theme.dim}; padding: 0 6px; }}
QTreeView {{ border: none; background: {theme.base}; outline: none; }}
QTreeView::item {{ border: none; padding: 0 4px; }}
QTreeView#rows::item {{ padding: 0 1px; }}
QTreeView::item:selected {{ background: {theme.selection}; color: {theme.text}; }}
QTreeView::item:hover:!selected {{ background: {theme.hover}; }}
QTreeView::branch:selected {{ background: {theme.selection}; }}
QTreeView::branch:hover:!selected {{ background: {theme.hover}; }}
QTreeView::indicator, QCheckBox::indicator {{ width: 13px; height: 13px;
    border: 1px solid {theme.dim}; border-radius: 3px; background: {theme.base}; }}
QTreeView::indicator:checked, QCheckBox::indicator:checked {{ background: {theme.accent};
    border-color: {theme.accent}; image: url("{check}"); }}
QTreeView::indicator:indeterminate {{ image: url("{partial}"); }}
QHeaderView {{ background: {theme.window}; border: none; }}
QHeaderView::section {{ background: {theme.window}; color: {theme.dim}; border: none;
    border-bottom: 1px solid {theme.border}; padding: 0 6px; }}
QHeaderView#columns::section {{ padding: 0 4px; }}
QSplitter::handle {{ background: {theme.border}; }}
QDockWidget {{ titlebar-close-icon: url("{close}"); titlebar-normal-icon: url("{floating}"); }}
QDockWidget::title {{ background: {theme.window}; padding: 6px 8px;
    border-bottom: 1px solid {theme.border}; }}
QLabel[role="heading"] {{ font-weight: 600; }}
QLabel[role="title"] {{ font-size: 20pt; font-weight: 300; }}
QLabel[role="dim"] {{ color: {theme.dim}; }}
QLabel[role="warning"] {{ color: {theme.warning}; font-weight: 600; }}
QLabel[role="caution"] {{ color: {theme.warning}; }}
QFrame[role="rule"] {{ background: {theme.border}; border: none; max-height: 1px; }}
QFrame[role="card"] {{ background: {theme.base}; border: 1px solid {theme.border};
    border-radius: 6px; }}
QFrame[role="drop"] {{ background: {theme.base}; border: 2px dashed {theme.border};
    border-radius: 10px; }}
QFrame[role="drop"][active="true"] {{ border-color: {theme.accent};
    background: {theme.info_back}; }}
QFrame[severity] QPushButton:flat {{ color: {theme.accent}; padding: 3px 8px; border: none;
    border-radius: 3px; }}
QFrame[severity] QPushButton:flat:hover, QFrame[severity] QPushButton:flat:focus {{
    background: {theme.hover}; }}
QFrame[severity] QPushButton:flat:focus {{ border: 1px solid {theme.accent}; }}
QFrame[severity="error"] {{ background: {theme.error_back};
    border-bottom: 1px solid {theme.border}; }}
QFrame[severity="warning"] {{ background: {theme.warning_back};
    border-bottom: 1px solid {theme.border}; }}
QFrame[severity="info"] {{ background: {theme.info_back};
    border-bottom: 1px solid {theme.border}; }}
"""


def set_role(widget: QWidget, role: str) -> None:
    """Draw ``widget`` as the style sheet says for ``role``."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def tabular(font: QFont) -> QFont:
    """``font`` with digits of equal width, so that columns of numbers line up."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made
