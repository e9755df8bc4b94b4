"""Runs several files over the same samples, as the runtime runs them, and splits their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from quantscope.core.errors import QuantscopeError
from quantscope.core.metrics.labels import Array
from quantscope.engine.calibration.batching import Batch, Feed, batches
from quantscope.engine.export import saturation
from quantscope.engine.export.integer_ports import IntegerPorts, ports_of
from quantscope.engine.runtime import runtime_errors, start_session
from quantscope.engine.sources.samples import SampleSource

Outputs = dict[str, Array]
COMPARED = 32  # samples on which exact products are compared with the runtime's defaults


@dataclass(frozen=True, eq=False)
class Runner:
    """One file, run with the runtime's default optimizations.

    ``by_default`` is the same session, or one with inexact products where the runtime's defaults
    mean those on this machine.
    """

    path: Path
    session: onnxruntime.InferenceSession
    by_default: onnxruntime.InferenceSession
    ports: IntegerPorts

    @classmethod
    def of(cls, path: Path, floats: frozenset[str]) -> Runner:
        """``floats`` are the ports that the float network has in float."""
        session = by_default = start_session(path)
        if saturation.products_saturate():
            by_default = start_session(path, exact_products=False)
        ports = ports_of(onnx.load(path, load_external_data=False), floats)
        return cls(path, session, by_default, ports)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of its outputs."""
        return tuple(each.name for each in self.session.get_outputs())

    def feed(self, feed: Feed) -> Feed:
        """What the session takes: integers where it has integer inputs."""
        return self.ports.feed(feed)

    def run(self, batch: Batch, *, by_default: bool = False) -> Outputs:
        """All outputs in reals, without what belongs to copies."""
        session = self.by_default if by_default else self.session
        with runtime_errors(str(self.path), "Check that the data fits the network"):
            values = session.run(None, dict(self.feed(batch.feed)))
        found = dict(zip(self.outputs, map(np.asarray, values), strict=True))
        return {name: batch.own(value) for name, value in self.ports.reals(found).items()}


def runners(exact: Path, variants: Sequence[Path]) -> tuple[Runner, ...]:
    """The float file first; all must have its inputs and outputs.

    Raises :class:`QuantscopeError` where the runtime refuses a file or ports differ.
    """
    first = Runner.of(exact, frozenset())
    ports = [*first.session.get_inputs(), *first.session.get_outputs()]
    floats = frozenset(port.name for port in ports if port.type == "tensor(float)")
    found = [first, *(Runner.of(path, floats) for path in variants)]
    for each in found[1:]:
        _check_ports(first, each)
    return tuple(found)


def saturating(files: Sequence[Runner], source: SampleSource) -> Iterator[str]:
    """A sentence for each file whose results differ by the runtime's defaults on this machine."""
    for each in files:
        if each.by_default is each.session:
            continue
        read = [fetch() for fetch in batches(source, COMPARED)]
        changed = sum(_differs(each.run(b), each.run(b, by_default=True)) for b in read)
        if changed:
            yield (
                f"{each.path.name}: this processor has no VNNI, and by ONNX Runtime's defaults sums"
                f" of 8-bit products saturate on it (in {changed} of {len(read)} runs compared)."
                " The figures are of exact products: set session.x64quantprecision to 1 for those"
            )


def _differs(one: Outputs, other: Outputs) -> bool:
    return any(not np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def _check_ports(first: Runner, other: Runner) -> None:
    for what, mine, wanted in (
        ("inputs", _names(other.session.get_inputs()), _names(first.session.get_inputs())),
        ("outputs", _names(other.session.get_outputs()), _names(first.session.get_outputs())),
    ):
        if set(mine) != set(wanted):
            raise QuantscopeError(
                f"its {what} are {', '.join(mine)} and those of the float network are "
                f"{', '.join(wanted)}",
                where=str(other.path),
                remedy="Compare files that were made from the same network",
            )


def _names(ports: Sequence[onnxruntime.NodeArg]) -> list[str]:
    return [port.name for port in ports]


def answers(
    files: Sequence[Runner], source: SampleSource
) -> Iterator[tuple[int, tuple[Outputs, ...]]]:
    """The number of each sample and what each of ``files`` gives for it, in order."""
    number = 0
    for read in batches(source, len(source)):
        batch = read()
        found = [each.run(batch) for each in files]
        for place in range(batch.used):
            yield number, tuple(_sample(outputs, place, batch) for outputs in found)
            number += 1


def _sample(outputs: Outputs, place: int, batch: Batch) -> Outputs:
    """One sample's part of each output, with its leading axis; all of it for a single one."""
    if batch.size == 1:
        return outputs
    return {name: _part(values, place, batch.used) for name, values in outputs.items()}


def _part(values: Array, place: int, used: int) -> Array:
    if not values.ndim or len(values) % used:
        return values
    each = len(values) // used
    return values[place * each : (place + 1) * each]
