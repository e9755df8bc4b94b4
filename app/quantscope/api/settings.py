"""Settings of a plan as a person names them, checked one by one against target and network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TypedDict, TypeVar

from quantscope.api.naming import unknown
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.network import LayerKind, Network
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import SWITCHES, WIDE, PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS, Target, one_of

Spelling = Callable[[str], str]
"""How a setting is called where a person sets it: ``word_length``, ``--word-length``."""
E = TypeVar("E", bound=StrEnum)


class Settings(TypedDict, total=False):
    """What may be set; what is left out stays as it is.

    ``target``: a key of ``quantscope.TARGETS`` (``fixed-point``, ``onnxruntime`` ...).
    ``scheme``: ``minmax``, ``histogram``, ``percentile`` or ``entropy``.
    ``word_length``, ``weight_word_length`` (``None``: as long as a word), ``bias_word_length``:
    in bits. ``only_operators``: all other operators stay float (empty: no such limit).
    ``float_layers`` stay float, ``wide_layers`` read activations of 16 bits: labels or full names.
    ``weight_rounding``: ``nearest`` or ``compensated``. ``correct_bias``: take the mean error of
    each layer out of its bias. ``unsigned``: unsigned types for tensors without negative values,
    where the target allows both. ``integer_ports``: hand inputs and outputs over as integers.
    """

    target: str
    scheme: str
    word_length: int
    weight_word_length: int | None
    bias_word_length: int
    only_operators: Collection[str]
    float_layers: Collection[str]
    wide_layers: Collection[str]
    weight_rounding: str
    unsigned: bool
    integer_ports: bool
    correct_bias: bool


def changed(
    before: PlanSettings, network: Network, wanted: Settings, spelled: Spelling = str
) -> PlanSettings:
    """``before`` with what is ``wanted``.

    Raises :class:`QuantscopeError` for what target or network do not have.
    """
    settings = before
    for key in wanted:
        if key not in Settings.__annotations__:
            raise unknown("setting", key, Settings.__annotations__, spelled(key))
    if "target" in wanted and wanted["target"] != settings.target:
        settings = settings.with_target(_known("target", wanted["target"], TARGETS, spelled))
    if "scheme" in wanted:
        settings = settings.with_scheme(_member(Scheme, "scheme", wanted["scheme"], spelled))
    settings = _with_lengths(settings, wanted, spelled)
    settings = _with_switches(settings, wanted, spelled)
    if "weight_rounding" in wanted:
        rounding = _member(WeightRounding, "weight_rounding", wanted["weight_rounding"], spelled)
        settings = settings.with_weight_rounding(rounding)
    return _with_layers(settings, network, wanted, spelled)


def _known(what: str, name: str, known: Collection[str], spelled: Spelling) -> str:
    if name not in known:
        raise unknown(what, name, known, spelled(what))
    return name


def _member(kind: type[E], what: str, name: str, spelled: Spelling) -> E:
    return kind(_known(what, name, [each.value for each in kind], spelled))


def _with_lengths(settings: PlanSettings, wanted: Settings, spelled: Spelling) -> PlanSettings:
    limits = TARGETS[settings.target]
    if "word_length" in wanted:
        length = wanted["word_length"]
        _check_length(spelled("word_length"), length, limits.word_lengths, limits)
        settings = settings.with_word_length(length)
    if "weight_word_length" in wanted:
        weights = wanted["weight_word_length"]
        if weights is not None:
            lengths = limits.weight_word_lengths
            _check_length(spelled("weight_word_length"), weights, lengths, limits)
        settings = settings.with_weight_word_length(weights)
    if "bias_word_length" in wanted:
        length = wanted["bias_word_length"]
        _check_length(spelled("bias_word_length"), length, limits.bias_word_lengths, limits)
        settings = settings.with_bias_word_length(length)
    return settings


def _check_length(where: str, length: int, allowed: tuple[int, ...], target: Target) -> None:
    if length not in allowed:
        use = f"Use {one_of(allowed)}" if allowed else "Leave it out"
        raise QuantscopeError(
            f"{target.title} does not take {length} bits there",
            where=where,
            remedy=f"{use}, or choose another target",
        )


def _with_switches(settings: PlanSettings, wanted: Settings, spelled: Spelling) -> PlanSettings:
    target = TARGETS[settings.target]
    if wanted.get("unsigned") and not target.either_sign:
        raise QuantscopeError(
            f"{target.title} does not leave the sign of activations open",
            where=spelled("unsigned"),
            remedy="Leave it out, or choose a fixed-point target",
        )
    made = {key: bool(on) for key, on in wanted.items() if key in SWITCHES}
    for key, on in made.items():
        settings = settings.with_switch(key, on)
    return settings


def _with_layers(
    settings: PlanSettings, network: Network, wanted: Settings, spelled: Spelling
) -> PlanSettings:
    if "float_layers" in wanted:
        layers = layers_called(wanted["float_layers"], network)
        settings = replace(settings, float_layers=layers)
    if "wide_layers" in wanted:
        layers = layers_called(wanted["wide_layers"], network)
        settings = replace(settings, wide_layers=layers)
        target = TARGETS[settings.target]
        if layers and WIDE not in target.word_lengths:
            raise QuantscopeError(
                f"{target.title} does not take activations of {WIDE} bits",
                where=spelled("wide_layers"),
                remedy="Leave it out, or choose another target",
            )
    if "only_operators" in wanted:
        known = {layer.operator for layer in network.layers if layer.kind is not LayerKind.INPUT}
        for operator in wanted["only_operators"]:
            if operator not in known:
                raise unknown("operator", operator, known, network.name)
        settings = settings.with_only_operators(frozenset(wanted["only_operators"]))
    return settings


def layers_called(wanted: Iterable[str], network: Network) -> frozenset[str]:
    """Full names of the layers called ``wanted``, by label or full name.

    Raises :class:`QuantscopeError` for a name that no layer has.
    """
    names = {layer.name: layer.name for layer in network.layers}
    names |= {layer.label: layer.name for layer in network.layers}
    found = set()
    for name in wanted:
        if name not in names:
            raise unknown("layer", name, names, network.name)
        found.add(names[name])
    return frozenset(found)
