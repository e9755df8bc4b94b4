"""What preparation did to weights is told from both sides of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.counting.calibration import Calibration
from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.findings.report import PreparedWeights
from quantscope.core.numbers.formats import FixedPoint
from quantscope.core.planning.settings import PlanSettings
from quantscope.engine.export.prepared_weights import prepared_weights
from quantscope.engine.model.opening import open_model
from quantscope.engine.preparation.prepared import Prepared
from quantscope.engine.preparation.preparing import prepare
from quantscope.jobs.inline import run_inline
from quantscope.jobs.messages import Calibrate
from quantscope.session.calibration_file import read_calibration
from tests.engine import models
from tests.engine.models import Builder
from tests.engine.uneven import CHANNELS, EQUALIZED, finished, spread_conv

FIXED = PlanSettings().with_target("fixed-point")


def uneven(folder: Path) -> str:
    """A convolution whose channels differ by powers of two, and one that reads them."""
    b = Builder(3)
    x = b.conv(b.node("Relu", [spread_conv(b)], "relu"), "second", (CHANNELS, 4))
    return str(models.save(finished(b, x), folder))


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Prepared, Prepared, Calibration]:
    path = uneven(tmp_path)
    output = str(tmp_path / "calibration.npz")
    data = DataDescription(kind=SourceKind.RANDOM, samples=2)
    run_inline(Calibrate(model=path, data=data, output=output, preparation=EQUALIZED))
    file = open_model(path)
    return prepare(file, EQUALIZED), prepare(file), read_calibration(output)


def told(
    sides: tuple[Prepared, Prepared, Calibration], settings: PlanSettings = FIXED
) -> list[PreparedWeights]:
    chosen, source, calibration = sides
    return list(
        prepared_weights(chosen, source, calibration.plan(chosen.network, settings), calibration)
    )


def test_that_both_sides_are_rounded_by_the_scheme(
    sides: tuple[Prepared, Prepared, Calibration],
) -> None:
    chosen, source, calibration = sides
    plan = calibration.plan(chosen.network, FIXED)
    found = told(sides)
    assert [each.layer for each in found] == ["first", "second"]
    assert found[0].spread_after < found[0].spread_before / 2
    for each in found:
        name = chosen.network.layer(each.layer).weights
        assert name is not None
        values = chosen.parameters[name].astype(np.float64)
        error = np.asarray(plan.types[name].cast(values), np.float64) - values
        after = 10.0 * np.log10((values**2).sum() / (error**2).sum())
        assert each.sqnr_after == pytest.approx(after, abs=0.01)
        old = source.parameters[name].astype(np.float64)
        largest = float(np.abs(old).max())
        kind = FixedPoint(8, 6 - int(np.floor(np.log2(largest))))
        error = np.asarray(kind.cast(old), np.float64) - old
        before = 10.0 * np.log10((old**2).sum() / (error**2).sum())
        assert each.sqnr_before == pytest.approx(before, abs=0.01)
        rows = np.abs(old).reshape(len(old), -1).max(axis=1)
        assert each.spread_before == pytest.approx(rows.max() / np.median(rows), rel=1e-6)


def test_that_what_stayed_the_same_or_float_is_left_out(
    sides: tuple[Prepared, Prepared, Calibration],
) -> None:
    chosen, source, calibration = sides
    assert told((source, source, replace(calibration, fingerprint="")), FIXED) == []
    layers = {each.layer for each in told(sides)}
    kept = next(iter(layers))
    in_float = FIXED.with_layer_quantized(kept, False)
    assert kept not in {each.layer for each in told((chosen, source, calibration), in_float)}
