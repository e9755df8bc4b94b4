"""Verification: the exported file, reopened, against what was promised and against float.

Nothing here trusts the program's own view of the file: it is checked, loaded by the runtime
with its default optimizations, and run on samples of the calibration data beside the same
file unoptimized and the float network.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from quantscope.core.counting.calibration import Calibration
from quantscope.core.errors import QuantscopeError
from quantscope.core.events import Progress
from quantscope.core.findings.report import (
    ExportReport,
    LayerKernel,
    OutputAccuracy,
    TensorAccuracy,
)
from quantscope.core.networks.network import LayerKind, Role
from quantscope.core.numbers.formats import ChannelScaled, DataType
from quantscope.core.numbers.rounding import Ties
from quantscope.core.numbers.stored import written_type
from quantscope.core.planning.plan import Plan
from quantscope.core.planning.prediction import predict
from quantscope.engine.calibration.batching import Batch
from quantscope.engine.export.integer_ports import Feed, IntegerPorts, ports_of
from quantscope.engine.export.rewritten import Rewritten
from quantscope.engine.export.runtime_kernels import kernels_of
from quantscope.engine.export.stored_parameters import stored_integers
from quantscope.engine.export.tallies import Floats, NoiseTally, OutputTally
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.runtime import Optimization, runtime_errors, start_session
from quantscope.engine.simulation.comparison import Simulated, simulate

Arrays = dict[str, npt.NDArray[np.generic]]
_REPORT = "Report this: the file should be one that ONNX Runtime takes"


@dataclass
class _Sums:
    """What the samples add up to. ``by_default``: likewise ``outputs`` where products saturate."""

    samples: int = 0
    difference: float = 0.0
    outputs: dict[str, OutputTally] = field(default_factory=dict)
    by_default: dict[str, OutputTally] = field(default_factory=dict)
    alone: dict[str, NoiseTally] = field(default_factory=dict)
    in_network: dict[str, NoiseTally] = field(default_factory=dict)


@dataclass(frozen=True)
class Verification:
    """All that one verification needs. ``batches`` yields samples of the calibration data.

    ``prepared`` has the biases that were written. Where they were corrected, ``reference`` is
    the float network as it came, with which the file is compared. ``saturates``: this machine's
    products of bytes do by default, so that the file is run that way too.
    """

    prepared: Prepared
    rewritten: Rewritten
    plan: Plan
    calibration: Calibration
    path: Path
    batches: Sequence[Callable[[], Batch]]
    reference: Prepared | None = None
    saturates: bool = False

    def run(self, stop: Callable[[], bool]) -> Generator[Progress, None, ExportReport]:
        """Check, run and compare; yields progress by batch, returns the report."""
        _check_file(self.path)
        kernels = kernels_of(self.path, self.prepared.network, self.plan.placement.layers)
        sums = yield from self._compare(stop)
        found = Simulated() if stop() else self._simulated()
        network = self.prepared.network
        reasons = self.plan.placement.reasons
        return ExportReport(
            path=str(self.path),
            target=self.plan.settings.target,
            samples=sums.samples,
            random_data=self.calibration.data.is_random,
            opset=self.rewritten.model.opset_imports.get("", 0),
            file_bytes=self.path.stat().st_size,
            source_bytes=self.prepared.source_bytes,
            largest_difference=sums.difference,
            outputs=_accuracies(sums.outputs, sums.samples),
            outputs_by_default=_accuracies(sums.by_default, sums.samples),
            kernels=kernels,
            tensors=(*self._parameters(), *self._activations(sums)),
            float_layers=tuple(
                (layer.label, reasons[layer.name])
                for layer in network.layers
                if layer.kind is not LayerKind.INPUT and layer.name in reasons
            ),
            notes=tuple(self._notes()),
            warnings=tuple(self._warnings(kernels, sums, found)),
            simulation=found.differences,
            not_simulated=found.missing,
            integer_inputs=tuple(self._ports.inputs.values()),
            integer_outputs=tuple(self._ports.outputs.values()),
        )

    @cached_property
    def _ports(self) -> IntegerPorts:
        """The ports that the file has in integers where the float network has floats."""
        file = onnx.load(self.path, load_external_data=False)
        return ports_of(file, self.prepared.network.float_ports)

    def _run(self, session: onnxruntime.InferenceSession, batch: Batch) -> Arrays:
        """The exported file's outputs, those in integers as reals."""
        return self._ports.reals(_run(session, self._ports.feed(batch.feed)))

    def _simulated(self) -> Simulated:
        batch = self.batches[0]()
        network, layers = self.prepared.network, self.plan.placement.layers
        return simulate(self.path, network, layers, self._ports.feed(batch.feed))

    def _compare(self, stop: Callable[[], bool]) -> Generator[Progress, None, _Sums]:
        tapped = self._tapped()
        names = [port.name for port in self.prepared.network.outputs]
        inputs = {port.name for port in self.prepared.network.inputs}
        wanted = [name for name in tapped if name not in inputs and name not in names]
        plain = start_session(
            (self.reference or self.prepared).serialized(wanted),
            optimized=Optimization.NONE,
            where=self.path.name,
        )
        default = start_session(self.path)
        shown = start_session(self._with_frontier())
        unoptimized = start_session(
            self._with_taps([*tapped, *self._frontier()]), optimized=Optimization.NONE
        )
        by_default = start_session(self.path, exact_products=False) if self.saturates else None
        sums = _Sums(outputs={name: OutputTally() for name in names})
        sums.by_default = {name: OutputTally() for name in names} if self.saturates else {}
        sums.alone = {name: NoiseTally() for name in tapped}
        sums.in_network = {name: NoiseTally() for name in tapped}
        for number, fetch in enumerate(self.batches):
            if stop():
                break
            batch = fetch()
            with runtime_errors(self.path.name, _REPORT):
                true = {**_run(plain, batch.feed), **batch.feed}
                seen = {**self._run(shown, batch), **self._run(default, batch)}
                slow = self._run(unoptimized, batch)
                saturated = self._run(by_default, batch) if by_default is not None else {}
            sums.samples += batch.used
            _add_outputs(sums.outputs, batch, true, seen)
            _add_outputs(sums.by_default, batch, true, saturated)
            self._add_tensors(sums, batch, true, seen, slow)
            yield Progress("verification", number + 1, len(self.batches))
        return sums

    def _tapped(self) -> list[str]:
        """The activations at which values are rounded."""
        tensors = self.prepared.network.tensors
        return [
            name
            for group in self.plan.placement.groups
            for name in group.sources
            if tensors[name].role is Role.ACTIVATION and name in self.rewritten.restored
        ]

    def _with_taps(self, tapped: list[str]) -> bytes:
        """The exported file as bytes, with its dequantized tensors as outputs."""
        model = onnx.load(self.path)
        known = {output.name for output in model.graph.output}
        for name in tapped:
            restored = self.rewritten.restored[name]
            if restored not in known:
                model.graph.output.add().name = restored
                known.add(restored)
        return bytes(model.SerializeToString())

    def _add_tensors(
        self, sums: _Sums, batch: Batch, true: Arrays, seen: Arrays, slow: Arrays
    ) -> None:
        for name in self._frontier():
            restored = self.rewritten.restored[name]
            fast = seen[restored] if restored in seen else seen[_shown(restored)]
            gap = np.abs(_own(batch, fast) - _own(batch, slow[restored]))
            steps = float(gap.max(initial=0.0)) / self.plan.types[name].step
            sums.difference = max(sums.difference, round(steps, 3))
        for name, noise in sums.alone.items():
            exact = _own(batch, true[name])
            noise.add(exact, self.plan.types[name].cast(exact, Ties.EVEN))
            sums.in_network[name].add(exact, _own(batch, slow[self.rewritten.restored[name]]))

    def _frontier(self) -> list[str]:
        """The quantized tensors from which the network's outputs are computed in float."""
        makers = {name: layer for layer in self.prepared.network.layers for name in layer.outputs}
        waiting = [port.name for port in self.prepared.network.outputs]
        found: dict[str, None] = {}
        while waiting:
            name = waiting.pop()
            if name in self.rewritten.restored:
                found[name] = None
            elif name in makers:
                waiting += makers.pop(name).inputs
        return list(found)

    def _with_frontier(self) -> bytes:
        """The exported file with the frontier as further outputs.

        Each is shown through a Clip to its type's range, which changes nothing: the runtime
        picks its kernels by who reads a DequantizeLinear, and that must stay one node.
        """
        model = onnx.load(self.path)
        outputs = {output.name for output in model.graph.output}
        for name in self._frontier():
            restored, data_type = self.rewritten.restored[name], self.plan.types[name]
            if restored in outputs:
                continue
            shown = _shown(restored)
            for node in model.graph.node:
                node.input[:] = [shown if entry == restored else entry for entry in node.input]
            bounds = (("low", data_type.minimum), ("high", data_type.maximum))
            for end, number in bounds:
                tensor = onnx.numpy_helper.from_array(
                    np.asarray(number, np.float32), f"{shown}_{end}"
                )
                model.graph.initializer.append(tensor)
            clip = onnx.helper.make_node(
                "Clip", [restored, f"{shown}_low", f"{shown}_high"], [shown]
            )
            maker = next(i for i, node in enumerate(model.graph.node) if restored in node.output)
            model.graph.node.insert(maker + 1, clip)
            model.graph.output.add().name = shown
        return bytes(model.SerializeToString())

    def _parameters(self) -> list[TensorAccuracy]:
        """Weights and biases: predicted, and measured on the integers that the file holds.

        Both against the values that were calibrated. Weights that were rounded to make up for
        one another measure less than predicted, which is what rounding to nearest would cost.
        """
        found = []
        held = {entry.name: entry for entry in onnx.load(self.path).graph.initializer}
        for name, values in self.prepared.parameters.items():
            if name not in self.plan.types:
                continue
            written = written_type(self.prepared.network, self.plan, name)
            stored = onnx.numpy_helper.to_array(held[self.rewritten.parameters[name]]).astype(
                np.int64
            )
            expected = stored_integers(self.prepared, self.plan, name)
            if not np.array_equal(stored, expected):
                raise QuantscopeError(
                    "the file holds other integers than were written",
                    where=f"{self.path}, {name}",
                    remedy="Check the disk and export again",
                )
            known = self.calibration.statistics[name].values
            noise = NoiseTally()
            noise.add(values if known is None else known, _restore(stored, written))
            found.append(self._accuracy(name, noise.decibels, None))
        return found

    def _activations(self, sums: _Sums) -> list[TensorAccuracy]:
        return [
            self._accuracy(name, noise.decibels, sums.in_network[name].decibels)
            for name, noise in sums.alone.items()
        ]

    def _accuracy(self, name: str, measured: float, in_network: float | None) -> TensorAccuracy:
        data_type = self.plan.types[name]
        predicted = predict(self.calibration.statistics[name], data_type)
        return TensorAccuracy(
            tensor=name,
            data_type=data_type.label(),
            predicted=predicted.sqnr_db,
            measured=measured,
            in_network=in_network,
        )

    def _notes(self) -> Iterator[str]:
        network = self.prepared.network
        for name, text in self.plan.notes.items():
            yield f"{network.layer(name).label}: {text}"
        if self.plan.settings.integer_ports:
            integer = {*self._ports.inputs, *self._ports.outputs}
            for name in sorted(network.float_ports - integer):
                yield f"{name} is handed over in float: {self.plan.placement.reasons[name]}"

    def _warnings(
        self, kernels: tuple[LayerKernel, ...], sums: _Sums, simulated: Simulated
    ) -> list[str]:
        found = []
        if self.calibration.data.is_random:
            found.append("Calibrated on random data: ranges and accuracy mean nothing")
        floats = [kernel.label for kernel in kernels if not kernel.integer]
        if floats:
            names = _listed(floats)
            found.append(f"ONNX Runtime has no integer kernel here for {names}; it runs in float")
        if off := simulated.off():
            found.append(
                f"The result is more than a step from integer arithmetic in {_listed(off)}"
            )
        if sums.difference > 1.0:
            found.append(
                f"The runtime's optimizations change the result by {sums.difference:.1f} steps"
            )
        conflicts = self.plan.conflicts.items()
        found += [f"{name} is pinned, but {reason}" for name, reason in conflicts]
        return found


