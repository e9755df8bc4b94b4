"""What a person may choose of a network's preparation; the rest is done to every network.

The choices are part of the prepared network's fingerprint: statistics of one preparation say
nothing about another, and are recognised as stale by it.

To add a choice: a field of :class:`PreparationChoices` and a row of :data:`CHOICES` with the same
key. Fingerprint, options of the command line, commands of the session and the window's menu
follow from the table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One switch of the preparation.

    ``key`` is the field, ``mark`` its part of the fingerprint (starts with ``+``), ``title`` and
    ``opposite`` what it does and what taking it back does, ``summary`` its effect, and ``lack``
    what a network prepared without it is without.
    """

    key: str
    mark: str
    title: str
    opposite: str
    summary: str
    lack: str


CHOICES = {
    choice.key: choice
    for choice in (
        Choice(
            key="equalize",
            mark="+equalized",
            title="Equalize channels",
            opposite="Leave channels as they are",
            summary="bring the channels of neighbouring layers to similar ranges; the float "
            "network computes the same",
            lack="equalized channels",
        ),
        Choice(
            key="replace_relu6",
            mark="+relu",
            title="Replace ReLU6 by Relu",
            opposite="Keep ReLU6",
            summary="put Relu for ReLU6 between two layers, so that equalizing is free of its "
            "bound; changes what the float network computes above it, and the export says by "
            "how much",
            lack="replacing ReLU6",
        ),
        Choice(
            key="absorb_biases",
            mark="+absorbed",
            title="Absorb high biases",
            opposite="Leave high biases",
            summary="take from channels that stay far above zero what is always there, and give "
            "it to the next layer; changes the few values that lie lower, and the export says by "
            "how much",
            lack="absorbing biases",
        ),
        Choice(
            key="migrate",
            mark="+migrated",
            title="Migrate scales",
            opposite="Leave scales where they are",
            summary="make outlier channels of activations over to the weights behind them, as far "
            "as the calibration data says; the float network computes the same",
            lack="migrated scales",
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationChoices:
    """Which of :data:`CHOICES` are made, each field by its key."""

    equalize: bool = False
    replace_relu6: bool = False
    absorb_biases: bool = False
    migrate: bool = False

    @property
    def chosen(self) -> tuple[Choice, ...]:
        """The choices made, in the order of the table."""
        return tuple(choice for key, choice in CHOICES.items() if getattr(self, key))

    @classmethod
    def of(cls, prepared: str) -> PreparationChoices:
        """The choices under which the network with the fingerprint ``prepared`` was prepared."""
        made = {}
        for key, choice in reversed(CHOICES.items()):
            made[key] = prepared.endswith(choice.mark)
            prepared = prepared.removesuffix(choice.mark)
        return cls(**made)

    def with_choice(self, key: str, made: bool) -> PreparationChoices:
        """The same with the choice ``key`` made or not; ``KeyError`` where there is none."""
        return replace(self, **{CHOICES[key].key: made})

    def fingerprint(self, model: str) -> str:
        """That of the network prepared so from the model with the fingerprint ``model``.

        The model's own where nothing is chosen; empty where there is no model.
        """
        return model + "".join(choice.mark for choice in self.chosen) if model else ""

    def model_fingerprint(self, prepared: str) -> str:
        """That of the model from which the network with the fingerprint ``prepared`` came."""
        for choice in reversed(self.chosen):
            prepared = prepared.removesuffix(choice.mark)
        return prepared


def model_of(prepared: str) -> str:
    """The fingerprint of the model from which that of a prepared network came."""
    return PreparationChoices.of(prepared).model_fingerprint(prepared)
