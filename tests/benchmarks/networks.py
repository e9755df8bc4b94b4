"""The networks that benchmarks measure: the bundled demo, the hard network, or one of your own."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from quantscope.bundled import demo_folder
from quantscope.core.data.description import DataDescription, SourceKind, parse_preprocessing
from quantscope.engine import tasks
from quantscope.engine.sources.opening import guess_source, open_source
from quantscope.engine.sources.samples import SampleSource

HARD = Path(__file__).parents[1] / "resources" / "hard" / "hard.onnx"
BUNDLED = {"demo": demo_folder() / "demo.onnx", "hard": HARD}


@dataclass(frozen=True)
class Case:
    """A network with data to calibrate it and labelled data to compare on."""

    name: str
    model: str
    calibration: DataDescription
    validation: DataDescription

    def samples(self, data: DataDescription) -> SampleSource:
        """``data``, one of the two, as the network takes it."""
        return open_source(data, tasks.describe(self.model).inputs)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which networks to measure."""
    parser.add_argument("--network", nargs="+", choices=BUNDLED, help="bundled ones; default: all")
    parser.add_argument("--model", help="a network of your own instead")
    parser.add_argument("--calibration", help="its data to calibrate, pictures or .npz samples")
    parser.add_argument("--validation", help="its data to compare on (pictures in class folders)")
    parser.add_argument("--preprocess", default="0-1", help="of its pictures")


def chosen(arguments: argparse.Namespace) -> list[Case]:
    """The networks that the options name."""
    if arguments.model:
        data = [
            _described(path, arguments.preprocess)
            for path in (arguments.calibration, arguments.validation)
        ]
        return [Case(Path(arguments.model).name, arguments.model, *data)]
    names = arguments.network or list(BUNDLED)
    demo = [_described(str(demo_folder() / part), "0-1") for part in ("calibration", "validation")]
    return [Case(BUNDLED[name].name, str(BUNDLED[name]), *demo) for name in names]


def _described(path: str, preprocess: str) -> DataDescription:
    folder = str(Path(path).absolute())
    kind = guess_source(folder)
    if kind is not SourceKind.IMAGES:
        return DataDescription(kind=kind, path=folder)
    return DataDescription(kind=kind, path=folder, preprocessing=parse_preprocessing(preprocess))
