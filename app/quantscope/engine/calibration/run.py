"""A calibration from its beginning, or going on from one that is stored.

Which samples were counted is known by their names: those of each source must be the first ones of
it, in the order in which it is run. Classes take turns in that order, whatever the limit, so that
more samples of a source follow those that were counted, and a run that is paused or ends early
has seen all classes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, pairwise

from quantscope.core.counting.calibration import Calibration, questions
from quantscope.core.counting.merging import merged
from quantscope.core.counting.statistics import TensorStatistics
from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import (
    counted_twice,
    is_same_source,
    joined_name,
    sources_of,
    split_names,
    untrusted,
)
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import LiveCounts, Progress
from quantscope.core.networks.migration import Migration
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine.calibration.one_pass import Stretch
from quantscope.engine.calibration.one_pass import calibrate as run_samples
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.description import loggable
from quantscope.engine.preparation.migration_search import find_migration
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.engine.sources.listing import in_turns
from quantscope.engine.sources.opening import open_screened
from quantscope.engine.sources.samples import SampleSource

Stop = Callable[[], bool]
Running = Generator[Progress | LiveCounts, None, tuple[Calibration, bool]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What an earlier run gives to this one: how many samples of each source were counted, and
    their statistics, with the numbers that samples have in this run."""

    counted: tuple[int, ...]
    statistics: dict[str, TensorStatistics]


def calibrate(
    model: str,
    data: DataDescription,
    only_quantized: bool,
    stop: Stop,
    preparation: PreparationChoices | None = None,
    basis: Calibration | None = None,
) -> Running:
    """One pass of ``data`` through ``model``; ``basis`` holds what was counted of it before.

    Returns the calibration, equal bit for bit to that of one run over all, and whether it came to
    its end (``False``: stopped before). Where other scales would migrate with the samples that
    are added, those of ``basis`` are counted again. Raises :class:`QuantscopeError` where
    ``basis`` is of another network, or not of the first samples of ``data``.
    """
    prepared, source, migration = yield from _with_migration(model, data, preparation, stop)
    if basis is not None:
        _check_model(prepared, basis)
    source, names = _in_order(source, data)
    tensors = _tensors(prepared.network, only_quantized, basis)
    known = _Known((0,) * len(names), {})
    if basis is not None and basis.migration == migration:
        known = _known_of(basis, data, names, tensors)
    stretches = _stretches(names, known.counted)
    statistics, done = yield from run_samples(
        prepared,
        source,
        tensors,
        stop,
        stretches=stretches,
        known=known.statistics,
        stable_after=data.stable_after,
    )
    counted = _counted(stretches, done)
    calibration = Calibration(
        fingerprint=prepared.network.fingerprint,
        data=untrusted(data),
        samples=done,
        sample_names=tuple(source.names[number] for number in counted),
        skipped=source.skipped,
        statistics=parameters_of(prepared) | _renumbered(statistics, counted, len(source)),
        migration=migration,
        left=len(source) - done,
    )
    if done:
        yield from _derive(prepared.network, calibration, stop)
    return calibration, done == len(source) or (data.stable_after > 0 and not stop())


def merge(
    model: str,
    runs: Sequence[Calibration],
    stop: Stop,
    preparation: PreparationChoices | None = None,
) -> Generator[Progress, None, Calibration]:
    """``runs`` of the network in the file ``model`` as one run over the samples of all.

    Raises :class:`QuantscopeError` where they are not of this network, or do not go together.
    """
    prepared = prepare(open_model(model), preparation, runs[0].migration)
    for run in runs:
        _check_model(prepared, run)
    together = reduce(merged, runs)
    yield from _derive(prepared.network, together, stop)
    return together


def _tensors(network: Network, only_quantized: bool, basis: Calibration | None) -> list[str]:
    """What is counted: the same as before, where some was."""
    if basis is None:
        return list(loggable(network, only_quantized=only_quantized))
    return [name for name in loggable(network) if name in basis.statistics]


def parameters_of(prepared: Prepared) -> dict[str, TensorStatistics]:
    """The statistics of weights, biases and constants."""
    tensors = prepared.network.tensors
    return {
        name: TensorStatistics.of_parameter(values, tensors[name].channel_axis)
        for name, values in prepared.parameters.items()
    }


# ---- the data ------------------------------------------------------------------------------------


