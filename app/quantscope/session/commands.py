"""Every change that a person can make to the document, by name.

A command is a title (what Undo shows) and a pure function from document to document. To add
one, add a constructor here; undo, redo and saving then take it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import untrusted
from quantscope.core.diagnosis.fixes import Fix, FixKind
from quantscope.core.diagnosis.mixing import MeasuredMix
from quantscope.core.diagnosis.sensitivity import METRIC_TITLES
from quantscope.core.networks.preparation import CHOICES
from quantscope.core.numbers.formats import DataType
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.settings import PlanSettings, WeightRounding
from quantscope.core.planning.targets import TARGETS
from quantscope.core.wording import SCHEME_TITLES
from quantscope.session.diagnosis import MixKnown
from quantscope.session.document import Document

SWITCH_TITLES = {
    "unsigned": "Unsigned types",
    "integer_ports": "Integer inputs and outputs",
    "correct_bias": "Bias correction",
}


class ChangeKind(StrEnum):
    """Which part of the document a change touches, so that views refresh only what they show."""

    MODEL = "model"
    DATA = "data"
    SETTINGS = "settings"
    PREPARATION = "preparation"
    VARIANTS = "variants"  # which there are, and which is edited: settings and preparation too


@dataclass(frozen=True, slots=True)
class Command:
    """A named change; ``apply`` gives the document after it and leaves the old one alone."""

    title: str
    kind: ChangeKind
    apply: Callable[[Document], Document]


def choose_target(key: str) -> Command:
    """Plan for the target ``key`` of :data:`TARGETS`; ``KeyError`` where there is none."""
    return _edit(f"Choose target {TARGETS[key].title}", lambda old: old.with_target(key))


def choose_scheme(scheme: Scheme) -> Command:
    """Choose all types that are not pinned by ``scheme``."""
    title = SCHEME_TITLES[scheme]
    return _edit(f"Choose scheme {title}", lambda old: old.with_scheme(scheme))


def choose_word_length(word_length: int) -> Command:
    """Use words of ``word_length`` bits; applying raises ``ValueError`` where not allowed."""
    return _edit(f"Choose word length {word_length}", lambda old: old.with_word_length(word_length))


def choose_bias_word_length(word_length: int) -> Command:
    """Use biases of ``word_length`` bits; applying raises ``ValueError`` where not allowed."""
    return _edit(
        f"Choose bias word length {word_length}",
        lambda old: old.with_bias_word_length(word_length),
    )


def switch(key: str, on: bool) -> Command:
    """Turn one of the plan's switches on or off; ``KeyError`` where there is none."""
    title = f"{SWITCH_TITLES[key]} {'on' if on else 'off'}"
    return _edit(title, lambda old: old.with_switch(key, on))


def choose_weight_word_length(word_length: int | None) -> Command:
    """Use weights of ``word_length`` bits; ``None``: as long as activations."""
    title = f"Choose weights of {word_length} bits" if word_length else "Choose weights as words"
    return _edit(title, lambda old: old.with_weight_word_length(word_length))


def choose_weight_rounding(rounding: WeightRounding) -> Command:
    """Round weights one by one, or making up for each other."""
    title = f"Round weights {rounding.value}"
    return _edit(title, lambda old: old.with_weight_rounding(rounding))


def choose_operators(operators: frozenset[str]) -> Command:
    """Keep layers of all other operators in float; none named: no such limit."""
    title = f"Quantize {' and '.join(sorted(operators)) or 'all operators'}"
    if operators:
        title += " only"
    return _edit(title, lambda old: old.with_only_operators(operators))


def set_layer_wide(layer: str, wide: bool, label: str) -> Command:
    """Let ``layer`` read 16-bit activations, or those of the usual word length."""
    title = f"{'16-bit' if wide else 'Usual'} activations for {label}"
    return _edit(title, lambda old: old.with_layer_wide(layer, wide))


def pin_type(tensors: tuple[str, ...], data_type: DataType, label: str) -> Command:
    """Set the type of ``tensors`` (all members of one tie group) by hand."""
    return _edit(f"Pin type of {label}", lambda old: old.pin(tensors, data_type))


def pin_types(types: Mapping[str, DataType], title: str) -> Command:
    """Set types by hand, by tensor name (each with all members of its tie group)."""
    return _edit(title, lambda old: old.pin_each(types))


def reset_types(tensors: tuple[str, ...], label: str) -> Command:
    """Let ``tensors`` follow the scheme again."""
    return _edit(f"Reset {label} to scheme", lambda old: old.reset(tensors))


def set_layer_quantized(layer: str, quantized: bool, label: str) -> Command:
    """Run ``layer`` in integers, or keep it in float."""
    title = f"Quantize {label}" if quantized else f"Keep {label} in float"
    return _edit(title, lambda old: old.with_layer_quantized(layer, quantized))


def set_layers_quantized(layers: tuple[str, ...], quantized: bool) -> Command:
    """Run several layers in integers, or keep them in float."""
    count = f"{len(layers)} layers"
    title = f"Quantize {count}" if quantized else f"Keep {count} in float"
    return _edit(title, lambda old: old.with_layers_quantized(layers, quantized))


def set_layers_wide(layers: tuple[str, ...], wide: bool) -> Command:
    """Let several layers read 16-bit activations, or those of the usual word length."""
    title = f"{'16-bit' if wide else 'Usual'} activations for {len(layers)} layers"
    return _edit(title, lambda old: old.with_layers_wide(layers, wide))


def apply_fix(fix: Fix) -> Command:
    """Do what ``fix`` suggests; one for the preparation makes statistics stale."""
    if fix.kind is FixKind.EQUALIZE:
        return choose_preparation("equalize", True)
    return _edit(fix.title, fix.apply)


def apply_mix(known: MixKnown, chosen: MeasuredMix) -> Command:
    """Let layers read 16 bits and stay in float as in ``chosen``, one of the mixes of ``known``.

    It takes the place of another mix of the same search.
    """
    metric = known.found.goal.metric
    title = f"Mix with {METRIC_TITLES[metric]} {chosen.deviation.figure(metric)}"
    return _edit(title, lambda old: known.applied(chosen.mix, old))


def describe_data(data: DataDescription | None, title: str = "Choose data") -> Command:
    """Calibrate with other data, or with none. An agreement to run a file is not kept."""
    kept = None if data is None else untrusted(data)
    return Command(title, ChangeKind.DATA, lambda document: replace(document, data=kept))


def choose_preparation(key: str, made: bool) -> Command:
    """Make, or take back, the choice ``key`` of :data:`CHOICES`; statistics become stale."""

    def apply(document: Document) -> Document:
        old = document.preparation
        new = old.with_choice(key, made)
        fingerprint = new.fingerprint(old.model_fingerprint(document.fingerprint))
        return replace(document, preparation=new, fingerprint=fingerprint)

    title = CHOICES[key].title if made else CHOICES[key].opposite
    return Command(title, ChangeKind.PREPARATION, apply)


def _edit(title: str, change: Callable[[PlanSettings], PlanSettings]) -> Command:
    def apply(document: Document) -> Document:
        return replace(document, settings=change(document.settings))

    return Command(title, ChangeKind.SETTINGS, apply)
