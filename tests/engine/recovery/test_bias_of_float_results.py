"""Biases of products whose results stay float: corrected, and told in steps of a type not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quantscope.core.planning.settings import PlanSettings
from tests.engine import models
from tests.engine.recovery.test_bias_correction import correct

IN_FLOAT = PlanSettings(target="tensorrt", only_operators=frozenset({"MatMul"}))


def test_that_errors_of_a_float_result_are_told_in_steps_of_127_to_its_largest_magnitude(
    tmp_path: Path,
) -> None:
    case = correct(models.transformer_block(), IN_FLOAT, tmp_path)
    adds = {name: name.removesuffix(".matmul") for name in case.corrections}
    before, after = (case.errors(adds, corrected=flag) for flag in (False, True))
    in_float = {name for name, add in adds.items() if add not in case.plan.types}
    assert {"up.matmul", "down.matmul"} <= in_float
    for name in in_float:
        told = case.corrections[name]
        step = case.calibration.statistics[adds[name]].largest_magnitude / 127
        assert told.error_before == pytest.approx(np.abs(before[name]).mean() / step, abs=1e-4)
        assert told.error_after == pytest.approx(np.abs(after[name]).mean() / step, abs=1e-4)
        assert told.error_after < told.error_before / 100
