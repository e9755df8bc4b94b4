"""How often a classifier is right, for the demo without a window."""

from __future__ import annotations

from pathlib import Path

from quantscope.core.data.description import DataDescription
from quantscope.core.networks.network import Port


def classify(
    model: str | Path, inputs: tuple[Port, ...], data: DataDescription
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The labels of ``data`` and the classes that ``model`` names; see ``engine.top1``."""
    from quantscope.engine import top1

    return top1.classify(model, inputs, data)
