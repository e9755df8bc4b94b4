"""Which layer costs what, and what would help: measured by running the network, for a script."""

from __future__ import annotations

from quantscope.api.data import whole_number
from quantscope.api.running import Halt, ask, attempt
from quantscope.api.workbench import Workbench
from quantscope.core.diagnosis.fixes import Fix, FixKind
from quantscope.core.diagnosis.mixing import CostFactors, MixFound, parse_goal
from quantscope.core.diagnosis.sensitivity import Sensitivity, basis_of
from quantscope.core.errors import QuantscopeError
from quantscope.jobs.messages import FindMix, LayersMeasured, MeasureSensitivity, MixSearched
from quantscope.session.diagnosis import LayersKnown, MixKnown
from quantscope.session.sensitivity_file import read_sensitivity, write_if_new

LAYER_SAMPLES = 16


class Diagnosis:
    """What a quantizer's types cost layer by layer, on samples of its calibration data.

    What was measured stays with the quantizer and in its session and report, and is not measured
    again. In the examples ``calibrated`` is a quantizer of the bundled network.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._results = bench.new_file("layers.json")

    def measure_layers(
        self, *, samples: int = LAYER_SAMPLES, budget: float | None = None, cumulative: bool = False
    ) -> Sensitivity:
        """How much each layer's rounding costs the network, on at most ``samples`` samples.

        After ``budget`` seconds, or where the listener returns ``STOP``, the layers so far are
        returned; the next call goes on. ``cumulative``: also each layer with all before it.

        >>> found = calibrated.diagnosis.measure_layers(samples=2)
        >>> found.complete
        True
        >>> worst, *others = found.ranked()
        >>> worst.noise >= others[0].noise  # by signal power, at the network's outputs
        True
        """
        return self._measured(samples, budget, cumulative=cumulative).sensitivity

    def suggest(self, most: int = 10, *, samples: int = LAYER_SAMPLES) -> tuple[Fix, ...]:
        """Up to ``most`` fixes, the best first, with predicted and measured gain in dB.

        >>> gains = [fix.gain for fix in calibrated.diagnosis.suggest(5, samples=2)]
        >>> gains == sorted(gains, reverse=True)
        True
        """
        number = whole_number({"most": most}, "most", least=1) or 1
        return self._measured(samples, None, fixes=number).fixes

    def find_mix(
        self, goal: str, *, samples: int = 64, factors: CostFactors | None = None
    ) -> MixFound:
        """The cheapest mix of 8 bits, 16 bits and float that meets ``goal``.

        ``goal`` is ``sqnr>=20``, ``agreement>=0.99`` or ``cosine>=0.99`` against the float network,
        judged on ``samples`` samples; ``factors`` say what a multiplication costs. ``reached`` of
        the result says whether any mix with a layer in integers meets it.
        """
        bench, settings = self._bench, self._bench.settings
        self._write_known()
        request = FindMix(
            model=bench.session.document.model,
            calibration=str(bench.calibration_file()),
            settings=settings,
            output=str(self._results),
            goal=parse_goal(goal, "goal"),
            factors=factors or CostFactors(),
            samples=whole_number({"samples": samples}, "samples", least=1) or 1,
            layer_samples=LAYER_SAMPLES,
            preparation=bench.session.document.preparation,
            trusted=bench.trusted,
        )
        found = ask(request, MixSearched, bench.listener).found
        basis = basis_of(bench.calibration, settings, samples)
        kept = bench.session.diagnosis.with_mix(MixKnown(basis=basis, found=found))
        bench.session.attach_diagnosis(kept)
        return found

    def apply(self, change: Fix | MixFound) -> None:
        """Change the settings by a fix, or by the best mix that was found.

        Raises :class:`QuantscopeError` for equalization, which makes another network.

        >>> found = calibrated.diagnosis.find_mix("cosine>=0.9", samples=2)
        >>> calibrated.diagnosis.apply(found)
        """
        bench = self._bench
        if isinstance(change, MixFound):
            bench.settings = change.best.mix.apply(bench.settings)
        elif change.kind is FixKind.EQUALIZE:
            raise QuantscopeError(
                "equalized channels make another network",
                where=bench.network.name,
                remedy='Make a Quantizer with prepare=["equalize"], and calibrate that',
            )
        else:
            bench.settings = change.apply(bench.settings)

    def _measured(
        self, samples: int, budget: float | None, *, cumulative: bool = False, fixes: int = 0
    ) -> LayersKnown:
        bench, settings = self._bench, self._bench.settings
        number = whole_number({"samples": samples}, "samples", least=1) or 1
        if budget is not None and not budget > 0.0:
            raise QuantscopeError(
                f"{budget!r} seconds are no time to measure in",
                where="budget",
                remedy="Give more, or leave it out",
            )
        self._write_known()
        request = MeasureSensitivity(
            model=bench.session.document.model,
            calibration=str(bench.calibration_file()),
            settings=settings,
            output=str(self._results),
            samples=number,
            budget=budget,
            cumulative=cumulative,
            fixes=fixes,
            preparation=bench.session.document.preparation,
            trusted=bench.trusted,
        )
        found = attempt(request, LayersMeasured, bench.listener)
        basis = basis_of(bench.calibration, settings, number)
        measured = read_sensitivity(self._results, basis)
        if measured is None:
            assert isinstance(found, Halt)
            raise found.error()
        known = LayersKnown(
            sensitivity=measured, fixes=() if isinstance(found, Halt) else found.fixes
        )
        bench.session.attach_diagnosis(bench.session.diagnosis.with_layers(known))
        if isinstance(found, Halt) and (fixes or not found.by_listener):
            raise found.error()
        return known

    def _write_known(self) -> None:
        """Let a job go on from what the session knows."""
        write_if_new(
            self._results, (each.sensitivity for each in self._bench.session.diagnosis.layers)
        )
