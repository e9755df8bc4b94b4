"""What the fields of the type do to all selected rows: one undo step each.

Where several rows are selected, those whose target does not take the new type are left as they
are, and it is said which and why. A single row takes whatever is entered, and is flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from quantscope.core.networks.network import Role
from quantscope.core.numbers.formats import ChannelScaled, DataType, FixedPoint, Scaled
from quantscope.core.planning.schemes import Scheme
from quantscope.core.planning.targets import one_of
from quantscope.core.wording import SCHEME_TITLES
from quantscope.gui.controller import Controller
from quantscope.gui.ranges import row_edits
from quantscope.gui.ranges.type_edits import with_sign, with_word_length
from quantscope.gui.translation import mark, plural, tr

Made = DataType | str
"""The type that a row gets, or why it gets none."""
Make = Callable[[str, DataType], Made]
POWER_OF_TWO = mark("its step is a power of two")
ANY_STEP = mark("its step is no power of two")
EACH_CHANNEL = mark("it has a scale for each channel")


def objection(controller: Controller, tensor: str, data_type: DataType) -> str:
    """Why the target does not take ``data_type`` for ``tensor``; empty where it does."""
    readings = controller.readings
    assert readings.network is not None
    role, target = readings.network.tensors[tensor].role, readings.target
    if role is Role.WEIGHTS:
        operator = readings.network.layer_of(tensor).operator
        return target.objection_to_weights(data_type, operator)
    if role is Role.BIAS:
        if data_type.signed:
            return ""
        return tr("{target} takes signed integers here", target=target.title)
    return target.objection_to_activation(data_type)


def takes_sign(controller: Controller, tensor: str, data_type: DataType, signed: bool) -> bool:
    """Whether ``tensor`` can have signed or unsigned integers."""
    other = with_sign(data_type, signed)
    return other is not None and (other == data_type or not objection(controller, tensor, other))


def _change(controller: Controller, make: Make, title: row_edits.Title) -> None:
    """Pin what ``make`` gives for the selected types."""
    types: dict[str, DataType] = {}
    left: dict[str, str] = {}
    rows = dict(row_edits.editable(controller))
    for tensor, old in rows.items():
        new = make(tensor, old)
        reason = new if isinstance(new, str) else ""
        if not isinstance(new, str) and len(rows) > 1 and new != old:
            reason = objection(controller, tensor, new)
        if reason:
            left[tensor] = reason
        elif not isinstance(new, str) and new != old:
            types[tensor] = new
    done = title(len(types))
    row_edits.pin_types(controller, types, done)
    row_edits.tell(controller, types, done, left)


def _set_word_length(n: int) -> str:
    return plural("Set one word length", "Set {n} word lengths", n)


def _set_sign(n: int) -> str:
    return plural("Set one sign", "Set {n} signs", n)


def _set_fraction_length(n: int) -> str:
    return plural("Set one fraction length", "Set {n} fraction lengths", n)


def _set_scale(n: int) -> str:
    return plural("Set one scale", "Set {n} scales", n)


def _set_zero_point(n: int) -> str:
    return plural("Set one zero point", "Set {n} zero points", n)


def set_word_length(controller: Controller, length: int) -> None:
    """Words of ``length`` bits, with the range kept."""

    def make(tensor: str, old: DataType) -> Made:
        allowed = controller.readings.word_lengths(tensor)
        if length not in allowed:
            return tr("the target takes {lengths} bits there", lengths=one_of(allowed))
        return with_word_length(old, length) or row_edits.NO_SUCH_TYPE

    _change(controller, make, _set_word_length)


def set_sign(controller: Controller, signed: bool) -> None:
    """Signed or unsigned integers."""

    def make(_: str, old: DataType) -> Made:
        return with_sign(old, signed) or tr(EACH_CHANNEL)

    _change(controller, make, _set_sign)


def set_fraction_length(controller: Controller, length: int) -> None:
    """The same fraction length for all."""
    _change(
        controller,
        lambda _, old: _with_fraction(old, length),
        _set_fraction_length,
    )


def step_fraction_lengths(controller: Controller, steps: int) -> None:
    """Each fraction length longer by ``steps``."""

    def make(_: str, old: DataType) -> Made:
        if not isinstance(old, FixedPoint):
            return tr(ANY_STEP)
        return _with_fraction(old, old.fraction_length + steps)

    _change(
        controller,
        make,
        _set_fraction_length,
    )


def _with_fraction(old: DataType, length: int) -> Made:
    if not isinstance(old, FixedPoint):
        return tr(ANY_STEP)
    try:
        return replace(old, fraction_length=length)
    except ValueError as error:
        return str(error)


def set_scale(controller: Controller, scale: float) -> None:
    """The same step for all that may have any step."""
    _change(
        controller,
        lambda _, old: _changed(old, scale=scale),
        _set_scale,
    )


def set_zero_point(controller: Controller, zero_point: int) -> None:
    """The same integer for 0."""
    _change(
        controller,
        lambda _, old: _changed(old, zero_point=zero_point),
        _set_zero_point,
    )


def step_zero_points(controller: Controller, steps: int) -> None:
    """Each zero point larger by ``steps``."""

    def make(_: str, old: DataType) -> Made:
        return _changed(old, zero_point=old.zero_point + steps)

    _change(controller, make, _set_zero_point)


def _changed(old: DataType, **values: float) -> Made:
    if not isinstance(old, Scaled):
        return tr(EACH_CHANNEL if isinstance(old, ChannelScaled) else POWER_OF_TWO)
    try:
        return replace(old, **values)  # type: ignore[arg-type]
    except ValueError as error:
        return str(error)


def set_scheme(controller: Controller, scheme: Scheme, types: Mapping[str, DataType]) -> None:
    """The types that ``scheme`` gives; the network's own scheme frees them instead."""
    if scheme is controller.session.document.settings.scheme:
        row_edits.reset_types(controller)
        return

    def make(tensor: str, old: DataType) -> Made:
        return types.get(tensor) or old

    def title(n: int) -> str:
        by = SCHEME_TITLES[scheme]
        return plural("Take {scheme} for one type", "Take {scheme} for {n} types", n, scheme=by)

    before = controller.session.document
    _change(controller, make, title)
    if controller.session.document is before and len(controller.selection.tensors) == 1:
        controller.told.emit(tr("{scheme} gives the same type", scheme=SCHEME_TITLES[scheme]))
