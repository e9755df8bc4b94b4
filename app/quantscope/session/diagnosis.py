"""What was measured of a network's layers, and which mixes were found: kept with the session.

Like statistics and reports these are results and no part of the document: undo leaves them alone.
Each is bound to what it depends on, and tells by it whether it still belongs to the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from quantscope.core.data.description import DataDescription
from quantscope.core.data.joined import takes_same
from quantscope.core.diagnosis.fixes import Fix
from quantscope.core.diagnosis.mixing import MeasuredMix, Mix, MixFound
from quantscope.core.diagnosis.sensitivity import Basis, Sensitivity
from quantscope.core.planning.settings import PlanSettings

MOST_KEPT = 8  # of each kind, the latest


@dataclass(frozen=True, slots=True, kw_only=True)
class LayersKnown:
    """The layers measured so far on one basis, and what was suggested by them."""

    sensitivity: Sensitivity
    fixes: tuple[Fix, ...] = ()

    @property
    def basis(self) -> Basis:
        """What it is bound to."""
        return self.sensitivity.basis


@dataclass(frozen=True, slots=True, kw_only=True)
class MixKnown:
    """A search for a mix, on top of the settings of ``basis``."""

    basis: Basis
    found: MixFound

    def applied(self, mix: Mix, settings: PlanSettings) -> PlanSettings:
        """``settings`` with ``mix`` in place of any other of this search."""
        whole = mix.apply(self.basis.settings)
        return replace(settings, wide_layers=whole.wide_layers, float_layers=whole.float_layers)

    def in_use(self, settings: PlanSettings) -> MeasuredMix | None:
        """The mix of the curve that ``settings`` have."""
        for each in self.found.curve:
            if self.applied(each.mix, settings) == settings:
                return each
        return None

    def fits(self, now: Basis) -> bool:
        """Whether its figures hold under ``now``, before or after one of its mixes is applied."""
        plain = self.applied(Mix(), now.settings)
        same = replace(now, settings=plain, samples=self.basis.samples) == self.basis
        return same and (now.settings == plain or self.in_use(now.settings) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Results on several bases, the latest first."""

    layers: tuple[LayersKnown, ...] = ()
    mixes: tuple[MixKnown, ...] = ()

    def with_layers(self, known: LayersKnown) -> Diagnosis:
        """With ``known`` in place of what was known on the same basis.

        Fixes that were suggested by as many layers stay where ``known`` has none.
        """
        before = next((each for each in self.layers if each.basis == known.basis), None)
        if before is not None and not known.fixes and _same_layers(before, known):
            known = replace(known, fixes=before.fixes)
        others = tuple(each for each in self.layers if each.basis != known.basis)
        return replace(self, layers=(known, *others)[:MOST_KEPT])

    def with_mix(self, known: MixKnown) -> Diagnosis:
        """With ``known`` as the latest; an earlier search for the same is forgotten."""
        others = tuple(
            each
            for each in self.mixes
            if (each.basis, each.found.goal, each.found.factors)
            != (known.basis, known.found.goal, known.found.factors)
        )
        return replace(self, mixes=(known, *others)[:MOST_KEPT])

    def joined(self, other: Diagnosis) -> Diagnosis:
        """With what ``other`` knows on bases of which nothing is known here, behind it."""
        known = [each.basis for each in self.layers]
        more = tuple(each for each in other.layers if each.basis not in known)
        mixes = tuple(each for each in other.mixes if each not in self.mixes)
        return Diagnosis(
            layers=(*self.layers, *more)[:MOST_KEPT], mixes=(*self.mixes, *mixes)[:MOST_KEPT]
        )

    def moved(self, before: DataDescription, after: DataDescription) -> Diagnosis:
        """The same where the data is found at another place."""
        return Diagnosis(
            layers=tuple(
                replace(
                    each,
                    sensitivity=replace(each.sensitivity, basis=_moved(each.basis, before, after)),
                )
                for each in self.layers
            ),
            mixes=tuple(
                replace(each, basis=_moved(each.basis, before, after)) for each in self.mixes
            ),
        )

    def layers_for(self, now: Basis | None) -> LayersKnown | None:
        """What is to be shown: the latest that fits ``now``, else the latest of all."""
        fitting = (each for each in self.layers if now is not None and fits(each.basis, now))
        return next(fitting, self.layers[0] if self.layers else None)

    def mix_for(self, now: Basis | None) -> MixKnown | None:
        """Likewise, of the mixes."""
        fitting = (each for each in self.mixes if now is not None and each.fits(now))
        return next(fitting, self.mixes[0] if self.mixes else None)


def fits(basis: Basis, now: Basis) -> bool:
    """Whether both differ in nothing but how many samples were run."""
    return replace(basis, samples=now.samples) == now


def _same_layers(one: LayersKnown, other: LayersKnown) -> bool:
    return len(one.sensitivity.layers) == len(other.sensitivity.layers)


def _moved(basis: Basis, before: DataDescription, after: DataDescription) -> Basis:
    return replace(basis, data=after) if takes_same(basis.data, before) else basis
