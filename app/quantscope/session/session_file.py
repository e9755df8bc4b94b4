"""The ``.qscope`` file: a zip of ``session.json`` and, in a folder, the calibration.

It refers to model and data by the path from its own folder and by the absolute path, in this
order, so that a folder with all three can be moved.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import joined, sources_of, takes_same, untrusted
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.report import ExportReport
from quantscope.core.networks.network import Layer, LayerKind, Network
from quantscope.core.planning.settings import PlanSettings
from quantscope.core.planning.targets import TARGETS, Target
from quantscope.session.archive import UNREADABLE, Archive, damaged, write_json, writing_json
from quantscope.session.atomic import atomic_writer, reaching_disk
from quantscope.session.calibration_file import (
    HEADER,
    SESSION_FOLDER,
    adding_calibration,
    calibration_in,
)
from quantscope.session.diagnosis import Diagnosis, LayersKnown
from quantscope.session.document import Document
from quantscope.session.prepared import prepared
from quantscope.session.sensitivity_file import beside, read_all
from quantscope.session.session import Results, Session
from quantscope.session.steps import Steps, finish
from quantscope.session.validations import ValidationRun

VERSION = 1
MEMBER = "session.json"
OTHER_FOLDER = "other/"  # the statistics of another preparation
DIAGNOSIS = "diagnosis.json"
VALIDATIONS = "validations.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The JSON member.

    ``near_model`` and, for each source, ``near_data`` are paths from the file's folder, empty
    where there is no such path. ``report_fits`` says that the report was made from the
    calibration in the file. ``other_network`` is the one whose statistics are kept beside it.
    """

    version: int
    document: Document
    near_model: str
    near_data: tuple[str, ...]
    network: Network | None
    report: ExportReport | None
    report_settings: PlanSettings | None
    report_fits: bool
    other_network: Network | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDiagnosis:
    """The JSON member for what was measured of the layers; files of earlier programs lack it."""

    version: int
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptValidations:
    """The JSON member for the validations made; files of earlier programs lack it."""

    version: int
    runs: tuple[ValidationRun, ...]


def save_session(session: Session, path: str | os.PathLike[str]) -> None:
    """Write ``session`` to ``path``, completely or not at all, and mark it as saved there.

    Raises :class:`QuantscopeError` where that cannot be, with the old file as it was.
    """
    finish(saving_session(session, path))


def saving_session(session: Session, path: str | os.PathLike[str]) -> Steps[None]:
    """:func:`save_session` in steps: what is written is the session as it is at the first."""
    target = Path(path).absolute()
    if _is_same(target, session.document.model):
        raise QuantscopeError(
            "is the model itself",
            where=str(target),
            remedy="Save the session under another name",
        )
    state, content = session.state, _content(session, target.parent)
    with atomic_writer(target) as file, zipfile.ZipFile(file, "w") as archive:
        yield from reaching_disk(file, _writing(archive, content, state.results))
    session.mark_saved(target, state)


def _writing(archive: zipfile.ZipFile, content: Content, results: Results) -> Steps[None]:
    yield from writing_json(archive, MEMBER, content)
    if results.calibration is not None:
        yield from adding_calibration(archive, results.calibration, SESSION_FOLDER)
    if results.other is not None:
        yield from adding_calibration(archive, results.other.calibration, OTHER_FOLDER)
    if results.diagnosis != Diagnosis():
        write_json(archive, DIAGNOSIS, KeptDiagnosis(version=VERSION, diagnosis=results.diagnosis))
    if results.validations:
        runs = KeptValidations(version=VERSION, runs=results.validations)
        write_json(archive, VALIDATIONS, runs)


def load_session(path: str | os.PathLike[str]) -> Session:
    """The session in the file ``path``: not modified, without history.

    Opens also where model or data are gone: ``missing`` names them. Raises
    :class:`QuantscopeError` where the file is not a session or contradicts itself.
    """
    return finish(_loading(path, whole=False))


def loading_session(path: str | os.PathLike[str]) -> Steps[Session]:
    """:func:`load_session` in steps, with all arrays: for those who can't wait for them."""
    return _loading(path, whole=True)


def _loading(path: str | os.PathLike[str], whole: bool) -> Steps[Session]:
    archive = Archive(path)
    yield
    content = yield from archive.reading_document(MEMBER, Content, VERSION)
    yield
    if problem := _objection(content):
        raise damaged(archive.path, problem)
    yield
    calibration = yield from _calibration_in(archive, SESSION_FOLDER, whole)
    other = yield from _calibration_in(archive, OTHER_FOLDER, whole)
    session = _session(content, calibration, other, archive.path.parent)
    if whole and session.calibration is not None:
        session.calibration.used()
        yield
    yield from _checking_plans(session, archive)
    session.attach_diagnosis(_diagnosis(archive, content, session))
    if VALIDATIONS in archive:
        session.attach_validations(archive.document(VALIDATIONS, KeptValidations, VERSION).runs)
    session.mark_saved(archive.path)
    return session


def _calibration_in(archive: Archive, folder: str, whole: bool) -> Steps[Calibration | None]:
    if folder + HEADER not in archive:
        return None
    found = yield from calibration_in(archive, folder, whole)
    yield
    return found


