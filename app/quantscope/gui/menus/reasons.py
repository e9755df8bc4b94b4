"""Why an action cannot be done now, in a sentence, for every action of the table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction

from quantscope.gui.controller import Controller
from quantscope.gui.menus.readiness import (
    BUSY,
    NO_MODEL,
    data_is_missing,
    model_is_missing,
    why_not_add,
    why_not_edit,
    why_not_merge,
    why_not_resume,
)
from quantscope.gui.translation import mark, tr
from quantscope.session.session import Session

ON_TENSOR = frozenset({"larger", "smaller", "longer", "shorter"})
NO_TENSOR = mark("Select a tensor first")
OTHERWISE = mark("There is nothing to do it to now")


def why_off(action: QAction, controller: Controller) -> str:
    """Why ``action`` is off; empty where it is on."""
    if action.isEnabled():
        return ""
    told = action.toolTip().removeprefix(action.whatsThis()).strip()
    reason = told or _ask(action.objectName(), controller)
    return f"{reason.rstrip('.')}."


def _ask(key: str, controller: Controller) -> str:
    special = SPECIAL.get(key)
    session = controller.session
    if special is not None and (reason := special(controller)):
        return reason
    if session.network is None:
        return tr(NO_MODEL)
    if key in ON_TENSOR:
        return _of_tensor(controller)
    if reason := why_not_edit(session):
        return reason
    if controller.is_busy:
        return tr(BUSY)
    return tr(OTHERWISE) if session.calibration is not None else tr("Calibrate first")


def _of_tensor(controller: Controller) -> str:
    tensor = controller.selection.tensor
    if not tensor:
        return tr(NO_TENSOR)
    return _sentence(controller.readings.locked(tensor)) or (
        tr("{target} takes one word length only", target=controller.readings.target.title)
    )


def _of_layer(controller: Controller) -> str:
    layer, readings = controller.selection.layer, controller.readings
    if controller.session.network is None:
        return ""
    if not layer:
        return tr("Select a layer first")
    return _sentence(readings.reason(layer)) or tr("The layer has no choice: it follows the others")


def _of_model(controller: Controller) -> str:
    session = controller.session
    if session.network is None:
        return tr(NO_MODEL)
    return tr(BUSY) if model_is_missing(session) else tr("The model is where it was")


def _of_data(controller: Controller) -> str:
    session = controller.session
    if session.network is None:
        return tr(NO_MODEL)
    return tr(BUSY) if data_is_missing(session) else tr("The data is where it was")


def _of_session(why_not: Callable[[Session, bool], str]) -> Callable[[Controller], str]:
    return lambda controller: why_not(controller.session, controller.is_busy)


def _of_type(controller: Controller) -> str:
    return (
        tr("Its type follows the scheme already") if controller.selection.tensor else tr(NO_TENSOR)
    )


def _of_rows(controller: Controller) -> str:
    return tr(NO_TENSOR if controller.session.network is not None else NO_MODEL)


def _always(text: str) -> Callable[[Controller], str]:
    return lambda controller: tr(text)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


SPECIAL: dict[str, Callable[[Controller], str]] = {
    "copy-rows": _of_rows,
    "cancel": _always(mark("No job is under way")),
    "pause": _always(mark("No calibration is under way")),
    "resume": _of_session(why_not_resume),
    "add-samples": _of_session(why_not_add),
    "merge": _of_session(why_not_merge),
    "undo": _always(mark("There is nothing to take back")),
    "redo": _always(mark("Nothing was taken back")),
    "locate-model": _of_model,
    "locate-data": _of_data,
    "reset": _of_type,
    "reset-all": _always(mark("No type is set by hand")),
    "toggle-layer": _of_layer,
    "wide": _of_layer,
}
