"""What sub-commands start from that take a model with data or a calibrated session."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from quantscope.cli import running
from quantscope.cli.console import say, say_facts
from quantscope.cli.options import data_facts, data_of, preparation_of, trust_in
from quantscope.cli.sessions import SESSION, open_calibrated
from quantscope.cli.settings_options import settings_of
from quantscope.core.data.description import DataDescription
from quantscope.core.diagnosis.sensitivity import Sensitivity
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.session.calibration_file import write_calibration
from quantscope.session.sensitivity_file import beside


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """The model, its calibration file, the settings, the agreement to run Python data, and the
    file for what is measured of the layers; ``measured`` is what the session knows of them."""

    model: str
    network: Network
    data: DataDescription
    calibration: Path
    settings: PlanSettings
    preparation: PreparationChoices
    trusted: str
    results: Path
    measured: tuple[Sensitivity, ...] = ()


def add_source(parser: argparse.ArgumentParser) -> None:
    """The argument that names a model or a session."""
    parser.add_argument(
        "source", metavar="MODEL_OR_SESSION", help="an .onnx file, or a calibrated session"
    )


def check_source(options: argparse.Namespace) -> bool:
    """Whether the source is a session; ends the program where data is missing or too much."""
    is_session = Path(options.source).suffix.lower() == SESSION
    if is_session == (options.data is not None):
        wrong = "a session has its data: leave out --data" if is_session else "a model needs --data"
        options.parser.error(wrong)
    return is_session


def starting_point(options: argparse.Namespace, folder: Path) -> StartingPoint:
    """The source with the settings that the options ask for; a model is calibrated.

    The calibration file lies in ``folder``, and so do results of a model.
    """
    return _from_session(options, folder) if check_source(options) else _from_model(options, folder)


def _from_session(options: argparse.Namespace, folder: Path) -> StartingPoint:
    ranges = open_calibrated(options.source)
    document = ranges.session.document
    for choice in preparation_of(options).chosen:
        if choice not in document.preparation.chosen:
            raise QuantscopeError(
                f"it was calibrated without {choice.lack}",
                where=options.source,
                remedy=f"Calibrate with --{choice.key.replace('_', '-')}, or give the model and "
                "--data",
            )
    path = folder / "calibration.npz"
    write_calibration(path, ranges.calibration)
    data = ranges.calibration.data
    return StartingPoint(
        model=document.model,
        network=ranges.network,
        data=data,
        calibration=path,
        settings=settings_of(options, document.settings, ranges.network),
        preparation=document.preparation,
        trusted=trust_in(options, data),
        results=beside(options.source),
        measured=tuple(each.sensitivity for each in ranges.session.diagnosis.layers),
    )


def _from_model(options: argparse.Namespace, folder: Path) -> StartingPoint:
    preparation = preparation_of(options)
    network = running.describe(options.source, preparation)
    settings = settings_of(options, PlanSettings(), network)  # complain before the long work
    data, check = data_of(options, options.source)
    if not options.json:
        say(f"{network.name}: {len(network.layers)} layers")
        say_facts(data_facts(options, data, check))
        say()
    path, _ = running.calibrate(options.source, data, folder, preparation=preparation)
    return StartingPoint(
        model=options.source,
        network=network,
        data=data,
        calibration=path,
        settings=settings,
        preparation=preparation,
        trusted=trust_in(options, data),
        results=beside(folder / "model"),
    )
