"""Target, scheme and word lengths of the network: combo boxes in the tool bar, and in menus."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QSignalBlocker, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QComboBox, QLabel, QMenu, QToolBar, QWidget

from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import why_not_edit
from quantscope.gui.translation import mark, plural, tr
from quantscope.session import commands

Options = list[tuple[str, object]]

TIPS = {
    "target": mark("What will run the model: it decides which types are allowed"),
    "scheme": mark("How a type is chosen from the statistics of a tensor"),
    "word": mark("Bits of a weight and of an activation, where none is pinned"),
    "weights": mark("Bits of a weight, where none is pinned"),
    "bias": mark("Bits of a bias, where none is pinned"),
}


class Choice(QObject):
    """One setting of the network, as a combo box and as a menu of radio entries."""

    def __init__(
        self, name: str, label: str, choose: Callable[[object], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.combo = QComboBox(parent)
        self.combo.setAccessibleName(label)
        self.combo.setToolTip(tr(TIPS[name]))
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.label = QLabel(label, parent)
        self.label.setBuddy(self.combo)
        self.menu: QMenu | None = None
        self._group = QActionGroup(self)
        self._choose = choose
        self._options: Options = []
        self.combo.activated.connect(self._take_combo)
        self._group.triggered.connect(self._take_action)

    def show_options(self, options: Options, current: object) -> None:
        """Offer ``options`` (text, value) with ``current`` chosen."""
        with QSignalBlocker(self.combo):
            if options != self._options:
                self._offer(options)
            values = [value for _, value in options]
            place = values.index(current) if current in values else -1
            self.combo.setCurrentIndex(place)
        for index, action in enumerate(self._group.actions()):
            action.setChecked(index == place)

    def _offer(self, options: Options) -> None:
        self._options = options
        self.combo.clear()
        for action in self._group.actions():
            self._group.removeAction(action)
            if self.menu is not None:
                self.menu.removeAction(action)
            action.deleteLater()
        for index, (text, _) in enumerate(options):
            self.combo.addItem(text)
            action = QAction(text, self)
            action.setCheckable(True)
            action.setData(index)
            self._group.addAction(action)
            if self.menu is not None:
                self.menu.addAction(action)

    def set_enabled(self, enabled: bool) -> None:
        """Take choices or not."""
        self.combo.setEnabled(enabled)
        self._group.setEnabled(enabled)

    @Slot(int)
    def _take_combo(self, index: int) -> None:
        self._choose(self._options[index][1])

    @Slot(QAction)
    def _take_action(self, action: QAction) -> None:
        self._choose(self._options[int(action.data())][1])


def _only(title: str, biases: Options) -> str:
    """A line for the tool tip where there is nothing to choose."""
    if not biases:
        return "\n" + tr("{target} takes biases in float.", target=title)
    if len(biases) > 1:
        return ""
    return "\n" + tr("{target} takes {bits} alone.", target=title, bits=biases[0][0])


def _bits(lengths: Iterable[int]) -> Options:
    return [(plural("{n} bit", "{n} bits", length), length) for length in lengths]


class NetworkChoices(QObject):
    """The four settings that hold for the whole network, following the document."""

    def __init__(self, controller: Controller, parent: QWidget) -> None:
        super().__init__(parent)
        self._controller = controller
        self.target = Choice("target", tr("Target"), self._choose_target, parent)
        self.scheme = Choice("scheme", tr("Scheme"), self._choose_scheme, parent)
        self.word = Choice("word", tr("Word"), self._choose_word, parent)
        self.bias = Choice("bias", tr("Bias"), self._choose_bias, parent)
        self.weights = Choice("weights", tr("Weights"), self._choose_weights, parent)
        self.weights.combo.hide()  # in the menu only: the tool bar is for what is used most
        self.weights.label.hide()
        self.in_bar = (self.target, self.scheme, self.word, self.bias)
        self.all = (*self.in_bar, self.weights)
        controller.changed.connect(self.refresh)
        controller.results_changed.connect(self.refresh)
        controller.session_replaced.connect(self.refresh)

    def fill(self, bar: QToolBar, menus: dict[str, QMenu]) -> None:
        """Put the combo boxes into ``bar`` and the entries into their menus."""
        for choice in self.all:
            choice.menu = menus.get(f"choice:{choice.name}")
        for choice in self.in_bar:
            bar.addWidget(choice.label)
            bar.addWidget(choice.combo)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """Show what the document says."""
        settings = self._controller.session.document.settings
        target = TARGETS[settings.target]
        self.target.show_options([(t.title, t.key) for t in TARGETS.values()], settings.target)
        self.scheme.show_options([(SCHEME_TITLES[s], s) for s in Scheme], settings.scheme)
        self.word.show_options(_bits(target.word_lengths), settings.word_length)
        weights: Options = [(tr("As activations"), None), *_bits(target.weight_word_lengths)]
        self.weights.show_options(weights, settings.weight_word_length)
        biases = _bits(target.bias_word_lengths)
        current = settings.bias_word_length if biases else None
        self.bias.show_options(biases or [(tr("float"), None)], current)
        reason = why_not_edit(self._controller.session)
        for choice in self.all:
            choice.set_enabled(not reason)
            choice.combo.setToolTip(tr(TIPS[choice.name]) + (f"\n{reason}." if reason else ""))
        self.bias.set_enabled(not reason and len(biases) > 1)
        if not reason:
            self.bias.combo.setToolTip(tr(TIPS["bias"]) + _only(target.title, biases))

    def _choose_target(self, key: object) -> None:
        self._controller.choose_target(str(key))

    def _choose_scheme(self, scheme: object) -> None:
        self._controller.choose_scheme(Scheme(str(scheme)))

    def _choose_word(self, length: object) -> None:
        self._controller.choose_word_length(int(str(length)))

    def _choose_weights(self, length: object) -> None:
        self._controller.do(
            commands.choose_weight_word_length(None if length is None else int(str(length)))
        )

    def _choose_bias(self, length: object) -> None:
        self._controller.do(commands.choose_bias_word_length(int(str(length))))
