"""Accuracy of a transformer's exported files: sentence vectors against those of the float network.

    python tests/benchmarks/transformer.py --model M.onnx --calibration FOLDER --validation FOLDER
                                           [-o results.md]

Folders hold one ``.npz`` with the network's inputs for each sample. Calibrates everything on the
same samples and runs every file in ONNX Runtime with its default optimizations. Prints for each:
mean and smallest cosine similarity of the output vectors to the float ones, the share of samples
with the same nearest neighbour among the others, the mean signal to noise ratio, and the share of
all MatMul multiplications (those of two activations included) that work on 8-bit integers.

Recovered: scales migrated between normalization and products, weights rounded to make up for each
other, biases corrected.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnxruntime import quantization
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from tests.benchmarks import keeping, networks
from tests.benchmarks.exporting import Reader, Workshop, silence
from tests.benchmarks.keeping import versions
from tests.benchmarks.networks import Case
from tests.benchmarks.scoring import mean_sqnr

Array = np.ndarray[Any, Any]
Samples = Sequence[Mapping[str, Array]]
ONLY_PRODUCTS = PlanSettings(only_operators=frozenset({"MatMul", "Gemm"}))
RECOVERED = "ours, recovered, products only"
ALL_OPERATORS = "ours, recovered, all operators"
BEST = replace(ONLY_PRODUCTS, weight_rounding=WeightRounding.COMPENSATED, correct_bias=True)
BEST_OF_ALL = replace(BEST, only_operators=frozenset())
GOAL = 0.97
MOVERS = ("DequantizeLinear", "Transpose", "Reshape")
EIGHT_BITS = (TensorProto.UINT8, TensorProto.INT8)
COUNTED = 20  # samples on which multiplications are counted


# ---- files -------------------------------------------------------------------------------------


def peers(workshop: Workshop) -> Iterator[tuple[str, Path]]:
    """What the runtime's own quantizer makes with MinMax: of all operators, and of products.

    Its other two methods keep every value of every sample in memory.
    """
    case, path = workshop.case, workshop.folder / "peer.onnx"
    kinds = quantization.QuantType
    for operators, kind, per_channel in product(
        (None, ["MatMul"]), (kinds.QUInt8, kinds.QInt8), (True, False)
    ):
        with silence():
            quantization.quantize_static(
                case.model,
                str(path),
                Reader(case.samples(case.calibration)),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=kind,
                weight_type=kinds.QInt8,
                per_channel=per_channel,
                op_types_to_quantize=operators,
            )
        what = "MatMul only" if operators else "all operators"
        scales = "per channel" if per_channel else "per tensor"
        yield f"quantize_static, {what}, {kind.name[1:]} x Int8, {scales}", path


def ours(workshop: Workshop) -> Iterator[tuple[str, Path]]:
    """Ours: plain, with migrated scales by scheme, and recovered."""
    plain, migrated = PreparationChoices(), PreparationChoices(migrate=True)
    yield "ours, plain, all operators", workshop.ours(PlanSettings(), plain)
    yield "ours, plain, products only", workshop.ours(ONLY_PRODUCTS, plain)
    for scheme in Scheme:
        path = workshop.ours(ONLY_PRODUCTS.with_scheme(scheme), migrated)
        yield f"ours, migrated, products only, {scheme}", path
    for title, settings in ((ALL_OPERATORS, BEST_OF_ALL), (RECOVERED, BEST)):
        yield title, workshop.ours(settings, migrated)


# ---- figures -----------------------------------------------------------------------------------


def session_of(model: Path | bytes, *, optimized: bool = True) -> onnxruntime.InferenceSession:
    """With the runtime's default optimizations, or as it is written."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.x64quantprecision", "1")  # as with VNNI
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    given = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])


def loads(model: Path) -> bool:
    """Whether the runtime can optimize the file: it fails on some of the peer's."""
    try:
        session_of(model)
    except Fail:
        return False
    return True


def vectors(model: Path, samples: Samples, *, optimized: bool = True) -> Array:
    """The first output for every sample, (samples, width), as float64."""
    session = session_of(model, optimized=optimized)
    outputs = [session.run(None, dict(sample))[0].reshape(-1) for sample in samples]
    return np.stack(outputs).astype(np.float64)


def nearest(found: Array) -> Array:
    """The number of the most similar other sample, for each."""
    units = found / np.linalg.norm(found, axis=1, keepdims=True)
    similar = units @ units.T
    np.fill_diagonal(similar, -np.inf)
    closest: Array = similar.argmax(axis=1)
    return closest


