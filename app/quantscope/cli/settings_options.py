"""Options for the types: everything that :class:`PlanSettings` holds, on the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from quantscope.core.errors import QuantscopeError
from quantscope.core.exchange.recipe import read_recipe
from quantscope.core.network import LayerKind, Network
from quantscope.core.plan_settings import WIDE, PlanSettings, WeightRounding
from quantscope.core.schemes import Scheme
from quantscope.core.targets import TARGETS, Target, one_of
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
    if options.target and options.target != settings.target:
        settings = settings.with_target(options.target)
    if options.scheme:
        settings = settings.with_scheme(Scheme(options.scheme))
    settings = _with_lengths(options, settings)
    settings = _with_switches(options, settings)
    if options.round_weights:
        settings = settings.with_weight_rounding(WeightRounding(options.round_weights))
    return _with_layers(options, settings, network)


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


def _with_switches(options: argparse.Namespace, settings: PlanSettings) -> PlanSettings:
    target = TARGETS[settings.target]
    if options.unsigned and not target.either_sign:
        raise QuantscopeError(
            f"{target.title} does not leave the sign of activations open",
            where="--unsigned",
            remedy="Leave it out, or choose a fixed-point target",
        )
    for key in SWITCHES:
        wanted = getattr(options, key)
        if wanted is not None:
            settings = settings.with_switch(key, wanted)
    return settings


def _with_lengths(options: argparse.Namespace, settings: PlanSettings) -> PlanSettings:
    limits = TARGETS[settings.target]
    if options.word_length:
        _check_length("--word-length", options.word_length, limits.word_lengths, limits.title)
        settings = settings.with_word_length(options.word_length)
    if options.weight_word_length:
        lengths = limits.weight_word_lengths
        _check_length("--weight-word-length", options.weight_word_length, lengths, limits.title)
        settings = settings.with_weight_word_length(options.weight_word_length)
    if options.bias_word_length:
        lengths = limits.bias_word_lengths
        _check_length("--bias-word-length", options.bias_word_length, lengths, limits.title)
        settings = settings.with_bias_word_length(options.bias_word_length)
    return settings


def _check_length(option: str, length: int, allowed: tuple[int, ...], target: str) -> None:
    if length not in allowed:
        use = f"Use {one_of(allowed)}" if allowed else "Leave it out"
        raise QuantscopeError(
            f"{target} does not take {length} bits there",
            where=option,
            remedy=f"{use}, or choose another target",
        )


def _with_layers(
    options: argparse.Namespace, settings: PlanSettings, network: Network
) -> PlanSettings:
    for layer in _layers_called(options.float_layers, network):
        settings = settings.with_layer_quantized(layer, False)
    target = TARGETS[settings.target]
    if options.wide_layers and WIDE not in target.word_lengths:
        raise QuantscopeError(
            f"{target.title} does not take activations of {WIDE} bits",
            where="--wide-layers",
            remedy="Leave it out, or choose another target",
        )
    for layer in _layers_called(options.wide_layers, network):
        settings = settings.with_layer_wide(layer, True)
    if options.only_operators:
        known = {layer.operator for layer in network.layers if layer.kind is not LayerKind.INPUT}
        for operator in options.only_operators:
            if operator not in known:
                raise _unknown("operator", operator, known, network)
        settings = settings.with_only_operators(frozenset(options.only_operators))
    return settings


def _layers_called(wanted: Sequence[str], network: Network) -> list[str]:
    """Full names of the layers called ``wanted``, by label or full name."""
    names = {layer.name: layer.name for layer in network.layers}
    names |= {layer.label: layer.name for layer in network.layers}
    for name in wanted:
        if name not in names:
            raise _unknown("layer", name, names, network)
    return [names[name] for name in wanted]


def _unknown(what: str, name: str, known: Iterable[str], network: Network) -> QuantscopeError:
    near = get_close_matches(name, list(known), n=3)
    hint = f"Did you mean {' or '.join(near)}" if near else "quantscope inspect lists them"
    return QuantscopeError(f'there is no {what} "{name}"', where=network.name, remedy=hint)


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
