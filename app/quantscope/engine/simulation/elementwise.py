"""Operators that work value by value: functions of one variable as tables, and pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import numpy as np

from quantscope.engine.simulation.arithmetic import (
    Exact,
    Floats,
    Reals,
    Steps,
    aligned,
    by_table,
)
from quantscope.engine.simulation.call import Call


def of_one(function: Callable[[Floats], Floats]) -> Callable[[Call], Exact]:
    """The simulation of an operator that is ``function`` of each value."""
    return lambda call: by_table(call.scalar_steps(0), function)


def clip(call: Call) -> Exact:
    """Clip."""
    low = float(call.values(1).item()) if call.has(1) else -math.inf
    high = float(call.values(2).item()) if call.has(2) else math.inf
    return by_table(call.scalar_steps(0), lambda x: np.clip(x, low, high))


def relu(x: Floats) -> Floats:
    """What is not negative."""
    return np.maximum(x, 0.0)


def leaky_relu(call: Call) -> Exact:
    """LeakyRelu: negative values times ``alpha``."""
    alpha = call.real("alpha", 0.01)
    return by_table(call.scalar_steps(0), lambda x: np.where(x < 0.0, alpha * x, x))


def elu(call: Call) -> Exact:
    """Elu: negative values on an exponential."""
    alpha = call.real("alpha", 1.0)
    return by_table(call.scalar_steps(0), lambda x: np.where(x < 0.0, alpha * np.expm1(x), x))


def p_relu(call: Call) -> Exact:
    """PRelu: negative values times a slope, which may differ between channels."""
    x = call.values(0)
    return Reals(np.where(x < 0.0, call.values(1) * x, x))


def sigmoid(x: Floats) -> Floats:
    """1 / (1 + e^-x), without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def hard_sigmoid(call: Call) -> Exact:
    """HardSigmoid: a straight line between 0 and 1."""
    alpha, beta = call.real("alpha", 0.2), call.real("beta", 0.5)
    return by_table(call.scalar_steps(0), lambda x: np.clip(alpha * x + beta, 0.0, 1.0))


def hard_swish(x: Floats) -> Floats:
    """The value times a straight line from 0 at -3 to 1 at 3."""
    return np.asarray(x * np.clip(x / 6.0 + 0.5, 0.0, 1.0))


def erf(x: Floats) -> Floats:
    """The error function."""
    return np.array([math.erf(value) for value in x.reshape(-1)]).reshape(x.shape)


def gelu(call: Call) -> Exact:
    """Gelu: exact, or by tanh where the node says so."""
    by_tanh = call.text("approximate", "none") == "tanh"
    return by_table(call.scalar_steps(0), _gelu_by_tanh if by_tanh else _gelu)


def _gelu(x: Floats) -> Floats:
    return 0.5 * x * (1.0 + erf(x / math.sqrt(2.0)))


def _gelu_by_tanh(x: Floats) -> Floats:
    return 0.5 * x * (1.0 + np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def add(call: Call) -> Exact:
    """Add."""
    return _sum(call.scalar_steps(0), call.scalar_steps(1))


def subtract(call: Call) -> Exact:
    """Sub."""
    other = call.scalar_steps(1)
    return _sum(call.scalar_steps(0), Steps(-other.integers, other.step))


def _sum(one: Steps, other: Steps) -> Exact:
    """Where the steps differ by a power of two, one operand is shifted; else in float64."""
    shared = aligned(one, other)
    if shared is None:
        return Reals(one.values + other.values)
    return Steps(shared[0] + shared[1], shared[2])


def extreme(choose: np.ufunc) -> Callable[[Call], Exact]:
    """The simulation of Max or Min: ``choose`` between operands in one step, else in float64."""

    def simulate(call: Call) -> Exact:
        first, *others = (call.scalar_steps(index) for index in range(len(call.inputs)))
        found = first
        for other in others:
            shared = aligned(found, other)
            if shared is None:
                return Reals(reduce(choose, [each.values for each in (first, *others)]))
            found = Steps(choose(shared[0], shared[1]), shared[2])
        return found

    return simulate


def multiply(call: Call) -> Exact:
    """Mul."""
    one, other = call.scalar_steps(0), call.scalar_steps(1)
    return Steps(one.integers * other.integers, one.step * other.step)


def divide(call: Call) -> Exact:
    """Div; by zero the quotient is infinite or, of zero, NaN."""
    one, other = call.scalar_steps(0), call.scalar_steps(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = one.integers / other.integers
    return Reals(quotient * (one.step / other.step))
