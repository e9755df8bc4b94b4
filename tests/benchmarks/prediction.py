"""How far the SQNR that statistics predict lies from the measured one, for whole networks.

    python tests/benchmarks/prediction.py [--network demo hard] [--samples N] [-o | --append FILE]
    python tests/benchmarks/prediction.py --model M --calibration FOLDER [...]

Calibrates on the samples, then rounds every value of every tensor on the same samples, in each type
that some target and scheme gives the tensor at 8 bits. Prints the worst difference for weights,
biases, inputs and activations, and whether it lies within 0.1 dB.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine import tasks
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.preparing import prepare
from tests.benchmarks import keeping, networks
from tests.benchmarks.exporting import finish
from tests.benchmarks.networks import Case
from tests.engine.predicted import Comparison, compare, types_of_every_target

GOAL = 0.1  # dB


def lines(case: Case, samples: int) -> Iterator[str]:
    """A table with a row for each role of a tensor, and the verdict."""
    data, choices = replace(case.calibration, samples=samples), PreparationChoices()
    calibration, _ = finish(tasks.calibrate(case.model, data, False, lambda: False, choices))
    ready = prepare(open_model(case.model))
    inputs = {port.name for port in ready.network.inputs}
    types = types_of_every_target(ready.network, calibration)
    groups: dict[str, list[Comparison]] = {}
    for each in compare(ready, calibration, case.samples(data), types):
        role = "inputs" if each.tensor in inputs else each.role
        groups.setdefault(role, []).append(each)
    yield f"{case.name}, {calibration.samples} samples, {keeping.versions()}"
    yield ""
    yield "| tensors | comparisons | worst difference | where |"
    yield "|---|---|---|---|"
    for role, found in sorted(groups.items()):
        worst = max(found, key=lambda each: each.difference)
        names = {each.tensor for each in found}
        where = f"`{worst.tensor}` in {worst.data_type.label()}, {worst.measured:.1f} dB"
        yield f"| {len(names)} {role} | {len(found)} | {worst.difference:.3f} dB | {where} |"
    yield ""
    worst_of_all = max(each.difference for found in groups.values() for each in found)
    outside = sum(each.difference > GOAL for found in groups.values() for each in found)
    met = "met" if not outside else f"NOT MET, {outside} outside"
    yield f"- {met}: predicted within {GOAL} dB of measured (worst {worst_of_all:.3f} dB)"
    yield ""


def main() -> int:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    networks.add_options(parser)
    parser.add_argument("--samples", type=int, default=50)
    keeping.add_options(parser)
    arguments = parser.parse_args()
    found = (line for case in networks.chosen(arguments) for line in lines(case, arguments.samples))
    return keeping.deliver(found, arguments)


if __name__ == "__main__":
    sys.exit(main())
