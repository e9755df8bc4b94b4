"""Going on from statistics that are there: with the rest of their data, or with other data."""

from __future__ import annotations

from dataclasses import replace

from quantscope.api.data import CalibrationOptions, agreement, whole_number
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import goes_on, sources_of, with_source
from quantscope.core.errors import QuantscopeError
from quantscope.session.session import Session


def grown_data(
    session: Session,
    added: DataDescription | None,
    options: CalibrationOptions,
    where: str,
    spelled: str = "data",
) -> DataDescription:
    """The data of ``session`` and what is ``added`` to it; without that, as much of its data as
    ``options`` say.

    Raises :class:`QuantscopeError` about the session, which is called ``where``, if that is
    nothing, or the options are of one source and it has several; data is named by ``spelled``.
    """
    data = session.document.data
    if added is not None:
        data = added if data is None else with_source(data, added)
    elif data is not None:
        data = _as_asked(data, options, where, spelled)
    else:
        raise QuantscopeError(
            "there is no data to calibrate with", where=where, remedy=f"Say which with {spelled}"
        )
    agreed = set(data.trusted.split())
    if options.get("trust_python"):
        agreed |= {agreement(each.path) for each in sources_of(data)} - {""}
    return replace(
        data,
        stable_after=whole_number(options, "stop_when_stable") or 0,
        trusted=" ".join(sorted(agreed)),
    )


def counted_samples(session: Session, data: DataDescription) -> int:
    """How many samples of ``data`` the statistics of ``session`` are of; 0 where a run can't go on
    from them."""
    counted, fingerprint = session.calibration, session.document.fingerprint
    fits = counted is not None and counted.fingerprint == fingerprint
    return counted.samples if fits and counted and goes_on(data, counted.data) else 0


def _as_asked(
    data: DataDescription, options: CalibrationOptions, where: str, spelled: str
) -> DataDescription:
    samples = whole_number(options, "samples", least=1)
    if samples is not None:
        if data.added:
            raise QuantscopeError(
                "the data has several sources, and a limit is one source's",
                where=where,
                remedy=f"Name the source with {spelled} as well",
            )
        data = replace(data, samples=samples)
    skipped = whole_number(options, "skip_unreadable")
    return replace(data, skip_unreadable=skipped or data.skip_unreadable)
