"""One operator to be simulated: its attributes and inputs, as the rows of `table` read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from quantscope.engine.simulation.arithmetic import Floats, Integers, Steps

Operand = Steps | npt.NDArray[np.generic] | None


class NotSimulatedError(Exception):
    """Raised where an operator, or a form of it, has no simulation; the message says why."""


@dataclass(frozen=True, eq=False)
class Call:
    """An operator on ``inputs``: stored integers as :class:`Steps`, else plain arrays (shapes,
    indices, what stays in float); ``None`` where an input is left out."""

    operator: str
    attributes: Mapping[str, Any]
    inputs: Sequence[Operand]
    outputs: int = 1

    def has(self, index: int) -> bool:
        """Whether the input is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def steps(self, index: int) -> Steps:
        """A quantized input."""
        operand = self.inputs[index] if index < len(self.inputs) else None
        if not isinstance(operand, Steps):
            raise NotSimulatedError(f"its input {index + 1} is not quantized")
        return operand

    def scalar_steps(self, index: int) -> Steps:
        """A quantized input with one step for the whole tensor."""
        steps = self.steps(index)
        if steps.step.size != 1:
            raise NotSimulatedError(f"its input {index + 1} has a step for each channel")
        return steps

    def values(self, index: int) -> Floats:
        """An input as reals, whether quantized or not."""
        operand = self.inputs[index]
        if isinstance(operand, Steps):
            return operand.values
        return np.asarray(operand, np.float64)

    def whole(self, index: int, attribute: str = "") -> Integers | None:
        """A plain input of integers (shape, axes, indices), or the attribute that it once was."""
        if self.has(index):
            operand = self.inputs[index]
            assert not isinstance(operand, Steps)
            return np.asarray(operand).astype(np.int64)
        given = self.attributes.get(attribute)
        return None if given is None else np.asarray(given, np.int64)

    def number(self, name: str, default: int) -> int:
        """An attribute that is an integer."""
        return int(self.attributes.get(name, default))

    def real(self, name: str, default: float) -> float:
        """An attribute that is a float."""
        return float(self.attributes.get(name, default))

    def text(self, name: str, default: str) -> str:
        """An attribute that is a string."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def numbers(self, name: str, default: Sequence[int]) -> tuple[int, ...]:
        """An attribute that is a list of integers."""
        return tuple(int(number) for number in self.attributes.get(name, default))
