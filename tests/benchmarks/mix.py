"""What the accuracy goal finds: mixes of words, and how their files do on samples held out.

    python -m tests.benchmarks.mix --model M.onnx --calibration FOLDER --validation FOLDER
                                   --goal "cosine>=0.99" [--preprocess "0-255"] [--migrate]
                                   [--only-operators MatMul] [-o results.md]

Calibrates, measures the layers, searches the mix and exports it with corrected biases. Runs the
files in ONNX Runtime with its default optimizations on the samples of ``--validation`` and prints,
for the plan with all layers at 8 bits and for the mix: mean and smallest cosine similarity of the
output to that of the float network, the shares of samples with the same nearest neighbour among
the others and with the same largest entry, and the share of all multiplications (of MatMul,
Gemm and Conv, counted in the file; in parentheses as the search counts) on 8-bit integers.
Then the curve of accuracy against cost that the search measured on the calibration samples.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind, parse_preprocessing
from quantscope.core.diagnosis.mixing import CostFactors, Level, MeasuredMix, MixFound, parse_goal
from quantscope.core.diagnosis.sensitivity import basis_of
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine import tasks
from quantscope.engine.diagnosis.sensitivity import Effort
from quantscope.engine.sources.opening import open_source
from tests.benchmarks.exporting import finish
from tests.benchmarks.transformer import Array, Samples, multiplications, nearest, vectors


def never() -> bool:
    """No stop."""
    return False


def described(path: str, preprocess: str | None) -> DataDescription:
    """The folder ``path``: of pictures where they are preprocessed, of ``.npz`` files otherwise."""
    folder = str(Path(path).absolute())
    if preprocess is None:
        return DataDescription(kind=SourceKind.NPZ_FOLDER, path=folder)
    chain = parse_preprocessing(preprocess)
    return DataDescription(kind=SourceKind.IMAGES, path=folder, preprocessing=chain)


class Search:
    """A model calibrated as the arguments say, and the mix that meets their goal."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.model = arguments.model
        self.choices = PreparationChoices(migrate=arguments.migrate)
        only = frozenset(arguments.only_operators)
        self.settings = PlanSettings(only_operators=only, correct_bias=True)
        data = described(arguments.calibration, arguments.preprocess)
        steps = tasks.calibrate(self.model, data, False, never, self.choices)
        self.calibration: Calibration = finish(steps)[0]
        self.network: Network = tasks.describe(self.model, self.choices)
        self.found, self.seconds = self._search(arguments)

    def _search(self, arguments: argparse.Namespace) -> tuple[MixFound, tuple[float, float]]:
        start = time.perf_counter()
        study = tasks.study(self.model, self.calibration, self.settings, never, self.choices)
        basis = basis_of(self.calibration, self.settings, arguments.layer_samples)
        known = finish(study.layers(basis, None, Effort()))
        middle = time.perf_counter()
        goal = parse_goal(arguments.goal)
        found: MixFound = finish(study.mix(known, goal, CostFactors(), arguments.samples))
        return found, (middle - start, time.perf_counter() - middle)

    def export(self, settings: PlanSettings, path: Path) -> Path:
        """Write the file under ``settings``."""
        steps = tasks.export(
            self.model, self.calibration, settings, str(path), 1, True, never, self.choices
        )
        finish(steps)
        return path


def row(name: str, path: Path, true: Array, samples: Samples, narrow: float) -> str:
    """One line of the table."""
    found = vectors(path, samples)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(true, axis=1)
    cosines = (found * true).sum(axis=1) / lengths
    same = (nearest(found) == nearest(true)).mean()
    agreeing = (found.argmax(axis=1) == true.argmax(axis=1)).mean()
    total, small = multiplications(path, samples)
    shares = f"{small / total:.1%} ({narrow:.1%})"
    return (
        f"| {name} | {cosines.mean():.4f} | {cosines.min():.4f} | {same:.0%} | {agreeing:.1%} "
        f"| {shares} |"
    )


def point(network: Network, measured: MeasuredMix, chosen: bool) -> str:
    """One line of the curve."""
    cost, deviation = measured.cost, measured.deviation
    raised = [list(measured.raised.values()).count(level) for level in (Level.WIDE, Level.FLOAT)]
    figures = f"{deviation.sqnr:.1f} dB | {deviation.cosine:.4f}"
    mark = "**" if chosen else ""
    return (
        f"| {mark}{cost.relative:.3f}{mark} | {cost.narrow:.1%} | {raised[0]} | {raised[1]} "
        f"| {figures} |"
    )


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The report, line by line as it is found."""
    inputs = tasks.describe(arguments.model).inputs
    held_out = described(arguments.validation, arguments.preprocess)
    samples = list(open_source(held_out, inputs))
    true = vectors(Path(arguments.model), samples)
    versions = f"onnxruntime {onnxruntime.__version__}, {platform.machine()}"
    subject = f"{Path(arguments.model).name}, {len(samples)} samples held out"
    yield f"{subject}, {versions}, {datetime.now(UTC):%Y-%m-%d}"
    search = Search(arguments)
    found, (measuring, searching) = search.found, search.seconds
    yield (
        f"Goal {found.goal} on {found.samples} samples of the calibration data"
        f"{', scales migrated' if arguments.migrate else ''}: "
        f"{'met' if found.reached else 'not met'}; layers measured in {measuring:.0f} s, "
        f"mix searched in {searching:.0f} s."
    )
    yield ""
    yield (
        "| file | mean cosine | smallest | same neighbour | same largest entry | "
        "multiplications in 8 bits |"
    )
    yield "|---|---|---|---|---|---|"
    mix = found.best.mix.apply(search.settings)
    with tempfile.TemporaryDirectory() as name:
        for title, settings, narrow in (
            ("8 bits", search.settings, 1.0),
            ("mix", mix, found.best.cost.narrow),
        ):
            path = search.export(settings, Path(name) / "file.onnx")
            yield row(title, path, true, samples, narrow)
    yield ""
    yield from raised(search)
    yield ""
    yield "| cost | at 8 bits | layers at 16 bits | layers in float | SQNR | cosine |"
    yield "|---|---|---|---|---|---|"
    for each in found.curve:
        yield point(search.network, each, each == found.best)


def raised(search: Search) -> Iterator[str]:
    """Which layers the mix raises."""
    for level in (Level.WIDE, Level.FLOAT):
        names = [name for name, at in search.found.best.raised.items() if at is level]
        labels = ", ".join(search.network.layer(name).label for name in names)
        yield f"{level}: {labels or 'none'}."


def main() -> int:
    """Print the report, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", required=True)
    parser.add_argument("--calibration", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--goal", required=True)
    parser.add_argument("--preprocess", help="of pictures; left out, folders hold .npz files")
    parser.add_argument("--migrate", action="store_true")
    parser.add_argument("--only-operators", nargs="+", default=[])
    parser.add_argument("--samples", type=int, default=64, help="that judge each mix")
    parser.add_argument("--layer-samples", type=int, default=16, help="that measure each layer")
    parser.add_argument("-o", "--output", help="also write the report to this file")
    arguments = parser.parse_args()
    found = []
    for line in lines(arguments):
        print(line, flush=True)
        found.append(line)
    if arguments.output:
        Path(arguments.output).write_text("\n".join(found) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
