"""A forecast tries some of the samples, and says what all of them will take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quantscope.core.data.description import DataDescription, SourceKind
from quantscope.core.errors import QuantscopeError
from quantscope.core.networks.preparation import PreparationChoices
from quantscope.engine import tasks
from quantscope.engine.calibration import trial
from tests.engine import models

NOISE = DataDescription(kind=SourceKind.RANDOM, samples=5_000)


def never() -> bool:
    return False


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(models.save(models.residual_net(), tmp_path))


def test_that_a_trial_ends_long_before_the_data(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "TRIAL", 0.05)
    found = tasks.forecast(model, NOISE, never)
    assert found is not None and found.seconds is not None
    assert 0 < found.tried < found.samples == 5_000
    assert found.seconds > 0
    assert 0 < found.memory < found.available


def test_that_only_what_is_left_is_forecast(model: str) -> None:
    found = tasks.forecast(model, NOISE, never, counted=4_998)
    assert found is not None
    assert (found.samples, found.tried) == (2, 2)
    nothing = tasks.forecast(model, NOISE, never, counted=6_000)
    assert nothing is not None
    assert (nothing.samples, nothing.seconds) == (0, None)


def test_that_a_pass_for_migrated_scales_counts(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial._Clock, "extrapolated", lambda _, samples: samples / 100)
    monkeypatch.setattr(trial, "_seconds_of_types", lambda *_: 0.0)
    once = tasks.forecast(model, NOISE, never)
    twice = tasks.forecast(model, NOISE, never, PreparationChoices(migrate=True))
    assert once is not None and twice is not None
    assert (once.seconds, twice.seconds) == (50.0, 100.0)


def test_that_it_stops_when_asked(model: str) -> None:
    assert tasks.forecast(model, NOISE, lambda: True) is None


def test_that_what_may_be_skipped_does_not_stop_it(model: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for number, feed in enumerate(models.samples(models.residual_net(), 4)):
        np.savez(folder / f"{number}.npz", x=feed["x"][0])
    (folder / "0.npz").write_bytes(b"")
    data = DataDescription(kind=SourceKind.NPZ_FOLDER, path=str(folder))
    with pytest.raises(QuantscopeError, match=r"0\.npz"):
        tasks.forecast(model, data, never)
    found = tasks.forecast(model, replace(data, skip_unreadable=1), never)
    assert found is not None
    assert (found.samples, found.tried) == (4, 3)