def multiplications(path: Path, samples: Samples) -> tuple[int, int]:
    """All multiplications of MatMul, Gemm and Conv on some samples, and those of 8-bit integers."""
    model = onnx.load(path)
    makers = {output: node for node in model.graph.node for output in node.output}
    stored = {each.name: each for each in model.graph.initializer}
    products = [n for n in model.graph.node if n.op_type in ("MatMul", "Gemm", "Conv")]
    narrow = [all(_is_narrow(name, makers, stored) for name in n.input[:2]) for n in products]
    del model.graph.output[:]
    taps = [name for node in products for name in (node.input[0], node.output[0])]
    names = list(dict.fromkeys(taps))
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = session_of(model.SerializeToString(), optimized=False)
    totals = [0, 0]
    for sample in samples[:COUNTED]:
        shapes = dict(zip(names, (v.shape for v in session.run(names, dict(sample))), strict=True))
        for node, is_narrow in zip(products, narrow, strict=True):
            summed = shapes[node.input[0]][-1:]
            if node.op_type == "Conv":
                summed = stored[_source(node.input[1], makers)].dims[1:]
            count = int(np.prod(shapes[node.output[0]])) * int(np.prod(summed))
            totals[0] += count
            totals[1] += count if is_narrow else 0
    return totals[0], totals[1]


def _source(name: str, makers: Mapping[str, onnx.NodeProto]) -> str:
    """What a value comes from, past what changes its type or shape alone."""
    while (maker := makers.get(name)) is not None and maker.op_type in MOVERS:
        name = maker.input[0]
    return name


def _is_narrow(
    name: str, makers: Mapping[str, onnx.NodeProto], stored: Mapping[str, onnx.TensorProto]
) -> bool:
    """Whether a value is read from 8-bit integers."""
    maker = makers.get(name)
    while maker is not None and maker.op_type in ("Transpose", "Reshape"):
        maker = makers.get(maker.input[0])
    if maker is None or maker.op_type != "DequantizeLinear":
        return False
    entry = stored.get(maker.input[2] if len(maker.input) > 2 else maker.input[0])
    return entry is not None and entry.data_type in EIGHT_BITS


@dataclass(frozen=True)
class Figures:
    """How close the vectors of one file are to the float ones; shares and cosines 0..1."""

    name: str
    mean: float
    smallest: float
    same_neighbour: float
    sqnr: float
    narrow: float

    @classmethod
    def of(cls, name: str, path: Path, true: Array, samples: Samples) -> Figures:
        """Those of the file at ``path``."""
        optimized = loads(path)
        found = vectors(path, samples, optimized=optimized)
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(true, axis=1)
        cosines = (found * true).sum(axis=1) / lengths
        same = (nearest(found) == nearest(true)).mean()
        total, narrow = multiplications(path, samples)
        decibels = mean_sqnr(found, true)
        name += "" if optimized else ", unoptimized (the runtime fails to optimize it)"
        return cls(name, cosines.mean(), cosines.min(), same, decibels, narrow / total)

    def row(self) -> str:
        """One line of the table."""
        shares = f"{100 * self.same_neighbour:.0f} % | {self.sqnr:.1f} dB"
        figures = f"{self.mean:.4f} | {self.smallest:.4f} | {shares} | {100 * self.narrow:.1f} %"
        return f"| {self.name} | {figures} |"


def verdict(found: Sequence[Figures]) -> str:
    """What the project's goal says to the recovered file."""
    (each,) = (each for each in found if each.name == RECOVERED)
    met = "yes" if each.mean >= GOAL else "NO"
    return f"Products at 8 bits, recovered, mean cosine at least {GOAL}: {met} ({each.mean:.4f})"


def lines(case: Case) -> Iterator[str]:
    """The table, line by line as it is found, and the verdict."""
    calibration, samples = case.samples(case.calibration), list(case.samples(case.validation))
    true = vectors(Path(case.model), samples)
    counts = f"{len(calibration)} samples to calibrate, {len(samples)} to compare"
    yield f"{case.name}, {counts}, {versions()}"
    yield ""
    yield (
        "| setting | mean cosine | smallest | same neighbour | mean SQNR | "
        "multiplications in 8 bits |"
    )
    yield "|---|---|---|---|---|---|"
    found = [Figures.of("float", Path(case.model), true, samples)]
    yield found[0].row()
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(case, Path(folder))
        for name, path in chain(peers(workshop), ours(workshop)):
            found.append(Figures.of(name, path, true, samples))
            yield found[-1].row()
    yield ""
    yield verdict(found)


def main() -> int:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    networks.add_options(parser)
    keeping.add_options(parser)
    arguments = parser.parse_args()
    found = (line for case in networks.chosen(arguments) for line in lines(case))
    return keeping.deliver(found, arguments)


if __name__ == "__main__":
    sys.exit(main())
