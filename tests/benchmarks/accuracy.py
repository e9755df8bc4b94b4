"""Accuracy of exported files beside those of ``onnxruntime.quantization.quantize_static``.

    python tests/benchmarks/accuracy.py [--network demo hard] [--target T ...] [--no-peers]
                                        [-o results.md | --append results.md]
    python tests/benchmarks/accuracy.py --model M --calibration FOLDER --validation FOLDER
                                        --preprocess "0-255" [...]

Calibrates everything on the same pictures, runs every file in ONNX Runtime with its default
optimizations on the same labelled pictures (class folders), and prints for each: top-1, its
difference to float with the paired 95 % interval, agreement with float, and the mean signal to
noise ratio of the output. Below each table: whether the project's goals are met.

*Plain* is MinMax and nothing else. *Recovered* is one recipe for every target and network, chosen
beforehand: channels equalized, types of least squared error (Histogram), weights rounded to make
up for each other, biases corrected. Other schemes are listed for comparison and decide nothing.

For each target but those of powers of two, the peer runs in every setting that the target takes:
activations of its sign, zero points where it has them, the same operators in float.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))  # what benchmarks share, also for a script

from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS, Target
from tests.benchmarks import keeping, networks
from tests.benchmarks.exporting import Peer, Workshop
from tests.benchmarks.networks import Case
from tests.benchmarks.scoring import HEADER, Score, outputs

EQUALIZED = PreparationChoices(equalize=True)
FIXED = "fixed-point"
Row = tuple[str, PlanSettings, PreparationChoices]


def recovered(target: str) -> PlanSettings:
    """The recipe, without its preparation."""
    return replace(
        PlanSettings().with_target(target),
        scheme=Scheme.HISTOGRAM,
        weight_rounding=WeightRounding.COMPENSATED,
        correct_bias=True,
    )


def rows(target: Target) -> Iterator[Row]:
    """The settings of ours for ``target``, by name."""
    best = recovered(target.key)
    yield f"{target.key}, plain", PlanSettings().with_target(target.key), PreparationChoices()
    yield f"{target.key}, recovered", best, EQUALIZED
    for scheme in Scheme:
        if scheme is not best.scheme:
            name = f"{target.key}, recovered, but {scheme}"
            yield name, best.with_scheme(scheme), EQUALIZED
    nearest = best.with_weight_rounding(WeightRounding.NEAREST)
    yield f"{target.key}, recovered, but weights to nearest", nearest, EQUALIZED
    if len(target.bias_word_lengths) > 1:
        wide = replace(best, bias_word_length=max(target.bias_word_lengths))
        yield f"{target.key}, recovered, {wide.bias_word_length}-bit biases", wide, EQUALIZED
    if target.either_sign:
        unsigned = replace(best, unsigned=True)
        yield f"{target.key}, recovered, unsigned where nothing is negative", unsigned, EQUALIZED


# ---- goals -------------------------------------------------------------------------------------


def verdicts(found: Mapping[str, Score], peers: Mapping[str, Sequence[Score]]) -> Iterator[str]:
    """What the project's goals say to the scores, by name; ``peers`` by the target's key."""
    for target, rivals in peers.items():
        yield from _beside_peers(found[f"{target}, recovered"], rivals)
    if f"{FIXED}, recovered" in found:
        change, margin = found[f"{FIXED}, recovered"].to_float()
        yield _said(
            f"{FIXED}, recovered, within 0.5 points of float in top-1",
            change >= -0.5,
            f"{change:+.1f} ± {margin:.1f} points",
        )


def _beside_peers(best: Score, peers: Sequence[Score]) -> Iterator[str]:
    by_top1 = max(peers, key=lambda peer: peer.top1)
    change, margin = best.to(by_top1)
    yield _said(
        f"{best.name}: top-1 not worse than the best of quantize_static by more than the interval",
        change >= -margin,
        f"{change:+.1f} ± {margin:.1f} points to {by_top1.name}",
    )
    agreement = max(peer.agreement for peer in peers)
    yield _said(
        f"{best.name}: agreement with float above the best of quantize_static",
        best.agreement > agreement,
        f"{best.agreement:.1f} to {agreement:.1f} %",
    )
    sqnr = max(peer.sqnr for peer in peers)
    yield _said(
        f"{best.name}: output SQNR above the best of quantize_static",
        best.sqnr > sqnr,
        f"{best.sqnr:.1f} to {sqnr:.1f} dB",
    )


def _said(goal: str, is_met: bool, figures: str) -> str:
    return f"- {'met' if is_met else 'NOT MET'}: {goal} ({figures})"


# ---- tables ------------------------------------------------------------------------------------


def lines(case: Case, targets: Sequence[str], with_peers: bool) -> Iterator[str]:
    """The table, line by line as it is found, and the verdicts."""
    source = case.samples(case.validation)
    labels, true = np.asarray(source.labels), outputs(case.model, source)
    yield f"{case.name}, {len(labels)} labelled pictures, {keeping.versions()}"
    yield ""
    yield from HEADER
    yield Score("float", true, true, labels).row()
    found: dict[str, Score] = {}
    peers: dict[str, list[Score]] = {}
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(case, Path(folder))
        for name, settings, choices in (row for key in targets for row in rows(TARGETS[key])):
            path = workshop.ours(settings, choices)
            found[name] = Score(name, outputs(path, source), true, labels)
            yield found[name].row()
        rivals: dict[Peer, Score] = {}
        for key in targets if with_peers else ():
            for peer in (each for each in workshop.peers(TARGETS[key]) if each not in rivals):
                name = f"quantize_static, {peer.name}, {_extent(peer)}"
                rivals[peer] = Score(name, outputs(workshop.peer(peer), source), true, labels)
                yield rivals[peer].row()
            if takes := workshop.peers(TARGETS[key]):
                peers[key] = [rivals[peer] for peer in takes]
    yield ""
    yield from verdicts(found, peers)
    yield ""


def _extent(peer: Peer) -> str:
    """Which layers the peer was told to leave alone."""
    return f"{len(peer.in_float)} nodes in float" if peer.in_float else "all operators"


def main() -> int:
    """Print the tables, and write them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    networks.add_options(parser)
    parser.add_argument("--target", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--no-peers", action="store_true", help="without quantize_static")
    keeping.add_options(parser)
    arguments = parser.parse_args()
    found = (
        line
        for case in networks.chosen(arguments)
        for line in lines(case, arguments.target, not arguments.no_peers)
    )
    return keeping.deliver(found, arguments)


if __name__ == "__main__":
    sys.exit(main())
