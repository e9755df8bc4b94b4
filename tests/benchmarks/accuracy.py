"""Accuracy of exported files beside those of ``onnxruntime.quantization.quantize_static``.

    python tests/benchmarks/accuracy.py [--model M --calibration FOLDER --validation FOLDER
                                         --preprocess "0-255"] [--targets T ...]
                                         [-o results.md | --append results.md]
    python tests/benchmarks/accuracy.py --hard [...]

Without arguments on the bundled demo; with ``--hard`` on the network of ``tests/resources/hard``,
which collapses without recovery, and the demo's pictures. Calibrates everything on the same
pictures, runs every file in ONNX Runtime with its default optimizations on the same labelled
pictures (class folders), and prints for each: top-1, its difference to float with the paired 95 %
interval, agreement with float, and the mean signal to noise ratio of the output.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime import quantization

from quantscope.bundled import demo_folder
from quantscope.core.calibration import Calibration
from quantscope.core.data import DataDescription, SourceKind, parse_preprocessing
from quantscope.core.plan_settings import PlanSettings
from quantscope.core.preparation import PreparationChoices
from quantscope.core.schemes import Scheme
from quantscope.core.targets import TARGETS
from quantscope.engine import tasks
from quantscope.engine.operators import OPERATORS
from quantscope.engine.sources.opening import open_source
from quantscope.engine.sources.samples import SampleSource

Array = np.ndarray[Any, Any]
HARD = Path(__file__).parents[1] / "resources" / "hard" / "hard.onnx"


@dataclass(frozen=True)
class Setting:
    """One way to quantize: how it is called, and the file that it made."""

    name: str
    path: Path


class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
    """The calibration pictures as the peer wants them."""

    def __init__(self, source: SampleSource) -> None:
        self._samples = iter(source)

    def get_next(self) -> Any:
        """The next sample, or nothing."""
        return next(self._samples, None)


def finish(generator: Any) -> Any:
    """Run a task to its end; its result."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def ours(
    model: str, data: DataDescription, folder: Path, targets: Sequence[str]
) -> Iterator[Setting]:
    """Every preparation, scheme and bias of ours for ``targets``, corrected or not.

    Two calibrations, one for each preparation.
    """
    for equalize in (False, True):
        choices = PreparationChoices(equalize=equalize)
        calibration: Calibration
        calibration, _ = finish(tasks.calibrate(model, data, False, lambda: False, choices))
        for settings in _all_settings(targets):
            name = f"{settings.target}, {settings.scheme}, {settings.bias_word_length}-bit bias"
            name += ", equalized" if equalize else ""
            name += ", corrected" if settings.correct_bias else ""
            path = folder / f"{name}.onnx"
            steps = tasks.export(
                model, calibration, settings, str(path), 1, True, lambda: False, choices
            )
            finish(steps)
            yield Setting(name, path)


def _all_settings(targets: Sequence[str]) -> Iterator[PlanSettings]:
    for target, scheme in product([TARGETS[key] for key in targets], Scheme):
        for bias, corrected in product(target.bias_word_lengths, (False, True)):
            yield PlanSettings(
                target=target.key, scheme=scheme, bias_word_length=bias, correct_bias=corrected
            )


