"""`Quantizer.diagnosis`: layers, fixes and mixes from a script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from quantscope import STOP, Quantizer, QuantscopeError, open_session
from quantscope.core.diagnosis.fixes import Fix, FixKind
from tests.engine import exports

Floats = npt.NDArray[np.float32]


@pytest.fixture
def rough(calibrated: Quantizer) -> Quantizer:
    """Types that cost something."""
    calibrated.configure(target="fixed-point", bias_word_length=8)
    return calibrated


def test_that_every_layer_in_integers_is_measured(
    rough: Quantizer, samples: Floats, model: Path, tmp_path: Path
) -> None:
    found = rough.diagnosis.measure_layers(samples=len(samples))
    assert found.complete
    measured = {each.layer for each in found.layers}
    weighted = {each.name for each in rough.network.layers if each.weights is not None}
    assert weighted < measured <= set(rough.plan().placement.layers)
    noises = [each.noise for each in found.ranked()]
    assert noises == sorted(noises, reverse=True) and noises[0] > 0
    files = (model, Path(rough.quantize(tmp_path / "net.onnx").path))
    exact, rounded = (
        np.concatenate([session.run(None, {"x": each[np.newaxis]})[0] for each in samples])
        for session in map(exports.session, files)
    )
    noise = ((rounded - exact) ** 2).sum() / (exact**2).sum()
    assert found.whole.noise == pytest.approx(noise, rel=0.2)  # ties, see ARCHITECTURE


def test_that_fixes_are_applied_to_the_settings(rough: Quantizer) -> None:
    fixes = rough.diagnosis.suggest(20, samples=4)
    gains = [each.gain for each in fixes]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0
    wide = next(each for each in fixes if each.kind is FixKind.WIDE)
    rough.diagnosis.apply(wide)
    assert wide.layer in rough.settings.wide_layers
    equalize = Fix(kind=FixKind.EQUALIZE, title="", reason="", predicted=1.0)
    with pytest.raises(QuantscopeError, match="make another network"):
        rough.diagnosis.apply(equalize)


def test_that_a_mix_meets_the_goal_that_the_plan_does_not(rough: Quantizer) -> None:
    before = rough.diagnosis.measure_layers(samples=6).whole
    goal = round(before.sqnr) + 6
    found = rough.diagnosis.find_mix(f"sqnr>={goal}", samples=6)
    assert found.reached
    assert found.best.deviation.sqnr >= goal > before.sqnr
    rough.diagnosis.apply(found)
    after = rough.diagnosis.measure_layers(samples=6).whole
    assert after.sqnr == pytest.approx(found.best.deviation.sqnr)
    assert not rough.diagnosis.find_mix("sqnr>=500", samples=2).reached


def test_that_what_was_measured_is_kept_and_gone_on_with(rough: Quantizer, tmp_path: Path) -> None:
    session = rough.save(tmp_path / "net.qscope")
    heard: list[str] = []

    def stop(event: Any) -> object:
        heard.append(event.stage)
        return STOP if len(heard) > 4 else None

    stopping = open_session(session, progress=stop)
    part = stopping.diagnosis.measure_layers(samples=2)
    assert part.layers and part.missing
    again = open_session(stopping.save(tmp_path / "part.qscope"))
    whole = again.diagnosis.measure_layers(samples=2)
    assert whole.complete
    for each in part.layers:
        assert whole.layer(each.layer) == each
    page = again.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert whole.ranked()[0].label in page
    known = open_session(again.save(tmp_path / "whole.qscope")).diagnosis.measure_layers(samples=2)
    assert known == whole
    assert known.seconds == whole.seconds  # nothing is measured again


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda layers: layers.find_mix("sqnr>20"), "goal.*is not a goal|is not a goal"),
        (lambda layers: layers.find_mix("cosine>=2"), "lies between 0 and 1"),
        (lambda layers: layers.measure_layers(samples=0), "samples: 0 is no whole number"),
        (lambda layers: layers.measure_layers(budget=0), "no time to measure in"),
        (lambda layers: layers.suggest(0), "most: 0 is no whole number"),
    ],
)
def test_that_what_makes_no_sense_is_one_sentence(
    calibrated: Quantizer, ask: Any, words: str
) -> None:
    with pytest.raises(QuantscopeError, match=words) as caught:
        ask(calibrated.diagnosis)
    assert "--" not in str(caught.value)


def test_that_layers_are_measured_after_calibrating(model: Path) -> None:
    with pytest.raises(QuantscopeError, match=r"Call calibrate\(\) first"):
        Quantizer(model).diagnosis.measure_layers()
