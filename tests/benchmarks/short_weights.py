"""Weights of four bits: rounded to nearest, rounded to make up for each other, biases corrected.

    python tests/benchmarks/short_weights.py [--network demo hard] [-o FILE | --append FILE]
    python tests/benchmarks/short_weights.py --model M --calibration FOLDER --validation FOLDER
                                             --preprocess "0-255" [...]

Target ``onnxruntime``: a scale for each channel of the weights, activations of eight bits; types of
least squared error, channels equalized. The table is that of ``accuracy.py``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from tests.benchmarks import keeping, networks
from tests.benchmarks.exporting import Workshop
from tests.benchmarks.networks import Case
from tests.benchmarks.scoring import HEADER, Score, outputs

SHORT = PlanSettings(scheme=Scheme.HISTOGRAM, weight_word_length=4)


def lines(case: Case) -> Iterator[str]:
    """The table, line by line as it is found, and what compensation gained."""
    source = case.samples(case.validation)
    labels, true = np.asarray(source.labels), outputs(case.model, source)
    yield f"{case.name}, {len(labels)} labelled pictures, {keeping.versions()}"
    yield ""
    yield from HEADER
    yield Score("float", true, true, labels).row()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(case, Path(folder))
        for is_corrected, rounding in product((False, True), WeightRounding):
            settings = replace(SHORT, weight_rounding=rounding, correct_bias=is_corrected)
            path = workshop.ours(settings, PreparationChoices(equalize=True))
            name = f"weights of 4 bits, {rounding}" + (", biases corrected" * is_corrected)
            found.append(Score(name, outputs(path, source), true, labels))
            yield found[-1].row()
    yield ""
    (change, margin), gain = found[-1].to(found[0]), found[-1].sqnr - found[0].sqnr
    yield f"Both over nearest: {change:+.1f} ± {margin:.1f} points, {gain:+.1f} dB"
    yield ""


def main() -> int:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    networks.add_options(parser)
    keeping.add_options(parser)
    arguments = parser.parse_args()
    found = (line for case in networks.chosen(arguments) for line in lines(case))
    return keeping.deliver(found, arguments)


if __name__ == "__main__":
    sys.exit(main())
