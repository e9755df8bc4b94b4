"""The document: everything that a person decides, as one immutable value.

Undo is a list of earlier documents. Results (network, calibration, report) are not part of
it: they are kept beside it in the session and matched by fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from quantscope.core.data.description import DataDescription
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.core.planning.settings import PlanSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to quantize the network, under a name that no other has."""

    name: str
    settings: PlanSettings
    preparation: PreparationChoices = field(default_factory=PreparationChoices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a person edits and a session file keeps.

    ``model`` is the absolute path of the model file, as text; ``fingerprint`` is that of the
    prepared network, with the choices that ``preparation`` says. Both are empty before a model
    is open.

    ``settings`` and ``preparation`` are those of the variant ``name``, the one that is edited.
    ``others`` are kept beside it; it stands after the first ``place`` of them.
    """

    model: str = ""
    fingerprint: str = ""
    data: DataDescription | None = None
    settings: PlanSettings = field(default_factory=PlanSettings)
    preparation: PreparationChoices = field(default_factory=PreparationChoices)
    name: str = "A"
    place: int = 0
    others: tuple[Variant, ...] = ()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """All variants in their order; the one at ``place`` is edited."""
        edited = Variant(name=self.name, settings=self.settings, preparation=self.preparation)
        return (*self.others[: self.place], edited, *self.others[self.place :])

    def with_variants(self, variants: tuple[Variant, ...], place: int) -> Document:
        """The same with ``variants``, of which the one at ``place`` is edited."""
        edited = variants[place]
        model = self.preparation.model_fingerprint(self.fingerprint)
        return replace(
            self,
            fingerprint=edited.preparation.fingerprint(model),
            settings=edited.settings,
            preparation=edited.preparation,
            name=edited.name,
            place=place,
            others=(*variants[:place], *variants[place + 1 :]),
        )
