"""What the open variant is compared with: another variant, or what was before its preparation.

One object for all views, as the selection is; it is not part of the document.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from quantscope.core.counting.calibration import Calibration
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.numbers.formats import DataType
from quantscope.core.picture.heatmap import HeatRow
from quantscope.gui import wording
from quantscope.gui.controller import Controller
from quantscope.gui.ranges.arrangement import shown_error
from quantscope.gui.ranges.predictions import Predictions
from quantscope.gui.translation import mark, tr
from quantscope.gui.variants.compared import Compared
from quantscope.gui.variants.differences import gain_of
from quantscope.session.document import Variant
from quantscope.session.prepared import Prepared

SAME = "="
NOT_COUNTED = mark("its network is prepared otherwise: switch to it and calibrate")
NO_STATISTICS = mark("calibrate first")


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be compared with: the variant ``name``, or (empty) the other preparation."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A subject in words; ``reason`` says why it cannot be compared with now."""

    subject: Subject
    title: str
    reason: str = ""


class Comparison(QObject):
    """Follows the session; ``other`` is ``None`` while nothing is compared.

    ``is_swapped``: the heat map shows the other one in place of the open variant.
    """

    changed = Signal()

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._readings = controller.readings
        self.subject: Subject | None = None
        self.other: Compared | None = None
        self.is_swapped = False
        self._beside: Predictions | None = None
        controller.changed.connect(self._follow)
        controller.results_changed.connect(self._follow)
        controller.session_replaced.connect(self._forget)

    # ---- what there is

    def offers(self) -> list[Offer]:
        """All that the open variant can be compared with."""
        document = self._controller.session.document
        found = [
            Offer(Subject(each.name), tr("Variant {name}", name=each.name), self._reason(each))
            for each in document.others
        ]
        if title := self._preparation_title():
            found.append(Offer(Subject(), title))
        return found

    def _reason(self, variant: Variant) -> str:
        session = self._controller.session
        if session.plan() is None:
            return tr(NO_STATISTICS)
        return "" if session.counted(variant.preparation) is not None else tr(NOT_COUNTED)

    def _preparation_title(self) -> str:
        """``Before: without equalized channels``; empty where only one was calibrated."""
        session = self._controller.session
        other = session.other_preparation
        if other is None or session.plan() is None or self._readings.is_look_only:
            return ""
        title = _difference_in_words(session.document.preparation, other.preparation)
        kept = session.calibration
        same_data = kept is not None and kept.data == other.calibration.data
        return title if same_data else tr("{title} (of other data)", title=title)

    # ---- what is chosen

    @Slot(object)
    def choose(self, subject: Subject | None) -> None:
        """Compare with ``subject``; ``None`` ends it."""
        self.subject, self.is_swapped = subject, False
        self._follow()

    def swap(self, is_swapped: bool) -> None:
        """Show the other one on the heat map, or the open variant again."""
        wanted = is_swapped and self.other is not None
        if wanted != self.is_swapped:
            self.is_swapped = wanted
            self.changed.emit()

    @Slot()
    def _forget(self) -> None:
        self.subject, self.is_swapped, self._beside = None, False, None
        self._follow()

    @Slot()
    def _follow(self, *_: object) -> None:
        before = self.other
        self.other = self._found()
        if self.other is None and self.subject is not None:
            self.subject, self.is_swapped = None, False
        if self.other is not None or before is not None:
            self.changed.emit()

    def _found(self) -> Compared | None:
        offer = next((each for each in self.offers() if each.subject == self.subject), None)
        if offer is None or offer.reason:
            return None
        document, session = self._controller.session.document, self._controller.session
        if self.subject is None or not self.subject.name:
            other = session.other_preparation
            assert other is not None
            before = Variant(
                name=_label(document.preparation, other.preparation),
                settings=document.settings,
                preparation=other.preparation,
            )
            return self.plan_of(before, offer.title)
        variant = next(each for each in document.others if each.name == self.subject.name)
        return self.plan_of(variant, offer.title)

    def plan_of(self, variant: Variant, title: str = "") -> Compared | None:
        """The plan of any variant; ``None`` where its preparation was not calibrated."""
        counted = self._controller.session.counted(variant.preparation)
        if counted is None:
            return None
        known = self.other
        if known is not None and _is_of(known, variant, title, counted):
            return known
        predictions = self._predictions(counted.calibration)
        return Compared(variant.name, title, variant.settings, counted, predictions)

    def _predictions(self, calibration: Calibration) -> Predictions:
        mine = self._readings.predictions
        if mine is not None and mine.calibration is calibration:
            return mine
        if self._beside is None or self._beside.calibration is not calibration:
            self._beside = Predictions(calibration)
        return self._beside

    # ---- what views show

    @property
    def label(self) -> str:
        """What the other one is called in a few letters; empty while nothing is compared."""
        return self.other.label if self.other is not None else ""

    def data_type(self, tensor: str) -> DataType | None:
        """The other type; ``None`` for float and while nothing is compared."""
        return self.other.data_type(tensor) if self.other is not None else None

    def heat_row(self, tensor: str) -> HeatRow | None:
        """The row that the heat map shows of ``tensor``: the open variant's, or the other's."""
        if self.is_swapped and self.other is not None:
            return self.other.heat_row(tensor)
        return self._readings.heat_row(tensor)

    def hidden_type(self, tensor: str) -> DataType | None:
        """The type whose band is marked with dashes: that of the one that is not shown."""
        return self._readings.data_type(tensor) if self.is_swapped else self.data_type(tensor)

    def hidden_label(self) -> str:
        """Whose bands are marked with dashes; empty while nothing is compared."""
        return self._controller.session.document.name if self.is_swapped else self.label

    def type_text(self, tensor: str) -> str:
        """The other type in words; empty where nothing was counted."""
        if self.other is None or not tensor or self.other.statistics(tensor) is None:
            return ""
        data_type = self.other.data_type(tensor)
        return data_type.label() if data_type is not None else tr("float")

    def cell_text(self, tensor: str) -> str:
        """The other type for the table, so that those that differ stand out."""
        text = self.type_text(tensor)
        is_same = bool(text) and self.data_type(tensor) == self._readings.data_type(tensor)
        return SAME if is_same else text

    def gain(self, tensor: str) -> float | None:
        """How much more SQNR the open variant has, in dB."""
        error = shown_error(self._readings, tensor) if tensor else None
        if error is None or self.other is None:
            return None
        return gain_of(error.sqnr_db, self.other.sqnr(tensor))

    def describe(self, tensor: str) -> str:
        """The other type of ``tensor`` and its figure in a few words."""
        text, other = self.type_text(tensor), self.other
        if not text or other is None:
            return ""
        sqnr, gain = other.sqnr(tensor), self.gain(tensor)
        figure = ", " + tr("SQNR {sqnr}", sqnr=wording.decibel(sqnr)) if sqnr is not None else ""
        more = " " + tr("({gain} here)", gain=wording.gain(gain)) if gain is not None else ""
        return f"{other.label}: {text}{figure}{more}"


def _is_of(known: Compared, variant: Variant, title: str, counted: Prepared) -> bool:
    same_values = known.prepared.calibration is counted.calibration
    same_words = (known.label, known.title) == (variant.name, title)
    return same_values and same_words and known.settings == variant.settings


def _difference_in_words(mine: PreparationChoices, other: PreparationChoices) -> str:
    """What ``other`` lacks and has."""
    lacks = _listed([each.lack for each in mine.chosen if each not in other.chosen])
    has = _listed([each.lack for each in other.chosen if each not in mine.chosen])
    if not lacks:
        return tr("After: with {things}", things=has)
    if not has:
        return tr("Before: without {things}", things=lacks)
    return tr("Before: without {things} but with {others}", things=lacks, others=has)


def _listed(names: list[str]) -> str:
    """``a, b and c`` as far as there are names."""
    if len(names) < 2:
        return "".join(names)
    return tr("{some} and {last}", some=", ".join(names[:-1]), last=names[-1])


def _label(mine: PreparationChoices, other: PreparationChoices) -> str:
    is_before = any(each not in other.chosen for each in mine.chosen)
    return tr("before") if is_before else tr("after")