def _with_migration(
    model: str, data: DataDescription, preparation: PreparationChoices | None, stop: Stop
) -> Generator[Progress, None, tuple[Prepared, SampleSource, Migration]]:
    """The network to calibrate, the data, and the divisors that a first pass found for it.

    Without any where none are asked for, or where the pass was stopped.
    """
    if preparation is None or not preparation.migrate:
        prepared = prepare(open_model(model), preparation)
        source = yield from open_screened(data, prepared.network.inputs, stop)
        return prepared, source, {}
    plain = prepare(open_model(model), preparation.with_choice("migrate", False))
    source = yield from open_screened(data, plain.network.inputs, stop)
    migration = (yield from find_migration(plain, source, stop)) or {}
    return prepare(open_model(model), preparation, migration), source, migration


def _in_order(
    source: SampleSource, data: DataDescription
) -> tuple[SampleSource, list[tuple[str, ...]]]:
    """``source`` with the classes of each source of ``data`` taking turns, and the names of each
    one's samples in this order."""
    sources = sources_of(data)
    names = split_names(len(sources), source.names)
    orders = [in_turns(own) for own in names]
    starts = accumulate(map(len, names), initial=0)
    places = [
        start + place for start, order in zip(starts, orders, strict=False) for place in order
    ]
    ordered = [
        tuple(own[place] for place in order) for own, order in zip(names, orders, strict=True)
    ]
    if twice := counted_twice(sources, ordered):
        raise _refused(f"{twice} is in two of the sources", data, "Leave one of the sources out")
    return source.picked(places), ordered


def _stretches(names: Sequence[Sequence[str]], counted: Sequence[int]) -> list[Stretch]:
    bounds = pairwise(accumulate(map(len, names), initial=0))
    return [Stretch(*ends, known) for ends, known in zip(bounds, counted, strict=True)]


def _counted(stretches: Sequence[Stretch], done: int) -> list[int]:
    """The numbers of the ``done`` samples that are counted now."""
    left = done - sum(stretch.counted for stretch in stretches)
    numbers: list[int] = []
    for stretch in stretches:
        new = min(left, stretch.end - stretch.start - stretch.counted)
        numbers.extend(range(stretch.start, stretch.start + stretch.counted + new))
        left -= new
    return numbers


def _renumbered(
    statistics: dict[str, TensorStatistics], counted: Sequence[int], samples: int
) -> dict[str, TensorStatistics]:
    """Samples numbered as the counted ones follow each other."""
    numbers = [0] * samples
    for new, old in enumerate(counted):
        numbers[old] = new
    return {name: each.renumbered(numbers) for name, each in statistics.items()}


# ---- what was counted before ---------------------------------------------------------------------


def _check_model(prepared: Prepared, basis: Calibration) -> None:
    if prepared.network.fingerprint != basis.fingerprint:
        raise QuantscopeError(
            "the statistics to go on from are of another network or preparation",
            where=prepared.source,
            remedy="Calibrate from the beginning",
        )


def _known_of(
    basis: Calibration,
    data: DataDescription,
    names: Sequence[Sequence[str]],
    tensors: Sequence[str],
) -> _Known:
    """What ``basis`` counted of ``data``, whose sources have samples ``names``."""
    before = sources_of(basis.data)
    counted = [0] * len(names)
    places: dict[str, int] = {}
    starts = list(accumulate((len(own) for own in names), initial=0))
    for number, own in enumerate(split_names(len(before), basis.sample_names)):
        place = _place_of(before[number], data)
        if tuple(names[place][: len(own)]) != own:
            raise _refused(
                f"the {len(own)} samples that were counted are not the first ones any more",
                before[number],
                "Calibrate from the beginning, as files were added, removed or renamed",
            )
        counted[place] = len(own)
        places |= {
            joined_name(number, len(before), name): starts[place] + position
            for position, name in enumerate(own)
        }
    numbers = [places[name] for name in basis.sample_names]
    statistics = {name: basis.statistics[name].renumbered(numbers) for name in tensors}
    return _Known(tuple(counted), statistics)


def _place_of(source: DataDescription, data: DataDescription) -> int:
    for place, each in enumerate(sources_of(data)):
        if is_same_source(each, source):
            return place
    raise _refused(
        "this source was counted, and is not in the data to go on with",
        source,
        "Calibrate from the beginning",
    )


def _refused(what: str, data: DataDescription, remedy: str) -> QuantscopeError:
    return QuantscopeError(what, where=data.path or "random data", remedy=remedy)


# ---- types ---------------------------------------------------------------------------------------


def _derive(
    network: Network, calibration: Calibration, stop: Stop
) -> Generator[Progress, None, None]:
    """Answer beforehand what a change of target, scheme or word length will ask.

    What is left when it is stopped is answered when it is asked.
    """
    asked = list(questions(network))
    for number, question in enumerate(asked, start=1):
        if stop():
            return
        calibration.choose(*question)
        if number % 50 == 0 or number == len(asked):
            yield Progress("types", number, len(asked))
