"""Whether model and data are at hand, and why something cannot be done now, in words."""

from __future__ import annotations

from pathlib import Path

from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import keeps_counted, sources_of, takes_same
from quantscope.core.errors import Problem
from quantscope.core.networks.look_only import FLOAT_MODEL, LOOK_ONLY
from quantscope.gui.translation import mark, tr
from quantscope.session.session import Session

BUSY = mark("A job is under way: stop it, or wait for its end")
NO_MODEL = mark("Open a model first")


def model_is_missing(session: Session) -> bool:
    """Whether the session was opened without finding its model."""
    return session.document.model in session.missing


def data_is_missing(session: Session) -> bool:
    """Whether the session was opened without finding the data that is to be used."""
    return bool(_missing_source(session, session.document.data))


def _missing_source(session: Session, data: DataDescription | None) -> str:
    """The first of the sources of ``data`` that was not found; empty where all are there."""
    paths = (each.path for each in sources_of(data)) if data is not None else ()
    return next((path for path in paths if path in session.missing), "")


def missing_problem(session: Session) -> Problem:
    """What was not found, for the person to locate."""
    file = session.path.name if session.path else Path(session.document.model).name
    return Problem(
        what=tr("not found: {files}", files=", ".join(session.missing)),
        where=file,
        remedy=tr("Everything calibrated is here; say where they are now to run them again"),
    )


def other_network_problem(model: str) -> Problem:
    """What is wrong with the file that a person took for the session's model."""
    return Problem(
        what=tr("is another network than the one that the session is about"),
        where=Path(model).name,
        remedy=tr("Locate the model that was calibrated, or open this one by itself"),
    )


def changed_model_problem(model: str) -> Problem:
    """Why unsaved work does not fit the file that it was about."""
    return Problem(
        what=tr("is another network now than the one that the unsaved work is about"),
        where=Path(model).name,
        remedy=tr("Locate the model as it was, or discard the work"),
    )


def look_only_problem(session: Session) -> Problem:
    """Why an edit was not made."""
    return Problem(what=LOOK_ONLY, where=Path(session.document.model).name, remedy=FLOAT_MODEL)


def why_not_choose_data(session: Session, busy: bool = False) -> str:
    """Why other data cannot be chosen now; empty where it can."""
    if session.network is None:
        return tr(NO_MODEL)
    return tr(BUSY) if busy else ""


def why_not_edit(session: Session) -> str:
    """Why no type can be changed at all; empty where types can."""
    if session.network is None:
        return tr(NO_MODEL)
    if session.network.file_types is None:
        return ""
    return tr(
        "The model is quantized already: its types are those of the file. Open the float model"
        " that it was made from to change them"
    )


def why_not_calibrate(session: Session, busy: bool = False) -> str:
    """Why calibrating is impossible now; empty where it is possible."""
    if reason := _without_model(session, busy):
        return reason
    lost = _missing_source(session, session.document.data)
    return _not_found(lost) if lost else ""


def why_not_add(session: Session, busy: bool = False) -> str:
    """Why no samples can be added to the statistics now; empty where some can."""
    if reason := _without_model(session, busy):
        return reason
    calibration, data = session.calibration, session.document.data
    if calibration is None:
        return tr("Calibrate first")
    if calibration.fingerprint != session.document.fingerprint:
        return tr(
            "The statistics are of another model or preparation: calibrate from the beginning"
        )
    if data is None or not keeps_counted(data, calibration.data, calibration.sample_names):
        return tr("The statistics are of other data: calibrate from the beginning")
    return ""


def why_not_resume(session: Session, busy: bool = False) -> str:
    """Why calibrating can't go on from the statistics now; empty where it can."""
    if reason := why_not_calibrate(session, busy) or why_not_add(session, busy):
        return reason
    calibration, data = session.calibration, session.document.data
    assert calibration is not None
    assert data is not None
    if not calibration.left and takes_same(data, calibration.data):
        return tr("All samples of the data are counted: add samples to go on")
    return ""


def why_not_merge(session: Session, busy: bool = False) -> str:
    """Why other statistics can't be put to those at hand now; empty where they can."""
    if reason := _without_model(session, busy):
        return reason
    if session.calibration is None:
        return tr("Calibrate first")
    if session.calibration.fingerprint != session.document.fingerprint:
        return tr("Calibrate again: the statistics are of another model or preparation")
    return ""


def why_not_export(session: Session, busy: bool = False) -> str:
    """Why exporting is impossible now; empty where it is possible."""
    if reason := why_not_edit(session) or _without_model(session, busy):
        return reason
    calibration = session.calibration
    if calibration is None:
        return tr("Calibrate first")
    if session.plan() is None:
        return tr("Calibrate again: the statistics are of another model or preparation")
    lost = _missing_source(session, calibration.data)
    return _not_found(lost) if lost else ""


def why_not_validate(session: Session, busy: bool = False) -> str:
    """Why judging by labelled data is impossible now; empty where it is possible."""
    return why_not_edit(session) or _without_model(session, busy)


def _without_model(session: Session, busy: bool) -> str:
    if reason := why_not_choose_data(session, busy):
        return reason
    return _not_found(session.document.model) if model_is_missing(session) else ""


def _not_found(path: str) -> str:
    return tr("{file} was not found: locate it first (File menu)", file=Path(path).name)
