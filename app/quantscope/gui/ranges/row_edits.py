"""Edits of all selected rows: each is one undo step, whether there is one row or a thousand.

Rows that cannot be edited are left as they are, and where several are selected it is said which
and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from quantscope.core.numbers.formats import DataType
from quantscope.gui.controller import Controller
from quantscope.gui.translation import mark, plural, tr
from quantscope.session import commands

Edit = Callable[[str, DataType], DataType | None]
"""The type that a tensor gets instead of one; ``None`` where there is none such."""
Title = Callable[[int], str]
"""What the edit of so many rows is called."""
NO_SUCH_TYPE = mark("no such type there")


def editable(controller: Controller) -> Iterator[tuple[str, DataType]]:
    """The selected tensors whose types can be set by hand, with those types."""
    readings = controller.readings
    for tensor in controller.selection.tensors:
        data_type = readings.data_type(tensor)
        if data_type is not None and not readings.locked(tensor):
            yield tensor, data_type


def edit_types(controller: Controller, edit: Edit, title: Title) -> None:
    """Pin what ``edit`` makes of the selected types; ``title`` names the step."""
    types, left = {}, {}
    for tensor, old in editable(controller):
        new = edit(tensor, old)
        if new is None:
            left[tensor] = tr(NO_SUCH_TYPE)
        elif new != old:
            types[tensor] = new
    done = title(len(types))
    pin_types(controller, types, done)
    tell(controller, types, done, left)


def pin_types(controller: Controller, types: Mapping[str, DataType], title: str) -> None:
    """Set ``types`` by hand as one step, which is called ``title`` where there are several."""
    if len(types) == 1:
        tensor, data_type = next(iter(types.items()))
        controller.pin(tensor, data_type)
    elif types:
        everyone = controller.readings.with_members(types)
        controller.do(commands.pin_types(everyone, title))


def tell(
    controller: Controller, done: Mapping[str, object], title: str, left: Mapping[str, str]
) -> None:
    """Say what an edit of several rows did; ``left`` are reasons beside those of locked types."""
    tensors, readings = controller.selection.tensors, controller.readings
    if len(tensors) < 2:
        return
    rest = (name for name in tensors if name not in done)
    reasons = {name: left.get(name) or readings.locked(name) for name in rest}
    kept = {name: reason for name, reason in reasons.items() if reason}
    parts = [title if done else tr("Nothing to change")]
    if kept:
        name, reason = next(iter(kept.items()))
        parts.append(
            plural(
                "left: {name}: {reason}",
                "{n} left, such as {name}: {reason}",
                len(kept),
                name=readings.name_of(name),
                reason=reason,
            )
        )
    controller.told.emit(" · ".join(parts))


def pinned(controller: Controller) -> Iterator[str]:
    """The selected tensors whose types were set by hand."""
    readings = controller.readings
    if controller.session.document.settings.pinned:
        yield from filter(readings.is_pinned, controller.selection.tensors)


def reset_types(controller: Controller) -> None:
    """Let the selected tensors follow the scheme again."""
    names = tuple(pinned(controller))
    if len(names) == 1:
        controller.reset(names[0])
    elif names:
        members = dict.fromkeys(m for name in names for m in controller.readings.members(name))
        controller.do(commands.reset_types(tuple(members), f"{len(names)} types"))


def possible_layers(controller: Controller) -> list[str]:
    """The selected layers that may run in integers."""
    return controller.readings.possible_integers(controller.selection.layers)


def toggle_layers(controller: Controller) -> None:
    """The selected layers in float, where all of them are in integers; else in integers."""
    layers = possible_layers(controller)
    quantized = not all(map(controller.readings.is_layer_wanted, layers))
    if len(layers) == 1:
        controller.quantize_layer(layers[0], quantized)
    elif layers:
        controller.do(commands.set_layers_quantized(tuple(layers), quantized))
        _tell_layers(controller, layers)


def are_wide(controller: Controller) -> bool:
    """Whether all selected layers read 16-bit activations by choice."""
    settings, layers = controller.session.document.settings, controller.selection.layers
    return bool(layers) and settings.wide_layers.issuperset(layers)


def widen_layers(controller: Controller) -> None:
    """16-bit activations for the selected layers, or the usual ones where all have them."""
    layers = possible_layers(controller)
    wide = not controller.session.document.settings.wide_layers.issuperset(layers)
    if len(layers) == 1:
        controller.widen_layer(layers[0], wide)
    elif layers:
        controller.do(commands.set_layers_wide(tuple(layers), wide))
        _tell_layers(controller, layers)


def _tell_layers(controller: Controller, done: list[str]) -> None:
    left = len(controller.selection.layers) - len(done)
    parts = [controller.session.undo_title]
    if left:
        parts.append(
            plural(
                "left as it is: one that cannot run in integers",
                "left as they are: {n} that cannot run in integers",
                left,
            )
        )
    controller.told.emit(" · ".join(parts))
