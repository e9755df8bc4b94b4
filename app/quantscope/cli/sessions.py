"""Session files as the sub-commands read and write them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from quantscope.cli.settings_options import settings_of
from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.commands import describe_data
from quantscope.session.session import Session
from quantscope.session.session_file import load_session

SESSION = ".qscope"


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """What a session knows once it is calibrated."""

    session: Session
    network: Network
    calibration: Calibration

    def plan(self, settings: PlanSettings) -> Plan:
        """The plan under ``settings``."""
        return self.calibration.plan(self.network, settings)


def open_calibrated(path: str) -> Ranges:
    """The session in the file ``path``; :class:`QuantscopeError` without statistics that fit."""
    session = load_session(path)
    network, calibration = session.network, session.calibration
    if network is None or calibration is None:
        raise QuantscopeError(
            "the session has not been calibrated",
            where=path,
            remedy="Calibrate it in the window, or make one with quantscope calibrate",
        )
    if calibration.fingerprint != session.document.fingerprint:
        raise QuantscopeError(
            "its statistics belong to another version of the model",
            where=path,
            remedy="Calibrate again",
        )
    return Ranges(session, network, calibration)


def planned(options: argparse.Namespace) -> tuple[Ranges, Plan]:
    """The session that the options name, and its plan under their settings."""
    ranges = open_calibrated(options.session)
    before = ranges.session.document.settings
    return ranges, ranges.plan(settings_of(options, before, ranges.network))


def new_session(
    model: str,
    network: Network,
    data: DataDescription,
    calibration: Calibration,
    preparation: PreparationChoices | None = None,
) -> Session:
    """A session as the window would have it after calibrating."""
    session = Session()
    session.open_model(Path(model).absolute(), network, preparation)
    session.do(describe_data(data))
    session.attach_calibration(calibration)
    return session