def peers(model: str, data: DataDescription, folder: Path) -> Iterator[Setting]:
    """The sensible settings of the runtime's own quantizer.

    Layers that ours leaves in float by their operator (a last Softmax) stay float here too:
    otherwise the output's noise would be that of eight-bit probabilities, and no comparison.
    """
    prepared = folder / "prepared.onnx"
    quantization.shape_inference.quant_pre_process(model, str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(prepared).graph.node
    in_float = [node.name for node in nodes if node.op_type not in OPERATORS]
    kinds = quantization.QuantType
    methods = quantization.CalibrationMethod
    for method, activation, per_channel in product(
        (methods.MinMax, methods.Entropy, methods.Percentile),
        (kinds.QInt8, kinds.QUInt8),
        (False, True),
    ):
        name = f"{method.name}, {activation.name[1:]} x Int8, "
        name += "per channel" if per_channel else "per tensor"
        path = folder / f"peer {name}.onnx"
        source = open_source(data, tasks.describe(model).inputs)
        with contextlib.redirect_stdout(io.StringIO()):  # it reports its progress there
            quantization.quantize_static(
                str(prepared),
                str(path),
                Reader(source),
                quant_format=quantization.QuantFormat.QDQ,
                activation_type=activation,
                weight_type=kinds.QInt8,
                per_channel=per_channel,
                calibrate_method=method,
                nodes_to_exclude=in_float,
            )
        yield Setting(f"quantize_static: {name}", path)


def scores(path: Path | str, source: SampleSource) -> Array:
    """The first output for every sample, (samples, classes)."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, dict(sample))[0] for sample in source])


def row(name: str, found: Array, true: Array, labels: Array) -> str:
    """One line of the table."""
    right, right_float = found.argmax(1) == labels, true.argmax(1) == labels
    change = right.astype(float) - right_float
    margin = 1.96 * change.std(ddof=1) / np.sqrt(len(change))
    agreement = (found.argmax(1) == true.argmax(1)).mean()
    noise = ((found - true).astype(np.float64) ** 2).sum(1)
    signal = (true.astype(np.float64) ** 2).sum(1)
    decibels = 10 * np.log10(signal / np.maximum(noise, 1e-30)).mean() if noise.any() else np.inf
    difference = f"{100 * change.mean():+.1f} ± {100 * margin:.1f}"
    figures = f"{100 * right.mean():.1f} % | {difference} | {100 * agreement:.1f} %"
    return f"| {name} | {figures} | {decibels:.1f} dB |"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table, line by line as it is found."""
    steps = parse_preprocessing(arguments.preprocess)
    images = SourceKind.IMAGES
    data = DataDescription(kind=images, path=arguments.calibration, preprocessing=steps)
    held_out = DataDescription(kind=images, path=arguments.validation, preprocessing=steps)
    source = open_source(held_out, tasks.describe(arguments.model).inputs)
    labels = np.asarray(source.labels)
    true = scores(arguments.model, source)
    versions = f"onnxruntime {onnxruntime.__version__}, {platform.machine()}"
    name = f"{Path(arguments.model).name}, {len(labels)} labelled pictures"
    yield f"{name}, {versions}, {datetime.now(UTC):%Y-%m-%d}"
    yield ""
    yield "| setting | top-1 | to float, points | agreement | mean output SQNR |"
    yield "|---|---|---|---|---|"
    yield row("float", true, true, labels)
    with tempfile.TemporaryDirectory() as folder:
        made = ours(arguments.model, data, Path(folder), arguments.targets)
        for setting in chain(made, peers(arguments.model, data, Path(folder))):
            yield row(setting.name, scores(setting.path, source), true, labels)


def main() -> int:
    """Print the table, and write it where asked."""
    demo = demo_folder()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    network = parser.add_mutually_exclusive_group()
    network.add_argument("--model", default=str(demo / "demo.onnx"))
    network.add_argument("--hard", dest="model", action="store_const", const=str(HARD))
    parser.add_argument("--calibration", default=str(demo / "calibration"))
    parser.add_argument("--validation", default=str(demo / "validation"))
    parser.add_argument("--preprocess", default="0-1")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("-o", "--output", help="also write the table to this file")
    parser.add_argument("--append", help="also write the table to the end of this file")
    arguments = parser.parse_args()
    found = []
    for line in lines(arguments):
        print(line, flush=True)
        found.append(line)
    if arguments.output:
        Path(arguments.output).write_text("\n".join(found) + "\n", encoding="utf-8")
    if arguments.append:
        with Path(arguments.append).open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