def _listed(names: Sequence[str]) -> str:
    """The first of them."""
    return ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")


def _shown(restored: str) -> str:
    """The name under which a dequantized tensor is shown for comparison."""
    return f"{restored}_shown"


def _check_file(path: Path) -> None:
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = " ".join(str(error).split())[:300]
        raise QuantscopeError(
            f"the exported file does not pass the ONNX checker ({reason})",
            where=str(path),
            remedy="Report this with the model: the file was removed",
        ) from error


def _run(session: onnxruntime.InferenceSession, feed: Feed) -> Arrays:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, dict(feed)), strict=True))


def _own(batch: Batch, values: npt.NDArray[np.generic]) -> Floats:
    return np.asarray(batch.own(values))


def _add_outputs(tallies: dict[str, OutputTally], batch: Batch, true: Arrays, seen: Arrays) -> None:
    for name, tally in tallies.items():
        tally.add(_own(batch, true[name]), _own(batch, seen[name]), batch.used)


def _accuracies(tallies: dict[str, OutputTally], samples: int) -> tuple[OutputAccuracy, ...]:
    return tuple(
        OutputAccuracy(output=name, sqnr=tally.noise.decibels, agreement=tally.agreement(samples))
        for name, tally in tallies.items()
    )


def _restore(stored: npt.NDArray[np.int64], written: DataType) -> npt.NDArray[np.float64]:
    """The reals behind stored integers."""
    steps: npt.NDArray[np.float64] | float = written.step
    if isinstance(written, ChannelScaled):
        steps = written.steps_for(stored.shape)
    return np.asarray((stored - written.zero_point) * steps, dtype=np.float64)
