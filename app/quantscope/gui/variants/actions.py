"""What can be done with variants: actions of the menu, of the tabs and of their context menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from quantscope.core.errors import Problem
from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_edit
from quantscope.gui.menus.table import NUMBERED_VARIANTS
from quantscope.gui.translation import tr
from quantscope.gui.variants.bar import VariantBar
from quantscope.gui.variants.comparison import Comparison, Subject
from quantscope.session import variants
from quantscope.session.commands import Command
from quantscope.session.document import Document


class Variants(QObject):
    """A feature of the window; ``bar`` shows the variants."""

    def __init__(
        self,
        controller: Controller,
        comparison: Comparison,
        bar: VariantBar,
        actions: dict[str, QAction],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._comparison = comparison
        self._bar = bar
        self._actions = actions
        self._window = parent
        self.menu: QMenu | None = None  # the last context menu
        for key in NUMBERED_VARIANTS:
            actions[key].triggered.connect(self._open_numbered)
        bar.opened.connect(self.open)
        bar.added.connect(self.do_new_variant)
        bar.renamed.connect(self.rename)
        bar.menu_asked.connect(self.show_menu)

    @property
    def _document(self) -> Document:
        return self._controller.session.document

    def enabled(self) -> dict[str, bool]:
        """What can be done now; names the keyed variants on the way."""
        is_open = not why_not_edit(self._controller.session)
        names = [each.name for each in self._document.variants]
        several = is_open and len(names) > 1
        found = {
            "new-variant": is_open,
            "rename-variant": is_open,
            "delete-variant": several,
            "next-variant": several,
            "previous-variant": several,
            "compare-next": is_open and any(not each.reason for each in self._comparison.offers()),
            "swap": self._comparison.other is not None,
        }
        self._actions["swap"].setChecked(self._comparison.is_swapped)
        for place, key in enumerate(NUMBERED_VARIANTS):
            action, exists = self._actions[key], place < len(names)
            action.setVisible(exists or place == 0)
            action.setText(f"&{place + 1}  {names[place].replace('&', '&&')}" if exists else "")
            action.setChecked(place == self._document.place)
            found[key] = is_open and exists
        return found

    # ---- edits

    def _do(self, command: Command) -> None:
        self._controller.do(command)

    @Slot(int)
    def open(self, place: int) -> None:
        """Go on with the variant at ``place``."""
        if 0 <= place < len(self._document.variants):
            self._do(variants.open_variant(self._document, place))

    @Slot()
    def _open_numbered(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.open(NUMBERED_VARIANTS.index(action.objectName()))

    @Slot()
    def do_new_variant(self) -> None:
        """Keep the open variant and go on with a copy."""
        self._do(variants.add_variant(self._document))

    @Slot()
    def do_rename_variant(self) -> None:
        self._bar.begin_renaming(self._document.place)

    @Slot(int, str)
    def rename(self, place: int, name: str) -> None:
        """Call the variant at ``place`` ``name``, or say why it cannot be called so."""
        document = self._document
        objection = variants.objection_to_name(document, place, name)
        if objection:
            where = tr("Variant {name}", name=document.variants[place].name)
            reason = f"{objection[0].lower()}{objection[1:]}"
            what = tr("cannot be called so: {reason}", reason=reason)
            problem = Problem(what=what, where=where, remedy=tr("Give it another name"))
            self._controller.problem_found.emit(problem, "")
        else:
            self._do(variants.rename_variant(document, place, name))

    @Slot()
    def do_delete_variant(self) -> None:
        self._delete(self._document.place)

    def _delete(self, place: int) -> None:
        if self._document.others:
            self._do(variants.delete_variant(self._document, place))

    @Slot()
    def do_next_variant(self) -> None:
        self._step(1)

    @Slot()
    def do_previous_variant(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        self.open((self._document.place + by) % len(self._document.variants))

    # ---- comparing

    @Slot()
    def do_compare_next(self) -> None:
        """Compare with the next that there is, and after the last with nothing."""
        offered = [each.subject for each in self._comparison.offers() if not each.reason]
        choices: list[Subject | None] = [None, *offered]
        place = choices.index(self._comparison.subject) + 1
        self._comparison.choose(choices[place % len(choices)])

    @Slot()
    def do_swap(self) -> None:
        self._comparison.swap(not self._comparison.is_swapped)

    # ---- the context menu

    @Slot(int, QPoint)
    def show_menu(self, place: int, where: QPoint) -> None:
        """What can be done with the variant at ``place``, which need not be the open one."""
        self.menu = self.menu_for(place)
        self.menu.popup(where)

    def menu_for(self, place: int) -> QMenu:
        """The context menu of the variant at ``place``; it goes when it closes."""
        document = self._document
        name, is_other = document.variants[place].name, place != document.place
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        offers = {each.subject: each for each in self._comparison.offers()}
        offer = offers.get(Subject(name)) if is_other else None
        self._entry(menu, tr("&Open"), is_other, partial(self.open, place))
        compare = partial(self._comparison.choose, Subject(name))
        can_compare = offer is not None and not offer.reason
        self._entry(menu, tr("&Compare with it"), can_compare, compare)
        menu.addSeparator()
        self._entry(menu, tr("&Rename…"), True, partial(self._bar.begin_renaming, place))
        copy = partial(self._do, variants.add_variant(document, place))
        self._entry(menu, tr("&Duplicate"), True, copy)
        overwrite = partial(self._do, variants.overwrite_variant(document, place))
        shown = document.name.replace("&", "&&")
        self._entry(menu, tr("Over&write with {variant}", variant=shown), is_other, overwrite)
        menu.addSeparator()
        several = bool(document.others)
        self._entry(menu, tr("De&lete"), several, partial(self._delete, place))
        return menu

    def _entry(self, menu: QMenu, text: str, is_on: bool, do: Callable[[], object]) -> None:
        action = menu.addAction(text)
        action.setEnabled(is_on)
        action.triggered.connect(lambda *_: do())