def _diagnosis(archive: Archive, content: Content, session: Session) -> Diagnosis:
    """What the file holds, and what the command line has put beside it since."""
    found = Diagnosis()
    if DIAGNOSIS in archive:
        found = archive.document(DIAGNOSIS, KeptDiagnosis, VERSION).diagnosis
    try:
        beside_it = read_all(beside(archive.path))
    except QuantscopeError:
        beside_it = ()  # whoever asks for that file by name is told
    found = found.joined(
        Diagnosis(layers=tuple(LayersKnown(sensitivity=each) for each in beside_it))
    )
    before, after = content.document.data, session.document.data
    if before is None or after is None:
        return found
    return found.moved(untrusted(before), after)


def _content(session: Session, folder: Path) -> Content:
    document, other = session.document, session.other_preparation
    return Content(
        version=VERSION,
        document=document,
        near_model=_near(document.model, folder),
        near_data=tuple(_near(path, folder) for path in _paths(document.data)),
        network=session.network,
        report=session.report,
        report_settings=session.report_settings,
        report_fits=session.report_fits_calibration,
        other_network=None if other is None else other.network,
    )


def _session(
    content: Content, calibration: Calibration | None, other: Calibration | None, folder: Path
) -> Session:
    document, missing = content.document, []
    if document.model:
        document = replace(document, model=_found(content.near_model, document.model, folder))
        missing += _if_missing(document.model)
    if document.data is not None:
        data = _located(untrusted(document.data), content.near_data, folder)
        calibration = _of_located(calibration, document.data, data)
        other = _of_located(other, document.data, data)
        document = replace(document, data=data)
        missing += [name for path in _paths(data) if path for name in _if_missing(path)]
    results = Results(
        network=content.network,
        calibration=calibration,
        report=content.report,
        report_settings=content.report_settings,
        report_calibration=calibration if content.report_fits else None,
        other=prepared(content.other_network, other),
    )
    session = Session(document, results)
    session.missing = tuple(missing)
    return session


def _of_located(
    calibration: Calibration | None, before: DataDescription, after: DataDescription
) -> Calibration | None:
    """``calibration`` of ``after``, where it was of ``before``."""
    if calibration is None or not takes_same(calibration.data, before):
        return calibration
    return replace(calibration, data=after)


def _paths(data: DataDescription | None) -> tuple[str, ...]:
    return () if data is None else tuple(source.path for source in sources_of(data))


def _located(data: DataDescription, near: tuple[str, ...], folder: Path) -> DataDescription:
    """``data`` with the path at which each of its sources is now."""
    found = [
        replace(source, path=_found(beside, source.path, folder)) if source.path else source
        for source, beside in zip(sources_of(data), near, strict=True)
    ]
    return joined(found, data)


def _near(path: str, folder: Path) -> str:
    """``path`` as seen from ``folder``; empty where they are on different drives."""
    if not path:
        return ""
    try:
        return PurePath(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def _found(near: str, absolute: str, folder: Path) -> str:
    """Where the file is now: beside the session if it is there, else where it was."""
    if near:
        beside = os.path.normpath(folder / near)
        if _exists(beside):
            return beside
    return absolute


def _if_missing(path: str) -> list[str]:
    return [] if _exists(path) else [path]


def _is_same(target: Path, model: str) -> bool:
    """Whether writing ``target`` would write the model, under whatever name."""
    return _exists(model) and target.exists() and target.samefile(model)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, a forbidden character
        return False


def _objection(content: Content) -> str:
    """What this program cannot work with; empty where all is well."""
    settings = [each.settings for each in content.document.variants]
    if content.report_settings is not None:
        settings.append(content.report_settings)
    objections = filter(None, map(_objection_to, settings))
    if objection := next(objections, "") or _objection_to_variants(content.document):
        return objection
    if len(content.near_data) != len(_paths(content.document.data)):
        return "it does not say where its data is"
    if not all(map(_is_sound, filter(None, (content.network, content.other_network)))):
        return "its network names layers or tensors that it does not describe"
    return ""


def _objection_to(settings: PlanSettings) -> str:
    target = TARGETS.get(settings.target)
    if target is None:
        return f"it is made for the target {settings.target[:80]!r}, which is not known here"
    if not _takes_words(target, settings):
        return f"it asks for word lengths that {target.title} does not take"
    return ""


def _objection_to_variants(document: Document) -> str:
    names = [each.name for each in document.variants]
    if len(set(names)) < len(names):
        return "it calls two variants alike"
    if document.place not in range(len(names)):
        return "it edits a variant that it does not have"
    return ""


def _takes_words(target: Target, settings: PlanSettings) -> bool:
    weights = settings.weight_word_length
    return (
        settings.word_length in target.word_lengths
        and (weights is None or weights in target.weight_word_lengths)
        and (target.float_biases or settings.bias_word_length in target.bias_word_lengths)
    )


def _is_sound(network: Network) -> bool:
    names = {layer.name for layer in network.layers}
    used = {name for layer in network.layers for name in (*layer.inputs, *layer.tensors)}
    return (
        used <= network.tensors.keys()
        and all(tensor.layer in names for tensor in network.tensors.values())
        and all(_has_parts(layer) for layer in network.layers)
    )


def _has_parts(layer: Layer) -> bool:
    """Whether a layer names what its kind promises."""
    if layer.kind is LayerKind.WEIGHTED:
        return layer.weights is not None and bool(layer.inputs)
    return True


def _checking_plans(session: Session, archive: Archive) -> Steps[None]:
    """Raise :class:`QuantscopeError` unless the statistics answer what plans ask."""
    other = session.other_preparation
    try:
        yield from session.planning()
        if other is not None:
            yield
            other.calibration.plan(other.network, session.document.settings)
    except (*UNREADABLE, AssertionError):
        raise damaged(archive.path, "its statistics do not fit its network") from None
