"""Opens models for a script, prepared as it chooses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from quantscope.api.naming import unknown
from quantscope.api.running import ask
from quantscope.api.workbench import PathLike
from quantscope.core.networks.network import Network
from quantscope.core.networks.preparation import CHOICES, PreparationChoices
from quantscope.jobs.messages import Describe, Described


def open_model(path: PathLike, *, prepare: Collection[str] = ()) -> Network:
    """The network in the ONNX file ``path``: its layers and tensors, and what stays float and why.

    ``prepare`` as for :class:`Quantizer`. Raises :class:`QuantscopeError` where the file is no
    model that can be read.

    >>> from quantscope import open_model
    >>> network = open_model(demo / "demo.onnx")
    >>> network.inputs[0].name, network.inputs[0].shape
    ('image', ('batch', 3, 32, 32))
    """
    request = Describe(model=str(Path(path).absolute()), preparation=preparation_of(prepare))
    return ask(request, Described).network


def preparation_of(chosen: Collection[str]) -> PreparationChoices:
    """What is done to a network: the keys of ``CHOICES`` that are ``chosen``.

    Raises :class:`QuantscopeError` for any other key.
    """
    preparation = PreparationChoices()
    for key in [chosen] if isinstance(chosen, str) else chosen:
        if key not in CHOICES:
            raise unknown("choice of preparation", key, CHOICES, "prepare")
        preparation = preparation.with_choice(key, True)
    return preparation
