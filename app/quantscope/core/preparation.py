"""What a person may choose of a network's preparation; the rest is done to every network.

The choices are part of the prepared network's fingerprint: statistics of one preparation say
nothing about another, and are recognised as stale by it.
"""

from __future__ import annotations

from dataclasses import dataclass

_EQUALIZED = "+equalized"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationChoices:
    """``equalize``: bring the channels of neighbouring layers to similar ranges."""

    equalize: bool = False

    def fingerprint(self, model: str) -> str:
        """That of the network prepared so from the model with the fingerprint ``model``.

        The model's own where nothing is chosen; empty where there is no model.
        """
        return f"{model}{_EQUALIZED}" if model and self.equalize else model

    def model_fingerprint(self, prepared: str) -> str:
        """That of the model from which the network with the fingerprint ``prepared`` came."""
        return prepared.removesuffix(_EQUALIZED)
