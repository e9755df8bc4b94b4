"""The session: the document with its history, and the results that belong to it.

Every edit goes through :meth:`Session.do` and comes back as one :class:`Change`, also from
undo and redo. Results (network, calibration, report) are attached from outside; they are never
undone, and the session says whether they still belong to the document.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.joined import joined, sources_of, takes_same
from quantscope.core.diagnosis.sensitivity import Basis, basis_of
from quantscope.core.findings.record import Record
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices, model_of
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.commands import ChangeKind, Command
from quantscope.session.diagnosis import Diagnosis
from quantscope.session.document import Document
from quantscope.session.history import Change, History
from quantscope.session.prepared import Prepared, kept_beside, prepared
from quantscope.session.results import Results, State
from quantscope.session.steps import Steps
from quantscope.session.validations import ValidationRun

__all__ = ["Change", "Results", "Session"]

LET_GO = 4_000  # answers; some 3 ms


class Session:
    """A document that can be edited, undone and saved, with the results that belong to it.

    ``path`` is the session file, ``None`` before the first save. ``missing`` names the paths
    to which a loaded session file refers and that were not found.
    """

    def __init__(self, document: Document | None = None, results: Results | None = None) -> None:
        self.path: Path | None = None
        self.missing: tuple[str, ...] = ()
        self._start(document or Document(), results or Results())

    def _start(self, document: Document, results: Results) -> None:
        self._history = History(document)
        self._results = results
        self._saved = State(document, results)
        self._plan: tuple[Calibration, Network, Plan] | None = None

    # ---- the document and its history

    @property
    def document(self) -> Document:
        """The document as it is now."""
        return self._history.document

    @property
    def saved_document(self) -> Document:
        """The document as it was opened or last saved."""
        return self._saved.document

    @property
    def is_modified(self) -> bool:
        """Whether closing now would lose an edit or a result."""
        saved = self._saved
        kept = self._results.keep_as_much_as(saved.results)
        return self.document != saved.document or not kept

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._history.last is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to redo."""
        return self._history.next is not None

    @property
    def undo_title(self) -> str:
        """What :meth:`undo` would take back; empty where there is nothing."""
        step = self._history.last
        return step.title if step else ""

    @property
    def redo_title(self) -> str:
        """What :meth:`redo` would do again; empty where there is nothing."""
        step = self._history.next
        return step.title if step else ""

    def do(self, command: Command, merge: bool = False) -> Change | None:
        """Apply ``command``; ``None`` where it changes nothing, which is no undo step.

        ``merge`` grows the step of the edit just before, where that has the same title: the
        first edit of a drag is done without, the following ones with it, and the whole drag
        is one step. Raises what the command raises, with the document as it was.
        """
        return self._followed(self._history.do(command, merge))

    def undo(self) -> Change | None:
        """Go back one step; ``None`` where there is none."""
        return self._followed(self._history.undo())

    def redo(self) -> Change | None:
        """Go forward one step that was undone; ``None`` where there is none."""
        return self._followed(self._history.redo())

    def _followed(self, change: Change | None) -> Change | None:
        """``change``; what was counted under the document's preparation comes back with it."""
        results = self._results
        other = results.other
        if other is not None and other.fingerprint == self.document.fingerprint:
            mine = prepared(results.network, results.calibration)
            self._results = replace(
                results, network=other.network, calibration=other.calibration, other=mine
            )
        return change

    def recover(self, document: Document, calibration: Calibration | None) -> None:
        """Go on with unsaved work that was kept elsewhere; what is saved stays as it was.

        There is nothing to undo then. ``None`` for ``calibration``: it is the one at hand.
        """
        self._history = History(document)
        if calibration is not None:
            self.attach_calibration(calibration)

    # ---- model and data

    def open_model(
        self,
        path: str | os.PathLike[str],
        network: Network,
        preparation: PreparationChoices | None = None,
    ) -> Change:
        """Start anew with another model: no history, no results, no session file.

        ``preparation`` is what ``network`` was described under.
        """
        before = self.document
        document = Document(
            model=_absolute(path),
            fingerprint=network.fingerprint,
            preparation=preparation or PreparationChoices(),
        )
        self.path, self.missing = None, ()
        self._start(document, Results(network=network))
        return Change(before, document, ChangeKind.MODEL)

    def locate_model(self, path: str | os.PathLike[str], network: Network) -> Change | None:
        """Say where the model file is now, or that it was described anew; clears undo, unless
        nothing of the document is another.

        Calibration and report are kept, and are stale where the fingerprint is another.
        """
        before, results = self.document, self._results
        candidates = prepared(results.network, results.calibration), results.other
        other = kept_beside(network, candidates)
        self._results = replace(results, network=network, other=other)
        self._found(before.model)
        after = replace(before, model=_absolute(path), fingerprint=network.fingerprint)
        return self._relocate(after, ChangeKind.MODEL)

    def locate_data(self, path: str | os.PathLike[str]) -> Change | None:
        """Say where the data is now; clears undo. The calibration belongs to it as before.

        Of several sources, it is the first that is missing.
        """
        before = self.document
        if before.data is None:
            return None
        sources = list(sources_of(before.data))
        lost = [place for place, each in enumerate(sources) if each.path in self.missing]
        place = lost[0] if lost else 0
        self._found(sources[place].path)
        sources[place] = replace(sources[place], path=_absolute(path))
        data = joined(sources, before.data)
        calibration, other = self.calibration, self._results.other
        if calibration is not None and takes_same(calibration.data, before.data):
            self._replace_calibration(replace(calibration, data=data))
        if other is not None and takes_same(other.calibration.data, before.data):
            moved = replace(other, calibration=replace(other.calibration, data=data))
            self._results = replace(self._results, other=moved)
        self.attach_diagnosis(self.diagnosis.moved(before.data, data))
        return self._relocate(replace(before, data=data), ChangeKind.DATA)

    def _found(self, path: str) -> None:
        self.missing = tuple(name for name in self.missing if name != path)

    def _relocate(self, after: Document, kind: ChangeKind) -> Change | None:
        before = self.document
        if after == before:
            return None
        self._history = History(after)
        return Change(before, after, kind)

    # ---- results

    @property
    def network(self) -> Network | None:
        """The description of the prepared model, stale or not."""
        return self._results.network

    @property
    def network_is_stale(self) -> bool:
        """Whether the network was described under another preparation than the document's.

        Layers and tensors are the same then; what was done to their values is not.
        """
        network = self.network
        return network is not None and network.fingerprint != self.document.fingerprint

    @property
    def calibration(self) -> Calibration | None:
        """The statistics, stale or not."""
        return self._results.calibration

    @property
    def report(self) -> ExportReport | None:
        """What the last export found out, stale or not."""
        return self._results.report

    @property
    def report_settings(self) -> PlanSettings | None:
        """The settings that were exported."""
        return self._results.report_settings

    def attach_calibration(self, calibration: Calibration) -> None:
        """Keep the result of a calibration, also where it does not fit (it is stale then)."""
        self._results = replace(self._results, calibration=calibration)

    @property
    def other_preparation(self) -> Prepared | None:
        """The model as it was last calibrated under another preparation."""
        other = self._results.other
        fits = other is not None and other.fingerprint != self.document.fingerprint
        return other if fits else None

    def counted(self, preparation: PreparationChoices) -> Prepared | None:
        """The network under ``preparation`` with its statistics, where both are at hand."""
        wanted = preparation.fingerprint(model_of(self.document.fingerprint))
        mine = prepared(self.network, self.calibration)
        kept = (each for each in (mine, self._results.other) if each is not None)
        return next((each for each in kept if each.fingerprint == wanted), None)

    def attach_report(self, report: ExportReport, settings: PlanSettings) -> None:
        """Keep the report of an export made under ``settings`` with the calibration at hand."""
        self._results = replace(
            self._results,
            report=report,
            report_settings=settings,
            report_calibration=self.calibration,
        )

    @property
    def diagnosis(self) -> Diagnosis:
        """What was measured of the layers and found by searches, stale or not."""
        return self._results.diagnosis

    def attach_diagnosis(self, diagnosis: Diagnosis) -> None:
        """Keep what was measured in place of what is kept."""
        self._results = replace(self._results, diagnosis=diagnosis)

    @property
    def validations(self) -> tuple[ValidationRun, ...]:
        """The validations made, the latest first, stale or not."""
        return self._results.validations

    def attach_validations(self, runs: tuple[ValidationRun, ...]) -> None:
        """Keep these validations in place of those that are kept."""
        self._results = replace(self._results, validations=runs)

    def basis(self, samples: int = 0) -> Basis | None:
        """What a measurement on ``samples`` samples would be bound to now; ``None`` without
        statistics of the network."""
        calibration = self.calibration
        if calibration is None or not self._fits_model(calibration):
            return None
        return basis_of(calibration, self.document.settings, samples)

    @property
    def report_fits_calibration(self) -> bool:
        """Whether the report was made from the statistics at hand."""
        return self._results.report_calibration is self.calibration

    @property
    def calibration_is_stale(self) -> bool:
        """Whether the statistics are of another model or of other data than the document's."""
        kept, data = self.calibration, self.document.data
        if kept is None:
            return False
        same_data = data is not None and takes_same(kept.data, data)
        return not (same_data and self._fits_model(kept))

    @property
    def report_is_stale(self) -> bool:
        """Whether an export now could come out otherwise than the one reported."""
        if self.report is None:
            return False
        same_settings = self.report_settings == self.document.settings
        fits = self.report_fits_calibration and same_settings
        return not fits or self.calibration_is_stale

    def record(self) -> Record | None:
        """What a report tells besides the statistics; ``None`` without statistics that fit."""
        network, calibration = self.network, self.calibration
        if network is None or calibration is None or not self._fits_model(calibration):
            return None
        return Record(
            model=self.document.model,
            network=network,
            settings=self.document.settings,
            preparation=self.document.preparation,
            export=self.report,
            export_is_stale=self.report_is_stale,
            validations=tuple(each.recorded(self.document) for each in self.validations),
        )

    def plan(self) -> Plan | None:
        """The plan for the settings as they are; ``None`` without network or statistics of it.

        Statistics of other data give a plan too: the window shows it, marked as stale.
        """
        network, calibration = self.network, self.calibration
        if network is None or calibration is None or not self._fits_model(calibration):
            return None
        if not self._plan_is_of(calibration, network):
            plan = calibration.plan(network, self.document.settings)
            self._plan = (calibration, network, plan)
        assert self._plan is not None
        return self._plan[2]

    def planning(self) -> Steps[Plan | None]:
        """:meth:`plan` in steps."""
        network, calibration = self.network, self.calibration
        if network is not None and calibration is not None and self._fits_model(calibration):
            calibration.place(network, self.document.settings)
            yield
        plan = self.plan()
        yield
        return plan

    def _plan_is_of(self, calibration: Calibration, network: Network) -> bool:
        if self._plan is None:
            return False
        kept, described, plan = self._plan
        same_inputs = kept is calibration and described is network
        return same_inputs and plan.settings == self.document.settings

    def _fits_model(self, calibration: Calibration) -> bool:
        return calibration.fingerprint == self.document.fingerprint

    def _replace_calibration(self, calibration: Calibration) -> None:
        """The same statistics under another data path: a report of them stays theirs."""
        old = self._results
        mine = old.report_calibration is old.calibration
        basis = calibration if mine else old.report_calibration
        self._results = replace(old, calibration=calibration, report_calibration=basis)

    # ---- saving

    @property
    def state(self) -> State:
        """All that a session file keeps, as it is now."""
        return State(self.document, self._results)

    def mark_saved(self, path: str | os.PathLike[str], state: State | None = None) -> None:
        """Note that ``state``, or everything as it is now, is in the session file ``path``."""
        self.path = Path(_absolute(path))
        self._saved = state or self.state


def letting_go(held: list[Session] | list[Calibration | None]) -> Steps[None]:
    """Empty ``held``: what is known of thousands of tensors is dropped some at a time."""
    known = [each.calibration if isinstance(each, Session) else each for each in held]
    derived = [list(each.derived.items()) for each in known if each is not None]
    del known
    yield
    held.clear()
    for answers in derived:
        while answers:
            yield
            del answers[-LET_GO:]


def _absolute(path: str | os.PathLike[str]) -> str:
    return str(Path(path).absolute())
