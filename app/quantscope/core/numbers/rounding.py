"""The one definition of rounding that every other module uses."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt


class Ties(StrEnum):
    """Where a value exactly between two integers goes.

    ``AWAY`` from zero is MATLAB's ``round`` and the rule for every figure shown, for weights
    and for biases. ``EVEN`` is what ONNX ``QuantizeLinear`` does when an exported file runs.
    ``UP`` is what a circuit does that adds half a step and shifts to the right.
    """

    AWAY = "away"
    EVEN = "even"
    UP = "up"


def round_to_integer(
    values: npt.NDArray[np.floating], ties: Ties = Ties.AWAY
) -> npt.NDArray[np.floating]:
    """Round to the nearest integer, element by element, keeping shape and float type.

    ``floor(x + 0.5)`` is not used: in floating point it rounds 0.49999999999999994 up.
    """
    if ties is Ties.EVEN:
        even: npt.NDArray[np.floating] = np.rint(values)
        return even
    if ties is Ties.UP:
        below = np.floor(values)
        with np.errstate(invalid="ignore"):  # an infinity has no fraction and stays
            up: npt.NDArray[np.floating] = below + (values - below >= 0.5).astype(values.dtype)
        return up
    whole = np.trunc(values)
    with np.errstate(invalid="ignore"):  # an infinity has no fraction and stays
        past_half = np.abs(values - whole) >= 0.5
    away: npt.NDArray[np.floating] = whole + np.copysign(past_half.astype(values.dtype), values)
    return away
