"""Options for the types: everything that :class:`PlanSettings` holds, on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import cast

from quantscope.api.settings import Settings, changed
from quantscope.core.errors import QuantscopeError
from quantscope.core.exchange.recipe import read_recipe
from quantscope.core.networks.network import Network
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import WIDE, PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS, Target
from quantscope.core.wording import SCHEME_TITLES


def _lengths(of: Callable[[Target], tuple[int, ...]]) -> list[int]:
    return sorted({length for target in TARGETS.values() for length in of(target)})


WORD_LENGTHS = _lengths(lambda target: target.word_lengths)
WEIGHT_WORD_LENGTHS = _lengths(lambda target: target.weight_word_lengths)
BIAS_WORD_LENGTHS = _lengths(lambda target: target.bias_word_lengths)
SWITCHES = {
    "unsigned": "unsigned types for tensors without negative values, where the target allows both",
    "integer_ports": "hand the network's inputs and outputs over as integers",
    "correct_bias": "take the mean error of each layer out of its bias",
}


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """What decides on the types; each of them left out keeps what the session has."""
    group = parser.add_argument_group("types")
    group.add_argument("--recipe", metavar="FILE", help="start from a recipe of quantscope types")
    group.add_argument("--target", choices=list(TARGETS), help="what will run the model")
    schemes = [scheme.value for scheme in Scheme]
    group.add_argument("--scheme", choices=schemes, help="how types follow from the values")
    lengths = (
        ("--word-length", WORD_LENGTHS, "bits of a word"),
        ("--weight-word-length", WEIGHT_WORD_LENGTHS, "bits of a weight, if not those of a word"),
        ("--bias-word-length", BIAS_WORD_LENGTHS, "bits of a bias"),
    )
    for option, choices, text in lengths:
        group.add_argument(option, type=int, choices=choices, help=text)
    _add_list(group, "--only-operators", "OPERATOR", "keep all other operators in float")
    _add_list(group, "--float-layers", "LAYER", "keep these layers in float")
    wide = f"let these layers read activations of {WIDE} bits"
    _add_list(group, "--wide-layers", "LAYER", wide)
    rounding = [each.value for each in WeightRounding]
    group.add_argument(
        "--round-weights",
        choices=rounding,
        help="each weight by itself, or making up for those before it",
    )
    for key, text in SWITCHES.items():
        option = f"--{key.replace('_', '-')}"
        negative = option.replace("--", "--no-", 1)
        action = argparse.BooleanOptionalAction
        group.add_argument(option, action=action, default=None, help=f"{text} (or {negative})")


def _add_list(group: argparse._ArgumentGroup, option: str, name: str, text: str) -> None:
    group.add_argument(option, nargs="+", action="extend", default=[], metavar=name, help=text)


def settings_of(
    options: argparse.Namespace, before: PlanSettings, network: Network
) -> PlanSettings:
    """``before``, or the recipe's settings, with what the options change."""
    settings = _from_recipe(options.recipe, network) if options.recipe else before
    return changed(settings, network, _wanted(options, settings), _spelled)


def _wanted(options: argparse.Namespace, before: PlanSettings) -> Settings:
    """What the options ask for; layers come to those that are named before."""
    keys = ("target", "scheme", "word_length", "weight_word_length", "bias_word_length")
    given = {key: getattr(options, key) for key in (*keys, *SWITCHES, "only_operators")}
    given["weight_rounding"] = options.round_weights
    wanted = {key: value for key, value in given.items() if value not in (None, [])}
    for key in ("float_layers", "wide_layers"):
        if named := getattr(options, key):
            wanted[key] = [*getattr(before, key), *named]
    return cast(Settings, wanted)


def _spelled(key: str) -> str:
    return f"--{'round-weights' if key == 'weight_rounding' else key.replace('_', '-')}"


def _from_recipe(path: str, network: Network) -> PlanSettings:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise QuantscopeError(
            "the recipe cannot be read",
            where=path,
            remedy="Name a file that quantscope types wrote",
        ) from None
    recipe = read_recipe(text, path)
    if recipe.fingerprint != network.fingerprint:
        raise QuantscopeError(
            f"the recipe was made for another network or preparation than {network.name}",
            where=path,
            remedy="Prepare the network as the recipe's was, or make a new recipe",
        )
    return recipe.settings


def types_in_words(settings: PlanSettings) -> str:
    """``ONNX Runtime, MinMax scheme, words of 8 bits, biases of 32``."""
    target = TARGETS[settings.target]
    parts = [target.title, f"{SCHEME_TITLES[settings.scheme]} scheme"]
    parts.append(f"words of {settings.word_length} bits")
    if settings.weight_words != settings.word_length:
        parts.append(f"weights of {settings.weight_words}")
    biases = "in float" if target.float_biases else f"of {settings.bias_word_length}"
    parts.append(f"biases {biases}{', corrected' if settings.correct_bias else ''}")
    if settings.weight_rounding is WeightRounding.COMPENSATED:
        parts.append("weights rounded to make up for each other")
    return ", ".join(parts)
