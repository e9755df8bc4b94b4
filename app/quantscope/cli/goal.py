"""``--goal`` of ``quantscope quantize``: the cheapest mix of 8 bits, 16 bits and float."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from quantscope.cli.console import say, say_facts, say_table
from quantscope.cli.running import ask
from quantscope.cli.starting_point import StartingPoint
from quantscope.core.diagnosis.mixing import CostFactors, Level, MeasuredMix, MixFound, parse_goal
from quantscope.core.errors import QuantscopeError
from quantscope.core.findings.plain_data import plain
from quantscope.core.networks.network import Network
from quantscope.core.wording import count, decibel, share
from quantscope.jobs.messages import FindMix, MixSearched
from quantscope.session.sensitivity_file import write_if_new

SAMPLES = 64


def add_goal_options(parser: argparse.ArgumentParser) -> None:
    """``--goal`` and what belongs to it."""
    group = parser.add_argument_group("accuracy goal")
    group.add_argument(
        "--goal",
        metavar="GOAL",
        help='find the cheapest mix of 8 bits, 16 bits and float with "agreement>=0.99", '
        '"cosine>=0.99" or "sqnr>=20" against the float network on the calibration data',
    )
    group.add_argument(
        "--goal-samples",
        type=_positive,
        default=SAMPLES,
        metavar="N",
        help=f"judge each mix on N samples, spread evenly ({SAMPLES})",
    )
    factors = CostFactors()
    for option, name, default in (
        ("--cost-wide", "read at 16 bits", factors.wide),
        ("--cost-float", "in float", factors.in_float),
    ):
        group.add_argument(
            option,
            type=_factor,
            default=default,
            metavar="X",
            help=f"what a multiplication {name} costs, at 8 bits 1 ({default:g})",
        )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one sample is needed")
    return number


def _factor(text: str) -> float:
    number = float(text)
    if not 1.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError("it cannot cost less than at 8 bits")
    return number


def find_mix(options: argparse.Namespace, start: StartingPoint) -> MixSearched:
    """The mix that the options ask for; :class:`QuantscopeError` where none meets the goal."""
    goal = parse_goal(options.goal)
    request = FindMix(
        model=start.model,
        calibration=str(start.calibration),
        settings=start.settings,
        output=str(start.results),
        goal=goal,
        factors=CostFactors(wide=options.cost_wide, in_float=options.cost_float),
        samples=options.goal_samples,
        preparation=start.preparation,
        trusted=start.trusted,
    )
    write_if_new(start.results, start.measured)
    searched = ask(request, MixSearched)
    if not searched.found.reached:
        raise _missed(searched.found, start.model)
    return searched


def _missed(found: MixFound, model: str) -> QuantscopeError:
    in_integers = [each for each in found.curve if each.cost.in_float < 1.0]
    best = in_integers[-1].deviation.value(found.goal.metric)
    return QuantscopeError(
        f"only the float network meets {found.goal}; the best mix has {best:.4g}",
        where=model,
        remedy="Set a lower goal",
    )


def say_mix(network: Network, found: MixFound) -> None:
    """What was chosen, and the curve of accuracy against cost."""
    best = found.best
    labels = {
        level: [
            network.layer(name).label for name, raised in best.raised.items() if raised is level
        ]
        for level in (Level.WIDE, Level.FLOAT)
    }
    say(f"Mix for {found.goal}, on {count(found.samples)} samples of the calibration data")
    say_facts(
        [
            ("at 16 bits", ", ".join(labels[Level.WIDE]) or "none"),
            ("in float", ", ".join(labels[Level.FLOAT]) or "none"),
            ("at 8 bits", f"{share(best.cost.narrow)} of the multiplications"),
        ]
    )
    say()
    headings = ("COST", "8 BITS", "16 BITS", "FLOAT", "SQNR", "COSINE", "SAME CLASS", "")
    say_table(headings, [_point(each, each == best) for each in found.curve])
    say()


def _point(found: MeasuredMix, chosen: bool) -> Sequence[str]:
    cost, deviation = found.cost, found.deviation
    agreement = "" if deviation.agreement is None else share(deviation.agreement)
    return (
        f"{cost.relative:.3f}",
        *(share(each) for each in (cost.narrow, cost.wide, cost.in_float)),
        decibel(deviation.sqnr),
        f"{deviation.cosine:.4f}",
        agreement,
        "chosen" if chosen else "",
    )


def mix_as_data(found: MixFound) -> dict[str, Any]:
    """The search as JSON-ready data; the README describes it."""
    return {**plain(found), "goal": str(found.goal)}
